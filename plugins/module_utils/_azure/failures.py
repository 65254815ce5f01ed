# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Turning refused answers and broken connections into ArmErrors.

Private to the collection: not for use from outside, may change at any time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure import answers
from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.errors import (
    ArmError,
    AuthenticationFailed,
    ConnectionFailed,
    DeadlineExceeded,
    PreconditionFailed,
    TlsFailed,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.signals import (
    DeadlinePassed,
    ForeignLink,
    Signal,
    TlsRefused,
)

# How urllib3 begins a text about a connection that could not be opened.
_CONNECTION = re.compile(r"HTTPS?Connection\(host='([^']+)', port=(\d+)\): ")
_TRUST_HINT = "Set REQUESTS_CA_BUNDLE to a PEM file that holds the certificate authority which issued it"
_REACH_HINT = "Check name resolution, the firewall, HTTPS_PROXY and cloud_environment (AZURE_CLOUD_ENVIRONMENT)"


def from_answer(action: str, path: str, response: Any) -> ArmError:
    """Return the error for an answer that refuses ``action`` on ``path`` (an azure-core HttpResponse)."""
    status = response.status_code
    refused = answers.refusal(response.text())
    kind = PreconditionFailed if status == 412 else ArmError
    return kind(
        action,
        path,
        status=status,
        code=refused.code or "UnexpectedAnswer",
        message=refused.message or f"{response.reason or 'no reason given'}, and not in ARM's form",
        details=refused.details,
        request_id=answers.request_id(response.headers),
        hint=answers.hint(status, path, refused),
    )


def from_exception(action: str, path: str, error: Exception) -> ArmError:
    """Return the error for an exception of azure-core, azure-identity or of this package's transport."""
    from azure.core.exceptions import HttpResponseError

    signal = next((cause for cause in _causes(error) if isinstance(cause, Signal)), None)
    if signal is not None:
        return _from_signal(action, path, signal)
    refused = _refused_sign_in(error)
    if refused is not None:
        hint = "Check the credential: auth_source, tenant, client_id and the secret, certificate or token with it"
        return AuthenticationFailed(action, path, code="AuthenticationFailed", message=refused, hint=hint)
    if isinstance(error, HttpResponseError) and error.response is not None:
        return _from_operation(action, path, error)
    return _from_connection(action, path, error)


def _refused_sign_in(error: Exception) -> str | None:
    """Return why the sign-in failed, None when it is not that; an authority that was not reached did not refuse."""
    from azure.core.exceptions import ClientAuthenticationError, ServiceRequestError, ServiceResponseError
    from azure.identity import CredentialUnavailableError

    if not isinstance(error, ClientAuthenticationError):
        return None
    broken = any(isinstance(cause, (ServiceRequestError, ServiceResponseError)) for cause in _causes(error))
    if broken and not isinstance(error, CredentialUnavailableError):
        return None
    return str(error.message).removeprefix("Authentication failed: ")


def _from_connection(action: str, path: str, error: Exception) -> ArmError:
    from azure.core.exceptions import ServiceResponseError

    lost = any(isinstance(cause, ServiceResponseError) for cause in _causes(error))
    code, prefix = (
        ("ConnectionLost", "no whole answer came") if lost else ("ConnectionFailed", "the host was not reached")
    )
    cause = next((cause for cause in _causes(error) if getattr(cause, "inner_exception", None)), error)
    root, host = _root(cause), _host(cause)
    # A refusing proxy, for one, does not tell which host was asked for.
    named = root if not host or host in root else f"{host}: {root}"
    return ConnectionFailed(action, path, code=code, message=f"{prefix}: {named}", hint=_REACH_HINT)


def _host(error: BaseException) -> str:
    """Return the host that a failed request was for; empty when the exception does not tell."""
    request = getattr(getattr(error, "inner_exception", None), "request", None)
    return urlsplit(getattr(request, "url", None) or "").hostname or ""


def _from_signal(action: str, path: str, signal: Signal) -> ArmError:
    if isinstance(signal, TlsRefused):
        return TlsFailed(action, path, code="TlsFailed", message=str(signal), hint=_TRUST_HINT)
    if isinstance(signal, ForeignLink):
        return ArmError(action, path, code="ForeignLink", message=str(signal))
    if not isinstance(signal, DeadlinePassed):
        return ArmError(action, path, code=type(signal).__name__, message=str(signal))
    hint = "Raise the option timeout, or run again: what is done stays done"
    asked = f"; the next try was due in {signal.wait:.0f} seconds" if signal.wait else ""
    if signal.answer is None:
        return DeadlineExceeded(action, path, code="DeadlineExceeded", message=f"{signal}{asked}", hint=hint)
    last = from_answer(action, path, signal.answer)
    return DeadlineExceeded(
        action,
        path,
        status=last.status,
        code=last.code,
        message=f"{last.message.rstrip('.')}; {signal}{asked}",
        details=last.details,
        request_id=last.request_id,
        hint=hint,
    )


def _from_operation(action: str, path: str, error: Any) -> ArmError:
    """Return the error of a long-running operation: ARM reports its failure in the body of a 200."""
    response = error.response
    if response.status_code >= 300:
        return from_answer(action, path, response)
    refused = answers.refusal(response.text())
    return ArmError(
        action,
        path,
        code=refused.code or "OperationFailed",
        message=refused.message or "the operation was accepted, then failed or was canceled without a reason",
        details=refused.details,
        request_id=answers.request_id(response.headers),
        hint=answers.hint(0, path, refused),
    )


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield the exception and what caused it; azure-identity wraps whatever the transport raises."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _root(error: BaseException) -> str:
    """Return the innermost text of nested exceptions of azure-core, requests and urllib3."""
    current: Any = error
    while True:
        inner = getattr(current, "inner_exception", None) or getattr(current, "reason", None)
        if not isinstance(inner, Exception):
            inner = next((arg for arg in reversed(getattr(current, "args", ())) if isinstance(arg, Exception)), None)
        if inner is None:
            return _CONNECTION.sub(r"\1:\2: ", str(current))
        current = inner
