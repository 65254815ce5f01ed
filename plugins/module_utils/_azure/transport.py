# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTPS for ARM and for sign-in: azure-core's requests transport, bound to one deadline and to verified TLS.

Both pipelines, ARM's and azure-identity's, send and sleep through it, so one deadline holds for everything.

Private to the collection: not for use from outside, may change at any time.
"""

from __future__ import annotations

import ssl
import time
from typing import Any
from urllib.parse import urlsplit

from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.deadline import Deadline
from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.signals import DeadlinePassed, TlsRefused
from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.tls import TrustAdapter, trust_context

try:
    import requests
    from azure.core.exceptions import AzureError
    from azure.core.pipeline.transport import RequestsTransport
except ImportError:  # libraries.require() reports it before anything here is used
    RequestsTransport = object

_CONNECT_SECONDS = 20
_READ_SECONDS = 120


class ArmTransport(RequestsTransport):  # type: ignore[misc]
    """A requests transport with one connection per parallel call, whose every wait ends at ``deadline``.

    Thread safe: the session is shared, no per-call state is kept. TLS is always verified; HTTPS_PROXY and NO_PROXY are
    honoured. The constructor raises ConfigurationError when there is no usable bundle of certificate authorities.
    """

    def __init__(self, deadline: Deadline, connections: int) -> None:
        session = requests.Session()
        # Neither .netrc, which would replace the token, nor a look at all variables with every request.
        session.trust_env = False
        session.mount("https://", TrustAdapter(trust_context(), connections))
        super().__init__(session=session)
        self._deadline = deadline
        self._proxies: dict[str, dict[str, str]] = {}

    def send(self, request: Any, **kwargs: Any) -> Any:
        """Send one request; raises azure-core's errors for what may be retried and a Signal for what may not."""
        left = self._deadline.remaining()
        if left <= 0:
            raise DeadlinePassed(self._deadline.seconds)
        kwargs["connection_timeout"] = min(kwargs.get("connection_timeout", _CONNECT_SECONDS), left)
        kwargs["read_timeout"] = min(kwargs.get("read_timeout", _READ_SECONDS), left)
        url = urlsplit(request.url)
        kwargs.setdefault("proxies", self._proxies_for(f"{url.scheme}://{url.netloc}"))
        try:
            return super().send(request, **kwargs)
        except AzureError as error:
            if self._deadline.remaining() <= 0:
                raise DeadlinePassed(self._deadline.seconds) from error
            refused = _tls_refusal(error)
            if refused:
                raise TlsRefused(url.netloc, refused) from error
            raise

    def sleep(self, duration: float) -> None:
        """Wait ``duration`` seconds, or raise DeadlinePassed at once when the deadline comes first."""
        if duration >= self._deadline.remaining():
            raise DeadlinePassed(self._deadline.seconds, wait=duration)
        time.sleep(duration)

    def _proxies_for(self, origin: str) -> dict[str, str]:
        """Return the proxies that the environment names for a host, none when NO_PROXY excludes it; looked up once."""
        if origin not in self._proxies:
            self._proxies[origin] = dict(requests.utils.get_environ_proxies(origin))
        return self._proxies[origin]


def _tls_refusal(error: AzureError) -> str | None:
    """Return what the TLS library said when it refused the server, None for every other failure.

    A handshake that the other side broke off is a dropped connection, which is worth another try.
    """
    inner = error.inner_exception
    if not isinstance(inner, requests.exceptions.SSLError):
        return None
    cause: Any = getattr(inner.args[0], "reason", inner) if inner.args else inner
    while cause.args and isinstance(cause.args[0], Exception):
        cause = cause.args[0]
    if isinstance(cause, (ssl.SSLEOFError, ssl.SSLZeroReturnError)):
        return None
    return str(cause).partition(" (_ssl.c:")[0]
