# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a plane gets and gives, free of the web server: requests, answers, and JSON as Azure writes it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

import orjson
from multidict import CIMultiDict, CIMultiDictProxy, MultiDictProxy


@dataclass(slots=True)
class Request:
    """A request that was read completely.

    `path` is still percent-encoded; `origin` is the https origin (scheme, host, port) that the client addressed.
    """

    method: str
    path: str
    query: MultiDictProxy[str]
    headers: CIMultiDictProxy[str]
    body: bytes
    origin: str
    target: str
    service: str | None = None

    def segments(self) -> list[str]:
        """Return the decoded segments of the path, without empty ones."""
        return [unquote(segment) for segment in self.path.split("/") if segment]

    def url(self) -> str:
        """Return the absolute URL, with its query."""
        return self.origin + self.target


@dataclass(slots=True)
class Answer:
    """An HTTP answer; `content` is JSON-able, or None for an empty body. `dropped` closes the connection instead."""

    status: int
    content: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    dropped: bool = False

    def body(self) -> bytes:
        """Return the body's bytes: JSON, indented, with the line ends of the real service."""
        if self.content is None:
            return b""
        return orjson.dumps(self.content, option=orjson.OPT_INDENT_2).replace(b"\n", b"\r\n")


def security_headers() -> dict[str, str]:
    """Return the headers that every answer of ARM and of the token endpoint carries."""
    return {
        "Cache-Control": "no-cache",
        "Pragma": "no-cache",
        "Expires": "-1",
        "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
        "X-Content-Type-Options": "nosniff",
    }


def new_guid() -> str:
    """Return a random GUID in its usual lower-case spelling."""
    return str(uuid.uuid4())


def utc_text(moment: datetime | None = None) -> str:
    """Return `moment` (default: now) as ARM writes times: 2026-03-01T12:00:00.0000000Z."""
    return (moment or datetime.now(UTC)).strftime("%Y-%m-%dT%H:%M:%S.%f0Z")


def response_headers(answer: Answer) -> Mapping[str, str]:
    """Return the answer's headers with the content type that fits its body."""
    headers: CIMultiDict[str] = CIMultiDict(answer.headers)
    if answer.content is not None:
        headers.setdefault("Content-Type", "application/json; charset=utf-8")
    return headers
