# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What came back for a question, and what the gateway's trace tells of it.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import unquote

from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.questions import Question

_STATUS = re.compile(r"[1-5]\d\d")
_THROTTLED = 429
# What gateways and backends answer for a moment only (RFC 9110, 15.5 and 15.6; RFC 6585, 4).
_PASSING = frozenset({_THROTTLED, 502, 503, 504})


@dataclass(frozen=True)
class Attempt:
    """One request from the gateway to a backend.

    :ivar url: scheme, host and path, without what may hold credentials.
    :ivar status: None when no answer came.
    :ivar headers: names of the request's headers, in lower case.
    :ivar carries_key: whether a header holds the caller's own subscription key.
    """

    url: str
    status: int | None = None
    headers: tuple[str, ...] = ()
    carries_key: bool = False

    @property
    def failed(self) -> bool:
        """Whether the backend refused the request, or did not answer."""
        return self.status is None or self.status >= 400

    @property
    def throttled(self) -> bool:
        """Whether the backend is well, but a quota is used up."""
        return self.status == _THROTTLED


@dataclass(frozen=True)
class Piece:
    """One event of a stream.

    :ivar at_ms: when it came, since the request went.
    :ivar size: bytes of its line.
    :ivar has_text: whether it holds a part of the answer; an event may also tell of filters, of usage, or of the end.
    """

    at_ms: float
    size: int
    has_text: bool


@dataclass
class Observation:
    """One answer of a gateway, the one that tells most if a question was asked more than once.

    :ivar at_ms: when the request went, since the validation began.
    :ivar status: None when no answer came.
    :ivar duration_ms: until the answer was complete.
    :ivar error: why no whole answer came, or what came instead of an LLM's; empty otherwise.
    :ivar code: code of an error that the gateway or a backend answered; ``message`` its text.
    :ivar content: the parsed body of a JSON answer, None for any other.
    :ivar retry_after: seconds after which the answer says to come again; None when it says nothing of it.
    :ivar pieces: the events of a stream, without the one that ends it.
    :ivar was_cut_short: a stream says that its answer is as long as the request allowed, and not complete.
    :ivar attempts: the requests to backends, None when the gateway does not tell.
    :ivar model: what its header ``x-llm-model`` says was asked for, which is not shown; empty when there is none.
    :ivar exposes: where it hands a credential to its client: ``header NAME``, ``the body``.
    :ivar others: what else came when the same question was asked again.
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
    retry_after: float | None = None
    pieces: list[Piece] = field(default_factory=list)
    was_cut_short: bool = False
    trace_id: str = ""
    attempts: list[Attempt] | None = field(default=None)
    model: str = ""
    exposes: tuple[str, ...] = ()
    others: tuple[Observation, ...] = ()

    @property
    def is_good(self) -> bool:
        """Whether the answer is that of an LLM."""
        return self.status == 200 and not self.error

    @property
    def met_open_breakers(self) -> bool:
        """Whether the gateway refused the request without asking any backend, because the breakers of all are open."""
        return self.status == 503 and not self.attempts

    @property
    def is_throttled(self) -> bool:
        """Whether a quota or a limit is used up: whoever refuses for that is not dead."""
        return self.status == _THROTTLED

    @property
    def may_pass(self) -> bool:
        """Whether the same question may be answered a little later."""
        return self.status in _PASSING

    @property
    def evidence(self) -> list[Observation]:
        """All answers to the question that tell of backends: the good one, or every one when none was."""
        return [self] if self.is_good else [*self.others, self]

    @property
    def parts(self) -> list[Piece]:
        """The pieces of a stream that hold parts of the answer."""
        return [piece for piece in self.pieces if piece.has_text]

    @property
    def outcome(self) -> str:
        """What came, in a few words: for messages."""
        if self.is_good:
            return self._answer
        times = sum(each.status == self.status for each in self.evidence)
        if self.is_throttled:
            return f"{self._answer}; answered 429 {_often(times)}: its quota is used up"
        return f"{self._answer}; answered so {_often(times)}" if times > 1 else self._answer

    @property
    def _answer(self) -> str:
        if self.status is None:
            return self.error or "no answer came"
        text = f"HTTP {self.status}" + (f" {self.code}" if self.code else "")
        detail = self.error or self.message
        return f"{text}: {detail}" if detail else text


def _often(times: int) -> str:
    return "once" if times == 1 else f"{times} times"


def attempts_of(trace: Mapping[str, Any], key: str) -> list[Attempt]:
    """Return the requests to backends that a trace of API Management tells of, in their order.

    A trace has an entry of ``forward-request`` with the request, and another one with the response if one came
    (documentation of request tracing). Anything else in it is left alone, whatever it is.

    :param key: the caller's subscription key, for which headers are searched.
    """
    found: list[Attempt] = []
    for data in _forwarded(trace):
        if isinstance(data.get("request"), Mapping):
            found.append(_attempt(data["request"], key))
        elif found and isinstance(data.get("response"), Mapping):
            found[-1] = replace(found[-1], status=_status(data["response"].get("status")))
    return found


def _forwarded(trace: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the data of a trace's entries of ``forward-request``."""
    sections = trace.get("traceEntries")
    entries = sections.get("backend") if isinstance(sections, Mapping) else None
    return [
        each["data"]
        for each in _mappings(entries)
        if each.get("source") == "forward-request" and isinstance(each.get("data"), Mapping)
    ]


def _mappings(values: Any) -> Sequence[Mapping[str, Any]]:
    return [each for each in values if isinstance(each, Mapping)] if isinstance(values, list) else []


def _attempt(request: Mapping[str, Any], key: str) -> Attempt:
    url = str(request.get("url") or "")
    headers = _mappings(request.get("headers"))
    texts = [url, unquote(url), *(str(each.get("value")) for each in headers)]
    return Attempt(
        url=_without_credentials(url),
        headers=tuple(sorted({str(each.get("name")).lower() for each in headers})),
        carries_key=bool(key) and any(key in text for text in texts),
    )


def _without_credentials(url: str) -> str:
    """Return scheme, host and path of a URL; by hand, because what a policy makes of a URL need not be one."""
    scheme, mark, rest = re.split(r"[?#]", url, maxsplit=1)[0].partition("://")
    authority, slash, path = rest.partition("/")
    return f"{scheme}{mark}{authority.rpartition('@')[2]}{slash}{path}"


def _status(status: Any) -> int | None:
    """Return a status as traces have it, ``{"code": 200, "reason": "OK"}``; None when it is none."""
    match = _STATUS.fullmatch(str(status.get("code") if isinstance(status, Mapping) else status))
    return int(match[0]) if match else None
