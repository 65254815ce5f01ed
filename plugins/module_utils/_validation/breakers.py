# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Circuit breakers of a plan: which failures count, and when these must have opened one.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.duration import duration_seconds


@dataclass(frozen=True)
class Breaker:
    """When a backend is taken out of service.

    :ivar count: failures within ``interval`` that open it.
    :ivar interval: seconds.
    :ivar rests_for: seconds for which it then stays open, unless a backend asks for another time.
    :ivar codes: the first and the last code of each range of status codes that count.
    """

    count: int
    interval: int
    rests_for: int
    codes: tuple[tuple[int, int], ...]

    def counts(self, status: int | None) -> bool:
        """Tell whether an answer surely counts as a failure; of none at all the reason is not known."""
        return status is not None and any(first <= status <= last for first, last in self.codes)

    def must_open(self, failures: Sequence[tuple[float, float]]) -> bool:
        """Tell whether failures surely open it.

        :param failures: between which milliseconds each that counts happened, in their order.
        """
        windows = zip(failures, failures[self.count - 1 :], strict=False)
        return any(last[1] - first[0] <= self.interval * 1000 for first, last in windows)


def breaker_of(backend: Mapping[str, Any]) -> Breaker | None:
    """Return the breaker of a plan's backend; None when it has none."""
    options = backend.get("circuit_breaker") or {}
    if not options.get("enabled"):
        return None
    ranges = [str(each).partition("-") for each in options["status_codes"]]
    return Breaker(
        count=options["count"],
        interval=duration_seconds(options["interval"]),
        rests_for=duration_seconds(options["trip_duration"]),
        codes=tuple((int(first), int(last or first)) for first, _mark, last in ranges),
    )
