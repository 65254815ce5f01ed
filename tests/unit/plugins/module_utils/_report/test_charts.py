# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Charts: nothing leaves its drawing or lies on other text, and what is drawn is the data."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._report.drawing import (
    MOST_ROWS,
    NARROW,
    WIDE,
    Circle,
    Drawing,
    Mark,
    Path,
    Rect,
    Text,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._report.failover_chart import failover_chart
from ansible_collections.citadel.ai_gateway.plugins.module_utils._report.latency_chart import latency_chart
from ansible_collections.citadel.ai_gateway.plugins.module_utils._report.outcome_bar import outcome_bar
from ansible_collections.citadel.ai_gateway.plugins.module_utils._report.page import page_of
from ansible_collections.citadel.ai_gateway.plugins.module_utils._report.results import read_results
from ansible_collections.citadel.ai_gateway.plugins.module_utils._report.shares_chart import shares_chart
from ansible_collections.citadel.ai_gateway.plugins.module_utils._report.table import outcomes
from hypothesis import given, settings

from tests.unit.plugins.module_utils._report.examples import (
    POOL,
    PRIMARY,
    SECONDARY,
    bad,
    check,
    failover,
    good,
    large,
    latency,
    result,
    share,
    tiny,
)
from tests.unit.plugins.module_utils._report.hostile import results

WIDTHS = pytest.mark.parametrize("width", [WIDE, NARROW])


def read(example: dict[str, Any]) -> dict[str, Any]:
    return read_results([example])[0]


def drawings(given_results: list[dict[str, Any]]) -> Iterator[Drawing]:
    """Every drawing of a page."""
    for service in page_of(read_results(given_results))["services"]:
        figures = [service["topology"], service["shares_figure"], service["latency_figure"]]
        for figure in [*figures, *service["failover_figures"]]:
            yield from (drawing for drawing in (figure.wide, figure.narrow) if drawing)
        if service["bar"]:
            yield service["bar"]


def kept(drawing: Drawing | None, kind: str) -> list[Mark]:
    """The marks of a kind."""
    assert drawing
    return [mark for mark in drawing.marks if mark.kind == kind]


def texts(drawing: Drawing | None, kind: str) -> list[str]:
    return [mark.text for mark in kept(drawing, kind) if isinstance(mark, Text)]


def assert_sound(drawing: Drawing) -> None:
    """All marks are inside, and no text lies on another."""
    for mark in drawing.marks:
        box = mark.box
        assert -0.01 <= box.left <= box.right <= drawing.width + 0.01, mark
        assert -0.01 <= box.top <= box.bottom <= drawing.height + 0.01, mark
    boxes = [mark.box for mark in drawing.marks if isinstance(mark, Text) and mark.text]
    for one, other in combinations(boxes, 2):
        apart = one.right <= other.left or other.right <= one.left or one.bottom <= other.top or other.bottom <= one.top
        assert apart, (one, other)


@pytest.mark.parametrize(
    "example", [[good()], [bad()], [tiny()], large(1, 40), large(1, 200)], ids=["good", "bad", "tiny", "large", "huge"]
)
def test_charts_are_sound(example: list[dict[str, Any]]) -> None:
    found = list(drawings(example))
    assert found
    for drawing in found:
        assert_sound(drawing)
        assert drawing.description


@given(results())
@settings(max_examples=25)
def test_charts_of_any_data_are_sound(hostile: list[dict[str, Any]]) -> None:
    for drawing in drawings(hostile):
        assert_sound(drawing)


def test_what_was_not_measured_is_not_drawn() -> None:
    assert shares_chart([], WIDE) is latency_chart([], WIDE) is None
    assert shares_chart([{**share("a", {}), "members": []}], WIDE) is None
    assert failover_chart({**failover(), "events": []}, WIDE) is None
    assert outcome_bar(outcomes([])) is None


@WIDTHS
def test_bars_are_as_long_as_the_shares(width: float) -> None:
    chart = shares_chart(read(good())["shares"], width)
    bars = [mark for mark in kept(chart, "bar") if isinstance(mark, Rect)]
    marks = [mark for mark in kept(chart, "expected") if isinstance(mark, Path)]
    full = bars[0].width / 0.7
    assert bars[1].width == pytest.approx(0.3 * full)
    # Measured is what was expected, so both end at the same place.
    assert [mark.box.left for mark in marks] == pytest.approx([bar.x + bar.width for bar in bars])
    for band, bar in zip(kept(chart, "band"), bars, strict=True):
        assert band.box.left < bar.x + bar.width < band.box.right
    assert bars[0].title == f"{PRIMARY}: 42 of 60 requests, 70.0 %, expected 70.0 %"


def test_failed_pools_come_first_and_have_their_colour() -> None:
    shares = [share("a", {"x": (1, 5)}), share("b", {"x": (1, 5)}, p_value=0.0001)]
    chart = shares_chart(read(result(shares=shares))["shares"], WIDE)
    assert texts(chart, "strong") == ["b-backend-pool", "a-backend-pool"]
    assert texts(chart, "figure")[0] == "failed, p < 0.001"
    assert len(kept(chart, "bar failed")) == len(kept(chart, "bar")) == 1


@WIDTHS
def test_percentiles_stand_in_order_and_figures_beside_them(width: float) -> None:
    chart = latency_chart(read(bad())["latency"], width)
    entries = sorted(bad()["latency"], key=lambda entry: entry["model"] != "gpt-4o")  # as they are drawn
    for kind, name in (("p50", "p50_ms"), ("p95", "p95_ms"), ("p99", "p99_ms")):
        places = [(mark.box.left + mark.box.right) / 2 for mark in kept(chart, kind)]
        by_place = sorted(range(len(places)), key=places.__getitem__)
        assert [entries[index][name] for index in by_place] == sorted(entry[name] for entry in entries)
    assert "3,073 · 5,539 · 6,295" in texts(chart, "figure")
    assert chart
    assert "logarithmic" in chart.title


def test_requests_at_one_place_are_one_tick() -> None:
    entry = {**latency("gpt-4o", PRIMARY, 100), "samples_ms": [100.0] * 40}
    (ticks,) = kept(latency_chart([entry], WIDE), "sample")
    assert isinstance(ticks, Path)
    assert ticks.data.count("M") == 1


def test_figures_that_have_no_room_are_not_cut() -> None:
    entry = {**latency("gpt-4o", PRIMARY, 100), "p99_ms": 10.0**12, "p95_ms": 10.0**11}
    assert texts(latency_chart([entry], NARROW), "figure") == ["p50 · p95 · p99 ms", "see table"]


def test_the_slowest_rows_are_drawn_and_the_page_says_so() -> None:
    example = large(1, 200)[0]
    page = page_of(read_results([example]))["services"][0]
    assert len(kept(page["latency_figure"].wide, "p50")) == MOST_ROWS
    slowest = max(example["latency"], key=lambda entry: entry["p95_ms"])
    assert any(
        mark.title.startswith(f"p95: {slowest['p95_ms']:,.0f}") for mark in kept(page["latency_figure"].wide, "p95")
    )
    assert f"The chart shows up to {MOST_ROWS} of 300 rows; the table has all." in page["latency_figure"].note
    assert len(kept(page["shares_figure"].wide, "bar")) <= MOST_ROWS


@WIDTHS
def test_a_timeline_shows_who_answered_when(width: float) -> None:
    trial = read(result(failover=[failover()]))["failover"][0]
    chart = failover_chart(trial, width)
    assert texts(chart, "name") == [PRIMARY, SECONDARY]
    assert texts(chart, "figure") == ["23 answered", "37 answered"]
    (shade,), (breaker,) = kept(chart, "shade"), kept(chart, "breaker")
    dots = [mark for mark in kept(chart, "answer") if isinstance(mark, Circle)]
    lanes = sorted({dot.y for dot in dots})
    assert len(lanes) == 2
    for dot in dots:
        inside = shade.box.left + 2 < dot.x < shade.box.right - 2
        assert dot.y == lanes[1] or not inside
    assert shade.box.left < breaker.box.left < shade.box.right < breaker.box.right
    assert kept(chart, "refused")
    assert not kept(chart, "answer failed")


def test_a_timeline_shows_errors_and_open_ends() -> None:
    trial = failover(healthy=False)
    trial["breaker"] = [{"backend": SECONDARY, "open_from_ms": 2000, "open_to_ms": None}]
    chart = failover_chart(read(result(failover=[trial]))["failover"][0], WIDE)
    assert texts(chart, "name") == [PRIMARY, SECONDARY, "no backend"]
    assert "28 requests" in texts(chart, "figure")
    assert kept(chart, "answer failed")
    (breaker,) = kept(chart, "breaker")
    assert breaker.title == "circuit breaker open from 2.0 s to the end"
    assert chart
    assert "others answered 0 of 28 requests. Clients got 28 errors in all." in chart.description


def test_answers_of_unknown_backends_are_told_from_those_of_none() -> None:
    trial = failover()
    for event in trial["events"]:
        event.update(backend=None, attempts=[])
    chart = failover_chart(read(result(failover=[trial]))["failover"][0], WIDE)
    assert texts(chart, "name")[-1] == "unknown backend"


def test_long_names_are_whole_in_their_titles() -> None:
    name = "a-model-with-a-name-that-is-much-too-long-for-a-label-of-a-chart"
    chart = latency_chart([latency(name, PRIMARY, 100)], NARROW)
    (label,) = kept(chart, "strong")
    assert isinstance(label, Text)
    assert label.title == name
    assert "…" in label.text


def test_rare_outcomes_are_seen() -> None:
    checks = [check("models", str(number), "failed" if number == 0 else "passed") for number in range(1000)]
    bar = outcome_bar(outcomes(checks))
    assert bar
    assert [mark.kind for mark in bar.marks] == ["part failed", "part passed"]
    assert bar.marks[0].box.right >= 4
    assert bar.marks[1].box.right == bar.width
    assert bar.description == "999 passed, 1 failed"


def test_pools_without_a_name_that_is_known_are_drawn_too() -> None:
    chart = shares_chart(read(result(shares=[share("gpt-4o", {PRIMARY: (1, 3)}, p_value=None)]))["shares"], WIDE)
    assert texts(chart, "strong") == [POOL]
    assert texts(chart, "figure")[0] == "passed"
