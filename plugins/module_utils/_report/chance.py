# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What chance does to shares.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

import math
from statistics import NormalDist

CONFIDENCE = 0.99
# From here on the normal distribution is as good.
_MANY = 2000


def likely_range(requests: int, expected: float) -> tuple[float, float]:
    """Return the range that the share of a member is in for 99 of 100 measurements if it gets what it should.

    These are quantiles of the binomial distribution, as shares of 1.

    :param requests: how many requests a measurement has.
    :param expected: the share that the member should get.
    """
    if requests == 0 or not 0 < expected < 1:
        return expected, expected
    tail = (1 - CONFIDENCE) / 2
    if requests > _MANY:
        reach = NormalDist().inv_cdf(1 - tail) * math.sqrt(expected * (1 - expected) / requests)
        return max(0.0, expected - reach), min(1.0, expected + reach)
    return _quantile(requests, expected, tail) / requests, _quantile(requests, expected, 1 - tail) / requests


def _quantile(requests: int, expected: float, probability: float) -> int:
    """Return the least count that is not exceeded with at least the given probability."""
    cumulated = 0.0
    for count in range(requests):
        cumulated += math.exp(
            math.lgamma(requests + 1)
            - math.lgamma(count + 1)
            - math.lgamma(requests - count + 1)
            + count * math.log(expected)
            + (requests - count) * math.log1p(-expected)
        )
        if cumulated >= probability:
            return count
    return requests
