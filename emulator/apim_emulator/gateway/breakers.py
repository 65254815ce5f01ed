# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The circuit breaker of one backend: when it opens, and for how long (facts 3.1).

Failures are counted in a sliding window; when the trip is over the breaker is closed again, with an empty window, and
there is no half-open state. Azure documents neither, so both are choices.
"""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

_DURATION = re.compile(
    r"P(?:(?P<days>[\d.]+)D)?(?:T(?:(?P<hours>[\d.]+)H)?(?:(?P<minutes>[\d.]+)M)?(?:(?P<seconds>[\d.]+)S)?)?"
)
_NUMBER = re.compile(r"[0-9]+")
_SECONDS = {"days": 86_400, "hours": 3600, "minutes": 60, "seconds": 1}


@dataclass(frozen=True, slots=True)
class BreakerRule:
    """The one rule of a breaker; durations in seconds. Exactly one of `count` and `percentage` is set."""

    name: str
    count: int | None
    percentage: int | None
    interval: float
    trip_duration: float
    accept_retry_after: bool
    status_codes: tuple[range, ...]
    error_reasons: frozenset[str]

    @classmethod
    def of(cls, rule: Mapping[str, Any]) -> BreakerRule:
        """Return the rule that ARM stores."""
        condition = rule["failureCondition"]
        return cls(
            name=rule["name"],
            count=condition.get("count"),
            percentage=condition.get("percentage"),
            interval=seconds(condition["interval"]),
            trip_duration=seconds(rule["tripDuration"]),
            accept_retry_after=rule["acceptRetryAfter"],
            status_codes=tuple(range(item["min"], item["max"] + 1) for item in condition.get("statusCodeRanges", ())),
            error_reasons=frozenset(condition.get("errorReasons", ())),
        )


class Breaker:
    """The state of one breaker. Times are monotonic seconds."""

    def __init__(self, rule: BreakerRule) -> None:
        self.rule = rule
        self._calls: deque[tuple[float, bool]] = deque()
        self._failures = 0
        self._open_until = 0.0

    def is_open(self) -> bool:
        """Tell whether the backend must not be called now."""
        return time.monotonic() < self._open_until

    def open_seconds(self) -> float:
        """Return for how long it will stay open; 0 when it is closed."""
        return max(self._open_until - time.monotonic(), 0.0)

    def responded(self, status: int, retry_after: str | None) -> None:
        """Count a response; the one that trips the breaker says how long, when the rule accepts its Retry-After."""
        failed = any(status in codes for codes in self.rule.status_codes)
        waits = retry_after_seconds(retry_after) if self.rule.accept_retry_after else None
        self._count(failed, self.rule.trip_duration if waits is None else waits)

    def failed(self, reason: str) -> None:
        """Count a call without a response; it is a failure only when the rule names its reason."""
        self._count(reason in self.rule.error_reasons, self.rule.trip_duration)

    def _count(self, failed: bool, trip_duration: float) -> None:
        if self.is_open():
            # Sent before the trip: it must not make the trip longer, nor count after it.
            return
        now = time.monotonic()
        self._calls.append((now, failed))
        self._failures += failed
        while self._calls[0][0] <= now - self.rule.interval:
            self._failures -= self._calls.popleft()[1]
        if failed and self._trips():
            self._open_until = now + trip_duration
            self._calls.clear()
            self._failures = 0

    def _trips(self) -> bool:
        if self.rule.count is not None:
            return self._failures >= self.rule.count
        return self._failures * 100 >= (self.rule.percentage or 0) * len(self._calls)


def seconds(duration: str) -> float:
    """Return the seconds of an ISO 8601 duration of days, hours, minutes and seconds, as ARM stores it."""
    match = _DURATION.fullmatch(duration)
    parts = match.groupdict() if match else {}
    return sum(float(value or 0) * _SECONDS[unit] for unit, value in parts.items())


def retry_after_seconds(value: str | None) -> float | None:
    """Return the seconds of a Retry-After header (a number or an HTTP date), or None when it gives no time to wait.

    That is also so for 0 and for a date that is over: a trip of no length would never open the breaker, and clients
    would keep getting the failures of a backend that others could stand in for.
    """
    text = (value or "").strip()
    try:
        waits = float(text) if _NUMBER.fullmatch(text) else parsedate_to_datetime(text).timestamp() - time.time()
    except ValueError:
        return None
    return waits if waits > 0 else None
