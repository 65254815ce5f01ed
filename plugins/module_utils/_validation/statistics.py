# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether counts fit shares, and what a distribution of durations looks like.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

import math
import random
from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate

# A p-value from so many drawn samples is known to three digits where it decides. When so many of them are as extreme as
# the counts it decides nothing any more, and is known well enough.
_DRAWN, _ENOUGH = 10_000, 500
_SEED = 20_260_101


def p_value(counts: Sequence[int], shares: Sequence[float]) -> float:
    """Return how likely counts are that fit the shares no better than these do (goodness of fit, by simulation).

    The likelihood ratio is compared with that of samples drawn by the shares, so that small counts and very unlike
    shares need no approximation. The drawing is seeded: equal counts give equal values. A count where the share is 0
    cannot be: its value is 0.

    :param counts: how often each member served.
    :param shares: how often each should, of 1 in all.
    :raises ValueError: when they do not belong together.
    """
    if len(counts) != len(shares) or not math.isclose(sum(shares), 1.0, abs_tol=1e-9):
        raise ValueError("there must be a share for each count, of 1 in all")
    if any(count and not share for count, share in zip(counts, shares, strict=True)):
        return 0.0
    possible = [(count, share) for count, share in zip(counts, shares, strict=True) if share]
    counts, shares = [count for count, _share in possible], [share for _count, share in possible]
    number = sum(counts)
    if not number or len(counts) == 1:
        return 1.0
    drawing = random.Random(_SEED)  # noqa: S311  (statistics, not secrets)
    bounds = list(accumulate(shares))
    observed = _ratio(counts, shares, number)
    as_extreme = 0
    for drawn in range(1, _DRAWN + 1):
        as_extreme += _ratio(_draw(drawing, bounds, number), shares, number) >= observed - 1e-9
        if as_extreme == _ENOUGH:
            return as_extreme / drawn
    return (as_extreme + 1) / (_DRAWN + 1)


def _draw(drawing: random.Random, bounds: Sequence[float], number: int) -> list[int]:
    counts = [0] * len(bounds)
    for _request in range(number):
        counts[min(bisect_left(bounds, drawing.random()), len(bounds) - 1)] += 1
    return counts


def _ratio(counts: Sequence[int], shares: Sequence[float], number: int) -> float:
    """Return the logarithm of the likelihood ratio, the larger the worse the fit."""
    return sum(count * math.log(count / (number * share)) for count, share in zip(counts, shares, strict=True) if count)


def percentile(ordered: Sequence[float], percent: float) -> float:
    """Return the percentile of sorted values, of which there must be one, interpolated between the two nearest."""
    place = (len(ordered) - 1) * percent / 100
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)
