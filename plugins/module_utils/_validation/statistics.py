# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether counts fit shares, which deviation they would have shown, and what a distribution of durations looks like.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate

# Probabilities that differ by less are equal but for rounding.
_EQUAL = 1 + 1e-7
# A deviation counts as shown when so many of ten samples of a pool that has it are rejected.
_POWER = 0.9
_POINTS = 100


def p_value(counts: Sequence[int], shares: Sequence[float]) -> float:
    """Return how likely counts are by which some member is as far from its share as in these.

    The count of each member is held against its binomial distribution by the exact two-sided test (all counts that are
    no likelier than this one), and the least of these values is multiplied by the number of tests (Bonferroni; two
    members make one test). It is exact for small counts and unlike shares, and never too small: a right pool gets less
    than x with a probability of at most x. A count where the share is 0 cannot be: its value is 0.

    :param counts: how often each member served.
    :param shares: how often each should, of 1 in all.
    :raises ValueError: when they do not belong together.
    """
    if len(counts) != len(shares) or not math.isclose(sum(shares), 1.0, abs_tol=1e-9):
        raise ValueError("there must be a share for each count, of 1 in all")
    if any(count and not share for count, share in zip(counts, shares, strict=True)):
        return 0.0
    number = sum(counts)
    values = [_values(number, share)[count] for count, share in zip(counts, shares, strict=True)]
    return min(1.0, _tests(shares) * min(values, default=1.0))


def shown_deviation(number: int, shares: Sequence[float], significance: float) -> int | None:
    """Return by how many points a share must be off, up or down, for 9 of 10 samples to be less likely than this.

    :param number: requests of a sample.
    :param significance: the least p-value that does not reject the shares.
    :return: percentage points, those of the member that shows it least; None when no deviation would show. Members
        without a share do not count: one request for them shows.
    """
    found = [
        points
        for share in shares
        for direction in ((1, -1) if share else ())
        if (points := _shown(number, share, direction, significance / _tests(shares)))
    ]
    return max(found, default=None)


def _tests(shares: Sequence[float]) -> int:
    """Return how many tests the members with a share make."""
    members = sum(share > 0 for share in shares)
    return 1 if members <= 2 else members


def _shown(number: int, share: float, direction: int, significance: float) -> int | None:
    """Return by how many points a member's share must be off in one direction to show; None when it cannot."""
    rejected = [value < significance for value in _values(number, share)]
    # Power grows with the deviation, so halving finds the least one.
    none, enough = 0, int(_POINTS * (1 - share if direction > 0 else share) + 0.5)
    if not enough or not _shows(rejected, share + direction * enough / _POINTS):
        return None
    while enough - none > 1:
        middle = (none + enough) // 2
        if _shows(rejected, share + direction * middle / _POINTS):
            enough = middle
        else:
            none = middle
    return enough


def _shows(rejected: Sequence[bool], share: float) -> bool:
    likely = _probabilities(len(rejected) - 1, min(1.0, max(0.0, share)))
    return sum(each for each, counts in zip(likely, rejected, strict=True) if counts) >= _POWER


@lru_cache(maxsize=256)
def _values(number: int, share: float) -> tuple[float, ...]:
    """Return the two-sided p-value of each count from 0 to the number of requests."""
    likely = _probabilities(number, share)
    ordered = sorted(range(number + 1), key=lambda count: likely[count])
    sums = list(accumulate(likely[count] for count in ordered))
    values = [0.0] * (number + 1)
    last = 0
    for place, count in enumerate(ordered):
        last = max(last, place)
        while last < number and likely[ordered[last + 1]] <= likely[count] * _EQUAL:
            last += 1
        values[count] = min(1.0, sums[last])
    return tuple(values)


def _probabilities(number: int, share: float) -> list[float]:
    """Return the probability of each count by the binomial distribution."""
    if share in (0.0, 1.0):
        certain = number if share else 0
        return [float(count == certain) for count in range(number + 1)]
    whole, chosen, others = math.lgamma(number + 1), math.log(share), math.log1p(-share)
    return [
        math.exp(
            whole
            - math.lgamma(count + 1)
            - math.lgamma(number - count + 1)
            + count * chosen
            + (number - count) * others
        )
        for count in range(number + 1)
    ]


def percentile(ordered: Sequence[float], percent: float) -> float:
    """Return the percentile of sorted values, of which there must be one, interpolated between the two nearest."""
    place = (len(ordered) - 1) * percent / 100
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)
