# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether counts fit shares: against exact values, and how often right and wrong pools are told apart."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Iterator, Sequence

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.judge_shares import SIGNIFICANCE
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.statistics import p_value, percentile
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


def ratio(counts: Sequence[int], shares: Sequence[float]) -> float:
    number = sum(counts)
    return sum(count * math.log(count / (number * share)) for count, share in zip(counts, shares, strict=True) if count)


def exact(counts: Sequence[int], shares: Sequence[float]) -> float:
    """The exact value of the multinomial test by the likelihood ratio, by going through all outcomes."""
    worst = ratio(counts, shares) - 1e-9
    outcomes = compositions(sum(counts), len(counts))
    return sum(likelihood(each, shares) for each in outcomes if ratio(each, shares) >= worst)


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
    wanted = exact(counts, shares)
    # Three standard errors of a simulation.
    tolerance = 3 * math.sqrt(wanted * (1 - wanted) / 10_000) + max(3 * wanted / math.sqrt(500), 1e-4)
    assert p_value(counts, shares) == pytest.approx(wanted, abs=tolerance)


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


def draws(shares: Sequence[float], requests: int, times: int) -> list[list[int]]:
    """Counts of many pools that spread requests by these shares."""
    drawing = random.Random(7)
    found = []
    for _ in range(times):
        members = drawing.choices(range(len(shares)), shares, k=requests)
        found.append([members.count(member) for member in range(len(shares))])
    return found


@pytest.mark.parametrize(("shares", "requests"), [([0.7, 0.3], 60), ([0.95, 0.05], 60), ([0.4, 0.3, 0.3], 10)])
def test_right_pools_are_called_unlikely_as_seldom_as_is_said(shares: list[float], requests: int) -> None:
    drawn = Counter(tuple(counts) for counts in draws(shares, requests, 2000))
    values = {counts: p_value(counts, shares) for counts in drawn}
    for level in (0.1, 0.01, SIGNIFICANCE):
        rejected = sum(number for counts, number in drawn.items() if values[counts] < level)
        assert rejected <= 2000 * level + 3 * math.sqrt(2000 * level)


@pytest.mark.parametrize(
    ("right", "wrong"), [([0.7, 0.3], [0.3, 0.7]), ([0.5, 0.5], [1.0, 0.0]), ([0.6, 0.3, 0.1], [0.1, 0.3, 0.6])]
)
def test_wrong_weights_are_found_by_60_requests(right: list[float], wrong: list[float]) -> None:
    assert all(p_value(counts, right) < SIGNIFICANCE for counts in draws(wrong, 60, 5))


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
