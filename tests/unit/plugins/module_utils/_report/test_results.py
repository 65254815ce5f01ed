# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How results are read: what is missing gets its default, what is wrong is told with its place."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._report.results import ResultError, read_results

from tests.unit.plugins.module_utils._report.examples import bad, check, good, large, result, tiny


@pytest.mark.parametrize("example", [good(), bad(), tiny(), *large(1)], ids=lambda each: each["service"])
def test_a_result_is_read_as_it_is(example: dict[str, Any]) -> None:
    assert read_results([example]) == [{**example, "started": datetime(2026, 11, 30, 10, tzinfo=UTC)}]


def test_parts_that_were_switched_off_may_be_missing() -> None:
    example = result()
    for part in ("models", "backends", "shares", "latency", "failover", "streaming", "sku"):
        del example[part]
    (read,) = read_results([{**example, "models": None, "later": "unknown"}])
    assert read["models"] == read["shares"] == read["streaming"] == []
    assert read["sku"] == ""
    assert "later" not in read


@pytest.mark.parametrize(
    ("started", "hour"),
    [("2026-11-30T10:00:00Z", 10), ("2026-11-30T10:00:00+02:00", 8), ("2026-11-30T10:00:00.25", 10)],
)
def test_times_become_utc(started: str, hour: int) -> None:
    (read,) = read_results([result(started=started)])
    assert (read["started"].hour, read["started"].tzinfo) == (hour, UTC)


@pytest.mark.parametrize("started", ["", None])
def test_a_validation_that_asked_nothing_has_no_start(started: str | None) -> None:
    (read,) = read_results([result(started=started)])
    assert read["started"] is None


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("text", "results: is 'text'; write a list"),
        ({"service": "a"}, "results: is a dict; write a list"),
        (["a"], "results[0]: is 'a'; write a mapping"),
        ([result(duration_s=float("nan"))], "results[0].duration_s: is nan; write a number from 0 to"),
        ([result(duration_s=-1)], "results[0].duration_s: is -1; write a number from 0 to"),
        ([result(duration_s=True)], "results[0].duration_s: is True; write a number from 0 to"),
        ([result(calls={"planned": 1})], "results[0].calls.made: is missing; add it"),
        ([result(calls={"planned": 1.5, "made": 0})], "results[0].calls.planned: is 1.5; write an integer from 0 to"),
        ([result(outcome="unknown")], "results[0].outcome: is 'unknown'; write one of passed, failed, skipped"),
        ([result(started="today")], "results[0].started: is 'today'; write a time such as"),
        ([result(started=5)], "results[0].started: is 5; write a time such as"),
        ([{**result(), "service": None}], "results[0].service: is a NoneType; write text"),
        ([result(checks=[check("models", "a", "ok")])], "results[0].checks[0].outcome: is 'ok'; write one of"),
        ([result(models=[{"name": "a", "hops": [{"route": "b", "pooled": 1, "members": []}]}])], "write true or false"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(value: Any, message: str) -> None:
    with pytest.raises(ResultError) as error:
        read_results(value)
    assert str(error.value).startswith("The validation results have 1 problem; nothing was written:\n  - results")
    assert message in str(error.value)


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(ResultError, match="have 3 problems") as error:
        read_results([{**result(), "service": 1, "sku": 2}, result(outcome="")])
    assert str(error.value).count("\n  - ") == 3
