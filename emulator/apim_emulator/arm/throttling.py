# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""ARM's request limits: token buckets per subscription, principal and kind of operation.

Numbers: published limits of ARM (requests per region): reads 250 then 25 a second, writes and deletes 200 then 10 a
second; all principals of a subscription together get 15 times as much.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from apim_emulator.arm.errors import ArmError

GLOBAL_FACTOR = 15


@dataclass(frozen=True, slots=True)
class Limit:
    """Size of a bucket, and tokens that flow in per second."""

    size: int
    per_second: int

    def times(self, factor: int) -> Limit:
        """Return the limit multiplied."""
        return Limit(self.size * factor, self.per_second * factor)


LIMITS = {"reads": Limit(250, 25), "writes": Limit(200, 10), "deletes": Limit(200, 10)}


class _Bucket:
    def __init__(self, limit: Limit, now: float) -> None:
        self._limit = limit
        self._tokens = float(limit.size)
        self._updated = now

    def refill(self, now: float) -> None:
        inflow = (now - self._updated) * self._limit.per_second
        self._tokens = min(float(self._limit.size), self._tokens + inflow)
        self._updated = now

    def wait(self) -> float:
        """Seconds until one token is there."""
        return max(0.0, 1 - self._tokens) / self._limit.per_second

    def take(self) -> int:
        self._tokens = max(0.0, self._tokens - 1)
        return int(self._tokens)


class Throttle:
    """Counts the calls of each principal; refuses only when told to."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._buckets: dict[tuple[str, ...], _Bucket] = {}

    def take(self, subscription: str, principal: str, method: str, *, enforced: bool) -> dict[str, str]:
        """Take a token for one call and return the x-ms-ratelimit-remaining headers.

        Raises ArmError (429 with Retry-After in whole seconds) when `enforced` and a bucket is empty; a refused call
        takes none.
        """
        kind = {"GET": "reads", "HEAD": "reads", "DELETE": "deletes"}.get(method, "writes")
        now = self._clock()
        own = self._bucket((subscription, kind, principal), LIMITS[kind], now)
        shared = self._bucket((subscription, kind), LIMITS[kind].times(GLOBAL_FACTOR), now)
        wait = max(own.wait(), shared.wait())
        if enforced and wait > 0:
            raise _throttled(subscription, principal, kind, max(1, math.ceil(wait)))
        return {
            f"x-ms-ratelimit-remaining-subscription-{kind}": str(own.take()),
            f"x-ms-ratelimit-remaining-subscription-global-{kind}": str(shared.take()),
        }

    def _bucket(self, key: tuple[str, ...], limit: Limit, now: float) -> _Bucket:
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = _Bucket(limit, now)
        bucket.refill(now)
        return bucket


def _throttled(subscription: str, principal: str, kind: str, seconds: int) -> ArmError:
    message = (
        f"Number of '{kind.removesuffix('s')}' requests for subscription '{subscription}' actor '{principal}' "
        f"exceeded. Please try again after '{seconds}' seconds after additional tokens are available. "
        "Refer to https://aka.ms/arm-throttling for additional information."
    )
    return ArmError(429, "SubscriptionRequestsThrottled", message, headers={"Retry-After": str(seconds)})
