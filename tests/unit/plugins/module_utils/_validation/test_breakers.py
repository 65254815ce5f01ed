# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""When failures must have opened a circuit breaker."""

from __future__ import annotations

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.breakers import Breaker, breaker_of
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.plugins.module_utils._routing.inventories import backend, plan_of


def breaker(**options: object) -> Breaker:
    plan = plan_of(backend("a", circuit_breaker=options))
    found = breaker_of(plan["backends"][0])
    assert found is not None
    return found


def test_a_breaker_that_is_off_is_none() -> None:
    plan = plan_of(backend("a", circuit_breaker={"enabled": False}))
    assert (breaker_of(plan["backends"][0]), breaker_of({"name": "b"})) == (None, None)


@pytest.mark.parametrize(
    ("status", "counts"),
    [(429, True), (430, False), (499, False), (500, True), (599, True), (200, False), (None, False)],
)
def test_the_codes_of_the_guide_count(status: int | None, counts: bool) -> None:
    assert breaker().counts(status) is counts


def test_other_codes_may_count_instead() -> None:
    assert [breaker(status_codes=["503"]).counts(status) for status in (429, 503)] == [False, True]


def test_failures_in_one_interval_open_it() -> None:
    of_three = breaker(count=3, interval="PT1S")
    assert not of_three.must_open([])
    assert not of_three.must_open([(0, 10), (20, 30)])
    assert of_three.must_open([(0, 10), (20, 30), (900, 1000)])
    assert not of_three.must_open([(0, 10), (20, 30), (900, 1001)])
    assert of_three.must_open([(0, 10), (2000, 2010), (2020, 2030), (2900, 2950)])


@given(st.lists(st.integers(0, 20_000), max_size=12), st.integers(1, 6), st.integers(1, 10))
def test_it_must_open_when_a_sliding_window_holds_enough(starts: list[int], count: int, interval: int) -> None:
    times = [(float(each), each + 5.0) for each in sorted(starts)]
    fits = any(
        sum(begin <= other[0] and other[1] <= begin + interval * 1000 for other in times) >= count
        for begin, _end in times
    )
    assert breaker(count=count, interval=f"PT{interval}S").must_open(times) is fits
