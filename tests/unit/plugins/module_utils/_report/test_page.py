# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the page about a validation says."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._report.page import page_of
from ansible_collections.citadel.ai_gateway.plugins.module_utils._report.results import read_results

from tests.unit.plugins.module_utils._report.examples import (
    POOL,
    PRIMARY,
    bad,
    check,
    failover,
    good,
    large,
    result,
    tiny,
)

UNCHECKED = result(
    checks=[check("models", "a", "skipped"), check("shares", "b", "skipped")], service="apim-b", outcome="skipped"
)


def page(*examples: dict[str, Any]) -> dict[str, Any]:
    return page_of(read_results(examples))


@pytest.mark.parametrize(
    ("examples", "outcome", "headline"),
    [
        ([], "skipped", "No service was validated"),
        ([tiny()], "passed", "Passed: 1 check, none skipped"),
        ([good()], "passed", "Passed: 12 checks, 2 skipped (access 2)"),
        ([good(), bad()], "failed", "Failed: 3 of 28 checks, 4 skipped (access 4)"),
        ([{**tiny(), "outcome": "failed"}], "failed", "Failed, none skipped"),
        ([UNCHECKED], "skipped", "Skipped: nothing was checked, 2 skipped (models 1, shares 1)"),
        (
            [tiny(), UNCHECKED],
            "skipped",
            "Skipped: nothing was checked at 1 of 2 services, 2 skipped (models 1, shares 1)",
        ),
        ([result(outcome="skipped")], "skipped", "Skipped: nothing was checked"),
        ([bad(), UNCHECKED], "failed", "Failed: 3 of 16 checks, 4 skipped (access 2, models 1, shares 1)"),
    ],
)
def test_the_verdict_is_that_of_all_services(examples: list[dict[str, Any]], outcome: str, headline: str) -> None:
    found = page(*examples)
    assert (found["outcome"], found["headline"]) == (outcome, headline)


def test_facts_of_one_service_name_it() -> None:
    assert page(bad())["facts"] == [
        ("Service", "apim-mixed-providers"),
        ("Gateway", "https://apim-mixed-providers.azure-api.net"),
        ("Resource group", "rg-citadel-governance-hub"),
        ("SKU", "Developer"),
        ("Location", "Sweden Central"),
        ("Checks", "9 passed, 3 failed, 2 skipped"),
        ("Calls to models", "117 of 120"),
        ("Started", "2026-11-30 10:00:00 UTC"),
        ("Duration", "12.3 s"),
    ]


def test_facts_of_several_services_are_sums() -> None:
    later = {**tiny(), "started": "2026-11-30T12:00:10+02:00", "duration_s": 55.0}
    assert page(good(), bad(), later)["facts"] == [
        ("Services", "3, 1 failed"),
        ("Checks", "22 passed, 3 failed, 4 skipped"),
        ("Calls to models", "238 of 241"),
        ("Started", "2026-11-30 10:00:00 UTC"),
        ("Duration", "1 min 05 s"),
    ]


def test_a_service_that_was_not_reached_has_no_start() -> None:
    late = {**tiny(), "started": "", "duration_s": 20.0}
    assert "Started" not in dict(page(late)["facts"])
    facts = dict(page(good(), late)["facts"])
    assert (facts["Started"], facts["Duration"]) == ("2026-11-30 10:00:00 UTC", "20.0 s")


def test_trials_begin_with_their_first_request() -> None:
    late = failover()
    late.update(failing_from_ms=61000, failing_to_ms=63000)
    late["events"] = [{**event, "at_ms": event["at_ms"] + 60000} for event in late["events"]]
    late["breaker"] = [{**late["breaker"][0], "open_from_ms": 61200, "open_to_ms": 63600}]
    (service,) = page(result(failover=[late]))["services"]
    (trial,) = service["trials"]
    assert trial["events"][0]["at_ms"] == 0
    assert (trial["failing_from_ms"], trial["failing_to_ms"]) == (987.5, 2987.5)
    assert trial["breaker"] == [{**late["breaker"][0], "open_from_ms": 1187.5, "open_to_ms": 3587.5}]
    note = service["failover_figures"][0].note
    assert note.startswith(f"{POOL}: {PRIMARY} answers 429 from 1.0 s to 3.0 s.")


def test_parts_without_data_say_why() -> None:
    checks = [
        check("shares", "a", "skipped", message="no pool"),
        check("shares", "b", "skipped", message="no pool"),
        check("latency", "c", "failed", message="no answer"),
    ]
    (service,) = page(result(checks=checks))["services"]
    assert service["shares_figure"] == (None, None, "Skipped: no pool")
    assert service["latency_figure"] == (None, None, "Failed: no answer")
    assert service["topology"] == (None, None, "The inventory declares no model.")
    assert service["unmeasured"] == ["Failover", "Streaming"]


def test_many_services_are_folded() -> None:
    assert [service["open"] for service in page(*large(3, 2))["services"]] == [True] * 3
    assert [service["open"] for service in page(*large(4, 2))["services"]] == [False] * 4


def test_the_timelines_with_errors_are_drawn() -> None:
    trials = [failover(healthy=number > 0, name=f"m{number}") for number in reversed(range(8))]
    (service,) = page(result(failover=trials))["services"]
    assert len(service["failover_figures"]) == 4
    assert service["failover_figures"][0].wide.title == "Failover of m0-backend-pool"
    assert [(trial["errors"], trial["refusals"]) for trial in service["trials"]][-2:] == [(0, 2), (28, 28)]
