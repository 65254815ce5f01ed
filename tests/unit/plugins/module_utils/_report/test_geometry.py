# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What charts compute with: axes, stacks, chance and texts."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._report.chance import likely_range
from ansible_collections.citadel.ai_gateway.plugins.module_utils._report.scale import linear, spread
from ansible_collections.citadel.ai_gateway.plugins.module_utils._report.stack import stack
from ansible_collections.citadel.ai_gateway.plugins.module_utils._report.text import columns, shorten
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("highest", "ticks"),
    [
        (100, [0, 20, 40, 60, 80, 100]),
        (4.2, [0, 1, 2, 3, 4]),
        (0.9, [0, 0.2, 0.4, 0.6, 0.8]),
        (7000, [0, 2000, 4000, 6000]),
    ],
)
def test_linear_axes_have_round_values(highest: float, ticks: list[float]) -> None:
    assert linear(highest, 0, 100).ticks() == pytest.approx(ticks)


def test_values_that_differ_by_far_share_a_logarithmic_axis() -> None:
    scale = spread(95, 6295, 10, 100)
    assert scale.ticks() == pytest.approx([50, 100, 200, 500, 1000, 2000, 5000, 10000])
    assert (scale.at(50), scale.at(10000)) == pytest.approx((10, 110))
    assert scale.at(200) - scale.at(100) == pytest.approx(scale.at(2000) - scale.at(1000))
    assert spread(100, 900, 0, 100).low == 0


@given(st.floats(0, 1e12), st.floats(0, 1e12), st.floats(0, 1e12))
def test_every_value_has_a_place_on_an_axis(low: float, high: float, value: float) -> None:
    low, high = sorted((low, high))
    for scale in (linear(high, 5, 100), spread(low, high, 5, 100)):
        assert 5 - 1e-6 <= scale.at(value) <= 105 + 1e-6
        assert all(5 - 1e-6 <= scale.at(tick) <= 105 + 1e-6 for tick in scale.ticks())
        assert 1 <= len(scale.ticks()) < 50


@given(st.lists(st.tuples(st.floats(-100, 1000), st.floats(1, 60)), max_size=12), st.floats(0, 300))
def test_stacks_do_not_overlap(items: list[tuple[float, float]], spare: float) -> None:
    wished = [wish for wish, _ in items]
    heights = [height for _, height in items]
    total = sum(heights) + 10 * max(0, len(items) - 1) + spare
    tops = stack(wished, heights, 10, total)
    order = sorted(range(len(items)), key=tops.__getitem__)
    assert all(tops[index] >= -1e-6 and tops[index] + heights[index] <= total + 1e-6 for index in order)
    for one, other in pairwise(order):
        assert tops[one] + heights[one] + 10 <= tops[other] + 1e-6
        assert wished[one] <= wished[other]


def test_what_has_room_stays_where_it_is_wished() -> None:
    assert stack([50, 0, 52], [10, 10, 10], 5, 200) == [50, 0, 65]


@pytest.mark.parametrize(("requests", "expected"), [(60, 0.7), (10, 0.1), (500, 0.5), (2000, 0.001)])
def test_the_likely_range_holds_99_of_100_measurements(requests: int, expected: float) -> None:
    low, high = likely_range(requests, expected)
    counts = range(round(low * requests), round(high * requests) + 1)
    inside = sum(
        math.comb(requests, count) * expected**count * (1 - expected) ** (requests - count) for count in counts
    )
    assert 0.99 <= inside < 1


def test_the_likely_range_of_many_requests_is_close_to_the_exact_one() -> None:
    assert likely_range(2001, 0.3) == pytest.approx(likely_range(2000, 0.3), abs=0.001)


@pytest.mark.parametrize(("requests", "expected"), [(0, 0.4), (50, 0), (50, 1)])
def test_what_chance_cannot_move_has_no_range(requests: int, expected: float) -> None:
    assert likely_range(requests, expected) == (expected, expected)


@pytest.mark.parametrize(
    ("text", "limit", "short"),
    [
        ("gpt-4o", 6, "gpt-4o"),
        ("gpt-4o-mini", 7, "gpt…ini"),
        ("模型模型模型", 7, "模…型"),
        ("abc", 1, "…"),
        ("abc", 0, ""),
        (" a\n b ", 5, "a b"),
    ],
)
def test_texts_lose_their_middle(text: str, limit: int, short: str) -> None:
    assert shorten(text, limit) == short


@given(st.text(), st.integers(0, 40))
def test_shortened_texts_fit(text: str, limit: int) -> None:
    assert columns(shorten(text, limit)) <= limit
