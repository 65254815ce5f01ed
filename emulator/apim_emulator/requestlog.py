# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The log of what each plane got, for tests and for people who look at what a run did."""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Mapping
from typing import Any

from apim_emulator.http import Request

CAPACITY = 20_000
MASK = "********"

_SECRET_HEADERS = frozenset(("authorization", "x-identity-header", "api-key", "ocp-apim-subscription-key"))
_SECRET_FORM_FIELDS = re.compile(r"(?<![^&])(client_secret|client_assertion)=[^&]*")


def milliseconds_since(started: float) -> float:
    """Return how long ago `started` (seconds since the epoch) was."""
    return round((time.time() - started) * 1000, 3)


class RequestLog:
    """Keeps the last requests. Credentials in headers and token requests are masked before they are kept."""

    def __init__(self) -> None:
        self._entries: deque[dict[str, Any]] = deque(maxlen=CAPACITY)

    def add(self, plane: str, request: Request, status: int, started: float, **details: Any) -> dict[str, Any]:
        """Log a request and return its entry, which may be completed while the answer is on its way.

        `plane` is arm, login, metadata, gateway or provider; `status` 0 means that the connection was dropped;
        `started` is the time of arrival in seconds since the epoch; `details` are what only this plane has to say.
        """
        entry = {
            "plane": plane,
            "method": request.method,
            "url": request.url(),
            "headers": _masked_headers(request.headers),
            "body": _masked_body(plane, request.body),
            "status": status,
            "service": request.service,
            "time": started,
            "duration_ms": milliseconds_since(started),
            **details,
        }
        self._entries.append(entry)
        return entry

    def entries(self) -> list[dict[str, Any]]:
        """Return the logged requests in the order of their answers."""
        return list(self._entries)

    def clear(self) -> None:
        """Forget all requests."""
        self._entries.clear()


def _masked_headers(headers: Mapping[str, str]) -> dict[str, str]:
    # Names come as a kind of str that ignores case, which no JSON writer takes as a key.
    return {str(name): MASK if name.lower() in _SECRET_HEADERS else value for name, value in headers.items()}


def _masked_body(plane: str, body: bytes) -> str:
    text = body.decode("utf-8", "replace")
    return _SECRET_FORM_FIELDS.sub(rf"\1={MASK}", text) if plane == "login" else text
