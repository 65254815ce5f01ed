# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The log of what each plane got, for tests and for people who look at what a run did."""

from __future__ import annotations

import functools
import re
import time
from collections import deque
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_plus

from apim_emulator.http import Request

CAPACITY = 20_000
MASK = "********"

_CREDENTIAL = re.compile(
    r"(.*[-_])?(api-?key|key|token|secret|password|authorization|cookie|signature|sig|code)|x-identity-header", re.I
)
_SECRET_FORM_FIELDS = re.compile(r"(?<![^&])(client_secret|client_assertion)=[^&]*")


@functools.lru_cache(maxsize=4096)
def is_credential(name: str) -> bool:
    """Tell whether a header or query parameter with this name carries a credential."""
    return _CREDENTIAL.fullmatch(name) is not None


def masked_url(url: str, secret: str | None = None) -> str:
    """Return a URL, or its path and query, with the values of credentials masked.

    They are the query parameters whose names tell, and the one named `secret` (case ignored). The rest stays verbatim.
    """
    path, mark, query = url.partition("?")
    if not mark:
        return url
    return path + mark + "&".join(_masked_parameter(part, secret) for part in query.split("&"))


def _masked_parameter(part: str, secret: str | None) -> str:
    name = part.partition("=")[0]
    decoded = unquote_plus(name)
    is_secret = is_credential(decoded) or (secret is not None and decoded.lower() == secret.lower())
    return f"{name}={MASK}" if is_secret else part


def milliseconds_since(started: float) -> float:
    """Return how long ago `started` (seconds since the epoch) was."""
    return round((time.time() - started) * 1000, 3)


class RequestLog:
    """Keeps the last requests. Credentials in headers and token requests are masked before they are kept."""

    def __init__(self) -> None:
        self._entries: deque[dict[str, Any]] = deque(maxlen=CAPACITY)

    def add(
        self,
        plane: str,
        request: Request,
        status: int,
        started: float,
        *,
        secret_header: str | None = None,
        **details: Any,
    ) -> dict[str, Any]:
        """Log a request and return its entry, which may be completed while the answer is on its way.

        `plane` is arm, login, metadata, gateway or provider; `status` 0 means that the connection was dropped;
        `started` is the time of arrival in seconds since the epoch; `secret_header` is masked although its name does
        not tell; `details` are what only this plane has to say.
        """
        entry = {
            "plane": plane,
            "method": request.method,
            "url": _text(request.origin + masked_url(request.target)),
            "headers": _masked_headers(request.headers, (secret_header or "").lower()),
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


def _masked_headers(headers: Mapping[str, str], secret: str) -> dict[str, str]:
    # Names come as a kind of str that ignores case, which no JSON writer takes as a key.
    return {
        str(name): MASK if is_credential(str(name)) or name.lower() == secret else _text(value)
        for name, value in headers.items()
    }


def _text(value: str) -> str:
    # The web server keeps bytes that are no UTF-8 as lone surrogates, which no JSON writer takes.
    return value if value.isascii() else value.encode("utf-8", "replace").decode("utf-8")


def _masked_body(plane: str, body: bytes) -> str:
    text = body.decode("utf-8", "replace")
    return _SECRET_FORM_FIELDS.sub(rf"\1={MASK}", text) if plane == "login" else text
