# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong when talking to Azure, as exceptions whose text is ready to be shown.

No text or attribute holds a request body, a token or a secret.

Private to the collection: not for use from outside, may change at any time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.paths import describe


class ClientError(Exception):
    """Base of everything that this package raises on purpose."""


class ConfigurationError(ClientError):
    """The options cannot work, found before the service was asked for anything. ``problems`` has a sentence each."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = list(problems)
        super().__init__("; ".join(self.problems))


class MissingLibraryError(ClientError):
    """A Python library is missing or too old; the text is Ansible's own for missing libraries."""


class ArmError(ClientError):
    """A call that failed.

    ``action`` is a verb ("read", "write"), ``resource`` the ARM path or URL, ``status`` the HTTP status (None when
    there was no refusing answer), ``code``, ``message`` and ``details`` (code, target, message each) what ARM said,
    ``request_id`` what Microsoft's support asks for, ``hint`` what to do about it.
    """

    def __init__(
        self,
        action: str,
        resource: str,
        *,
        code: str,
        message: str,
        status: int | None = None,
        details: Sequence[Mapping[str, Any]] = (),
        request_id: str | None = None,
        hint: str = "",
    ) -> None:
        self.action = action
        self.resource = resource
        self.status = status
        self.code = code
        self.message = message
        self.details = [dict(detail) for detail in details]
        self.request_id = request_id
        self.hint = hint
        super().__init__(self._sentence())

    def _sentence(self) -> str:
        """Return the whole error as one line."""
        cause = f"HTTP {self.status} {self.code}" if self.status else self.code
        text = f"cannot {self.action} {describe(self.resource)}: {cause}: {_one_line(self.message)}"
        for detail in self.details:
            target = f"{detail['target']}: " if detail.get("target") else ""
            text += f" [{target}{_one_line(str(detail.get('message') or detail.get('code') or ''))}]"
        if self.request_id:
            text += f" (request id {self.request_id})"
        return f"{text}. {self.hint}" if self.hint else text


class PreconditionFailed(ArmError):
    """HTTP 412: the object changed since it was read. Read it again and decide anew."""


class AuthenticationFailed(ArmError):
    """No token could be had from Microsoft Entra ID or another credential source."""


class DeadlineExceeded(ArmError):
    """The overall limit (option ``timeout``) was reached; ``status`` and ``code`` are the last answer's, if any."""


class ConnectionFailed(ArmError):
    """The host could not be reached, or the connection broke more often than it is retried."""


class TlsFailed(ConnectionFailed):
    """The server's TLS certificate is not trusted, or it does not speak TLS."""


def _one_line(text: str) -> str:
    """Join the lines of ``text`` and drop the full stop at its end."""
    return " ".join(text.split()).rstrip(".")
