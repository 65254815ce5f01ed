# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What clients saw while a member of a pool failed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.checks import (
    FAILED,
    PASSED,
    SKIPPED,
    Check,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.failovers import (
    Failover,
    Step,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.judge_failover import judge_failover
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.observations import Attempt, Observation
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.topology import Topology
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.trials import Round, Trial, shown_trial

from tests.unit.plugins.module_utils._routing.inventories import backend, external, plan_of
from tests.unit.plugins.module_utils._validation.observed import answer, chat, sent

PLAN = plan_of(backend("a"), backend("b"), external("x", priority=2), backend_scope="deployment")
A, B, X = "a-gpt-4o", "b-gpt-4o", "x-gpt-4o"
NOBODY = "https://made-to-fail.invalid"
GOOD = [answer([sent(PLAN, A)]), answer([sent(PLAN, B)])]


def trial(during: list[Observation] | None = None, plan: dict[str, Any] = PLAN, **fields: Any) -> Trial:
    """A trial in which the first member answered 429, and the breaker opened."""
    route = Topology(plan).chain("gpt-4o")[0]
    first, second = route.members[:2]
    met = [answer([sent(plan, A, 429), sent(plan, B)], at_ms=each * 200.0) for each in range(3)]
    answers = [*met, answer([sent(plan, B)])] if during is None else during
    given = {"cause": "answered 429", "before": GOOD, "after": GOOD, "openings": [(1.0, None)], **fields}
    failover = Failover(chat(), route, (Step((first,), 8, (second,)),))
    return Trial(failover, rounds=[Round((first,), answers)], **given)


def judged(wanted: Trial, plan: dict[str, Any] = PLAN) -> Check:
    check = judge_failover(wanted, Topology(plan))
    assert (check.group, check.name) == ("failover", "gpt-4o-backend-pool")
    assert bool(check.remedy) == (check.outcome == FAILED)
    return check


def test_a_pool_whose_clients_notice_nothing_passes() -> None:
    check = judged(trial())
    assert check.outcome == PASSED
    assert check.message == f"4 requests were answered while {A} answered 429; the breaker of {A} opened"


def test_a_route_behind_the_pool_may_answer() -> None:
    assert judged(trial([answer([sent(PLAN, A, 429), sent(PLAN, B, 429), sent(PLAN, X)])])).outcome == PASSED


@pytest.mark.parametrize(
    ("part", "what"),
    [
        ("before", "before any member failed"),
        ("during", f"while {A} answered 429"),
        ("after", "after all members were well again"),
    ],
)
def test_a_client_that_notices_is_told_when(part: str, what: str) -> None:
    refused = answer([sent(PLAN, A, 500)], status=500, code="broken")
    spoiled: dict[str, Any] = {part: [*GOOD[1:], refused]}
    check = judged(trial(**spoiled))
    assert (check.outcome, check.message) == (FAILED, f"1 of 2 requests {what} failed: HTTP 500 broken")


def test_a_trial_that_could_not_be_made_is_left_out_and_one_that_left_something_fails() -> None:
    check = judged(trial(error="ARM refuses"))
    assert (check.outcome, check.message) == (SKIPPED, "ARM refuses")
    check = judged(trial(left_behind="the backend still has no address", error="ARM refuses"))
    assert (check.outcome, check.message) == (FAILED, "the backend still has no address")
    assert "onboard" in check.remedy


def test_a_member_that_goes_on_answering_was_not_reached() -> None:
    check = judged(trial([answer([sent(PLAN, A)])]))
    assert check.outcome == FAILED
    assert "the trial did not reach it" in check.message
    assert "llm_validation_propagation_delay" in check.remedy


@pytest.mark.parametrize("openings", [None, []])
@pytest.mark.parametrize(
    ("during", "reason"),
    [
        ([answer(None)] * 8, "does not tell whom it asked"),
        ([answer([sent(PLAN, B)])] * 8, f"none of 8 requests went to {A} while it failed"),
    ],
)
def test_a_trial_that_proves_nothing_does_not_pass(
    openings: list[tuple[float, float]] | None, during: list[Observation], reason: str
) -> None:
    check = judged(trial(during, openings=openings))
    assert check.outcome == SKIPPED
    assert reason in check.message


def test_an_open_breaker_proves_that_it_was_met() -> None:
    assert judged(trial([answer(None)] * 8, openings=[(1.0, 2.0)])).outcome == PASSED


def test_a_breaker_that_stays_closed_is_told() -> None:
    check = judged(trial(openings=[]))
    assert (check.outcome, check.message) == (FAILED, f"the breaker of {A} did not open, although it answered 429")
    assert judged(trial(openings=None)).outcome == PASSED


@pytest.mark.parametrize(
    "breaker",
    [{"count": 4}, {"interval": "PT1S"}, {"status_codes": ["500-599"]}],
    ids=["too few failures", "too far apart", "429 does not count"],
)
def test_a_breaker_need_not_open_for_what_it_does_not_count(breaker: dict[str, Any]) -> None:
    plan = plan_of(
        backend("a"), backend("b"), external("x", priority=2), backend_scope="deployment", circuit_breaker=breaker
    )
    wanted = trial(plan=plan, openings=[])
    for number, each in enumerate(wanted.during):
        each.at_ms = number * 700.0
    assert judged(wanted, plan).outcome == PASSED


def test_reserved_capacity_refuses_and_goes_on_serving() -> None:
    reserved = {"name": "gpt-4o", "sku": "ProvisionedManaged", "fallbacks": ["o3"]}
    plan = plan_of(backend("a", reserved), backend("b", reserved), backend("c", "o3"), backend_scope="deployment")
    (member, *_others) = Topology(plan).chain("gpt-4o")[0].members
    assert member.breaker is not None
    assert not member.breaker.counts(429)
    assert judged(trial(plan=plan, openings=[]), plan).outcome == PASSED


def test_a_breaker_that_opened_before_a_slow_answer_may_be_closed_again() -> None:
    wanted = trial(openings=[])
    for each in wanted.during:
        each.duration_ms = 5000.0
    assert judged(wanted).outcome == PASSED


def test_an_answer_of_nobody_in_the_chain_is_told() -> None:
    stranger = answer([sent(PLAN, A, 429), Attempt("https://stranger.example/v1", 200)])
    check = judged(trial([stranger]))
    assert (check.outcome, check.message) == (
        FAILED,
        "https://stranger.example/v1 answered, which no route of the model has",
    )


def test_an_address_that_stands_in_is_the_member() -> None:
    met = answer([Attempt(f"{NOBODY}/chat/completions"), sent(PLAN, B)], at_ms=5.4)
    wanted = trial([met], openings=None, stand_in=NOBODY)
    assert judged(wanted).outcome == PASSED
    (event,) = shown_trial(wanted, Topology(PLAN))["events"][2:3]
    assert event == {
        "at_ms": 5,
        "status": 200,
        "backend": B,
        "attempts": [{"backend": A, "status": None}, {"backend": B, "status": 200}],
    }


def test_a_timeline_tells_all() -> None:
    lost = answer(None, status=None, error="cut")
    found = shown_trial(
        trial([lost], failing_from_ms=10.4, failing_to_ms=99.6, openings=[(1.4, 2.6), (3.0, None)]), Topology(PLAN)
    )
    assert json.loads(json.dumps(found)) == found
    assert {
        name: found[name] for name in ("pool", "model", "backend", "cause", "failing_from_ms", "failing_to_ms")
    } == {
        "pool": "gpt-4o-backend-pool",
        "model": "gpt-4o",
        "backend": A,
        "cause": "answered 429",
        "failing_from_ms": 10,
        "failing_to_ms": 100,
    }
    assert len(found["events"]) == 5
    assert found["events"][2] == {"at_ms": 0, "status": None, "backend": None, "attempts": []}
    assert found["breaker"] == [
        {"backend": A, "open_from_ms": 1, "open_to_ms": 3},
        {"backend": A, "open_from_ms": 3, "open_to_ms": None},
    ]
