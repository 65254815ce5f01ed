# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What came back for a question, and what the gateway's trace tells of it.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.questions import Question

_ELAPSED = re.compile(r"(?:(\d+)\.)?(\d+):(\d+):(\d+(?:\.\d+)?)")


@dataclass(frozen=True)
class Attempt:
    """One request from the gateway to a backend.

    :ivar url: scheme, host and path.
    :ivar status: None when no answer came.
    :ivar headers: names of the request's headers, in lower case.
    :ivar carries_key: whether a header holds the caller's own subscription key.
    """

    url: str
    status: int | None = None
    duration_ms: float | None = None
    headers: tuple[str, ...] = ()
    carries_key: bool = False

    @property
    def failed(self) -> bool:
        """Whether the backend refused the request, or did not answer."""
        return self.status is None or self.status >= 400


@dataclass
class Observation:
    """One answer of a gateway.

    :ivar at_ms: when the request went, since the validation began.
    :ivar status: None when no answer came; ``error`` says why.
    :ivar duration_ms: until the answer was complete.
    :ivar code: code of an error that the gateway or a backend answered.
    :ivar content: the parsed body of a JSON answer, None for any other.
    :ivar attempts: the requests to backends, None when the gateway does not tell.
    """

    question: Question
    at_ms: float = 0.0
    status: int | None = None
    error: str = ""
    duration_ms: float = 0.0
    route: str = ""
    code: str = ""
    message: str = ""
    content: Any = None
    first_chunk_ms: float | None = None
    chunks: int = 0
    trace_id: str = ""
    attempts: list[Attempt] | None = field(default=None)

    @property
    def is_good(self) -> bool:
        """Whether the answer is that of an LLM."""
        return self.status == 200 and not self.error

    @property
    def outcome(self) -> str:
        """What came, in a few words: for messages."""
        if self.status is None:
            return self.error or "no answer came"
        text = f"HTTP {self.status}" + (f" {self.code}" if self.code else "")
        detail = self.error or self.message
        return f"{text}: {detail}" if detail else text


def attempts_of(trace: Mapping[str, Any], key: str) -> list[Attempt]:
    """Return the requests to backends that a trace of API Management tells of, in their order.

    A trace has an entry of ``forward-request`` with the request, and another one with the response if one came
    (documentation of request tracing). Anything else in it is left alone.

    :param key: the caller's subscription key, for which headers are searched.
    """
    found: list[Attempt] = []
    begun = 0.0
    for entry in _entries(trace, "backend"):
        data = entry.get("data")
        if entry.get("source") != "forward-request" or not isinstance(data, Mapping):
            continue
        if isinstance(data.get("request"), Mapping):
            begun = _milliseconds(entry.get("elapsed"))
            found.append(_attempt(data["request"], key))
        elif found and isinstance(data.get("response"), Mapping):
            last = found[-1]
            status = (data["response"].get("status") or {}).get("code")
            took = max(0.0, _milliseconds(entry.get("elapsed")) - begun)
            found[-1] = Attempt(last.url, status, round(took, 3), last.headers, last.carries_key)
    return found


def _entries(trace: Mapping[str, Any], section: str) -> Sequence[Mapping[str, Any]]:
    entries = (trace.get("traceEntries") or {}).get(section) or []
    return [entry for entry in entries if isinstance(entry, Mapping)]


def _attempt(request: Mapping[str, Any], key: str) -> Attempt:
    url = urlsplit(str(request.get("url") or ""))
    headers = [each for each in request.get("headers") or [] if isinstance(each, Mapping)]
    return Attempt(
        url=f"{url.scheme}://{url.netloc}{url.path}",
        headers=tuple(sorted({str(each.get("name")).lower() for each in headers})),
        carries_key=bool(key) and (any(key in str(each.get("value")) for each in headers) or key in url.query),
    )


def _milliseconds(elapsed: Any) -> float:
    """Return what a .NET time span such as 00:00:01.2345678 says."""
    match = _ELAPSED.fullmatch(str(elapsed or ""))
    if not match:
        return 0.0
    days, hours, minutes, seconds = match.groups()
    return (((int(days or 0) * 24 + int(hours)) * 60 + int(minutes)) * 60 + float(seconds)) * 1000
