# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Exceptions with which the transport and the policies stop a call at once.

azure-core retries every exception of its own family. These are not of that family, so they pass through its retry
policy; the client turns them into the errors that callers see. No text in them holds a body, a token or a secret.

Private to the collection: not for use from outside, may change at any time.
"""

from __future__ import annotations

from typing import Any


class Signal(Exception):
    """Base of the exceptions that end a call without a retry."""


class DeadlinePassed(Signal):
    """The deadline has passed, or would pass during the wait that comes next.

    ``wait`` is that wait in seconds (0 when none was asked for); ``answer`` the last response, when there was one.
    """

    def __init__(self, seconds: float, *, wait: float = 0.0) -> None:
        super().__init__(f"the overall limit of {seconds:g} seconds was reached")
        self.seconds = seconds
        self.wait = wait
        self.answer: Any = None


class TlsRefused(Signal):
    """The TLS connection to ``host`` cannot be trusted or made; ``reason`` is what the TLS library said."""

    def __init__(self, host: str, reason: str) -> None:
        super().__init__(f"TLS connection to {host} failed: {reason}")
        self.host = host
        self.reason = reason


class ForeignLink(Signal):
    """A link that the service sent points outside the ARM endpoint, so it must not get the token."""

    def __init__(self, host: str, endpoint: str) -> None:
        super().__init__(
            f"the answer links to {host}, which does not belong to {endpoint}; the token was not sent there"
        )
