# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether counts fit shares: against exact values, and how often right and wrong pools are told apart."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Iterator, Sequence

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.judge_shares import (
    CONFIRMED,
    LARGER,
    SUSPICIOUS,
    WRONG,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.statistics import (
    p_value,
    percentile,
    shown_deviation,
)
from hypothesis import given
from hypothesis import strategies as st


def compositions(number: int, parts: int) -> Iterator[tuple[int, ...]]:
    """All ways to spread a number of requests over members."""
    if parts == 1:
        yield (number,)
        return
    for first in range(number + 1):
        for rest in compositions(number - first, parts - 1):
            yield (first, *rest)


def likelihood(counts: Sequence[int], shares: Sequence[float]) -> float:
    ways = math.factorial(sum(counts))
    for count in counts:
        ways //= math.factorial(count)
    return ways * math.prod(share**count for count, share in zip(counts, shares, strict=True))


def exact(counts: Sequence[int], shares: Sequence[float]) -> float:
    """The two-sided binomial test of each member, by going through all outcomes of the pool, times the tests."""
    number, values = sum(counts), []
    for member, count in enumerate(counts):
        marginal = [0.0] * (number + 1)
        for outcome in compositions(number, len(counts)):
            marginal[outcome[member]] += likelihood(outcome, shares)
        values.append(sum(each for each in marginal if each <= marginal[count] * (1 + 1e-7)))
    return min(1.0, min(values) * (len(counts) if len(counts) > 2 else 1))


@pytest.mark.parametrize(
    ("counts", "shares"),
    [
        ([6, 4], [0.5, 0.5]),
        ([9, 1], [0.5, 0.5]),
        ([10, 0], [0.5, 0.5]),
        ([5, 5], [0.9, 0.1]),
        ([3, 3, 4], [0.2, 0.3, 0.5]),
        ([8, 1, 1], [0.2, 0.3, 0.5]),
        ([0, 0, 10], [0.25, 0.25, 0.5]),
        ([7, 2, 1, 0], [0.4, 0.3, 0.2, 0.1]),
    ],
)
def test_it_is_the_exact_value(counts: list[int], shares: list[float]) -> None:
    assert p_value(counts, shares) == pytest.approx(exact(counts, shares), rel=1e-9)


def test_a_member_that_should_get_nothing_must_get_nothing() -> None:
    assert p_value([59, 1], [1.0, 0.0]) == 0.0
    assert p_value([60, 0], [1.0, 0.0]) == 1.0
    assert p_value([0, 30, 30], [0.0, 0.5, 0.5]) > 0.9


def test_no_requests_fit_any_shares() -> None:
    assert p_value([0, 0], [0.3, 0.7]) == 1.0


def test_equal_counts_give_equal_values() -> None:
    assert p_value([12, 8], [0.5, 0.5]) == p_value([12, 8], [0.5, 0.5])


@pytest.mark.parametrize(("counts", "shares"), [([1], [0.5]), ([1, 2], [1.0]), ([1, 2], [0.5, 0.6])])
def test_what_does_not_belong_together_is_refused(counts: list[int], shares: list[float]) -> None:
    with pytest.raises(ValueError, match="a share for each count"):
        p_value(counts, shares)


def draws(shares: Sequence[float], requests: int, times: int, seed: int = 7) -> list[tuple[int, ...]]:
    """Counts of many pools that spread requests by these shares."""
    drawing = random.Random(seed)
    found = []
    for _ in range(times):
        members = drawing.choices(range(len(shares)), shares, k=requests)
        found.append(tuple(members.count(member) for member in range(len(shares))))
    return found


@pytest.mark.parametrize(("shares", "requests"), [([0.7, 0.3], 60), ([0.95, 0.05], 60), ([0.4, 0.3, 0.3], 10)])
def test_right_pools_are_called_unlikely_as_seldom_as_is_said(shares: list[float], requests: int) -> None:
    drawn = Counter(draws(shares, requests, 2000))
    values = {counts: p_value(counts, shares) for counts in drawn}
    for level in (SUSPICIOUS, 0.01, CONFIRMED):
        rejected = sum(number for counts, number in drawn.items() if values[counts] < level)
        assert rejected <= 2000 * level + 3 * math.sqrt(2000 * level)


@pytest.mark.parametrize(("share", "requests"), [(0.5, 60), (0.5, 360), (0.9, 360), (0.99, 360), (0.3, 6000)])
def test_a_right_pair_is_wrong_by_both_samples_at_most_once_in_100_000_times(share: float, requests: int) -> None:
    """By the distribution itself, not by drawing."""
    rate = 0.0
    for count in range(requests + 1):
        if p_value((count, requests - count), (share, 1 - share)) < WRONG:
            logarithm = math.lgamma(requests + 1) - math.lgamma(count + 1) - math.lgamma(requests - count + 1)
            rate += math.exp(logarithm + count * math.log(share) + (requests - count) * math.log1p(-share))
    assert rate < 1e-5


def found_wrong(right: Sequence[float], real: Sequence[float], times: int, requests: int = 60) -> float:
    """The part of pools that fail by two samples as they are measured, when they spread requests by the real shares."""
    failed = 0
    seconds = iter(draws(real, LARGER * requests, times, seed=8))
    for first in draws(real, requests, times):
        second = next(seconds)
        both = [one + other for one, other in zip(first, second, strict=True)]
        failed += (
            p_value(first, right) < SUSPICIOUS and p_value(both, right) < WRONG and p_value(second, right) < CONFIRMED
        )
    return failed / times


@pytest.mark.parametrize(
    ("right", "wrong", "least"),
    [
        ((0.5, 0.5), (0.7, 0.3), 0.85),
        ((0.9, 0.1), (0.8, 0.2), 0.65),
        ((0.7, 0.3), (0.3, 0.7), 1.0),
        ((0.5, 0.5), (1.0, 0.0), 1.0),
        ((0.6, 0.3, 0.1), (0.1, 0.3, 0.6), 1.0),
    ],
)
def test_wrong_weights_are_found(right: tuple[float, ...], wrong: tuple[float, ...], least: float) -> None:
    assert found_wrong(right, wrong, 1000) >= least


@pytest.mark.parametrize("shares", [(0.5, 0.5), (0.9, 0.1), (0.99, 0.01), (0.4, 0.3, 0.2, 0.1)])
def test_no_right_pool_of_five_thousand_fails(shares: tuple[float, ...]) -> None:
    assert found_wrong(shares, shares, 5000) == 0


def off_by(shares: Sequence[float], member: int, off: float) -> list[float]:
    """Shares of which one is another by so much, at the cost of all others alike."""
    others = 1 - shares[member]
    scale = (others - off) / others if others else 0.0
    found = [share * scale for share in shares] if others else [-off / (len(shares) - 1)] * len(shares)
    found[member] = shares[member] + off
    return found


@pytest.mark.parametrize("shares", [(0.5, 0.5), (0.9, 0.1), (0.25, 0.25, 0.25, 0.25), (1.0, 0.0)])
@pytest.mark.parametrize(("requests", "level"), [(60, SUSPICIOUS), (360, WRONG), (60, CONFIRMED)])
def test_a_deviation_that_is_said_to_show_does(shares: tuple[float, ...], requests: int, level: float) -> None:
    points = shown_deviation(requests, shares, level)
    assert points is not None
    for member, share in enumerate(shares):
        for off in (points / 100, -points / 100):
            if 0 <= share + off <= 1:
                wrong = off_by(shares, member, off)
                rejected = sum(p_value(counts, shares) < level for counts in draws(wrong, requests, 400))
                # Three standard errors of the drawing.
                assert rejected >= 400 * 0.9 - 18


def test_too_few_requests_show_no_deviation() -> None:
    assert shown_deviation(3, (0.5, 0.5), WRONG) is None
    assert shown_deviation(0, (0.5, 0.5), SUSPICIOUS) is None


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=50), st.floats(0, 100))
def test_a_percentile_lies_among_the_values(values: list[float], percent: float) -> None:
    ordered = sorted(values)
    found = percentile(ordered, percent)
    assert ordered[0] - 1e-6 <= found <= ordered[-1] + 1e-6
    assert percentile(ordered, 0) == ordered[0]
    assert percentile(ordered, 100) == ordered[-1]


def test_a_percentile_is_interpolated() -> None:
    assert percentile([10.0, 20.0, 30.0, 40.0], 50) == 25.0
    assert percentile([10.0, 20.0], 95) == pytest.approx(19.5)
    assert percentile([7.0], 99) == 7.0
