# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Standbys and fallbacks that have to serve while members fail one after the other."""

from __future__ import annotations

from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.checks import (
    FAILED,
    PASSED,
    SKIPPED,
    Check,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.failovers import failovers_of
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.judge_failover import judge_failover
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.observations import Attempt, Observation
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.topology import Member, Topology
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.trials import Round, Trial, shown_trial

from tests.unit.plugins.module_utils._routing.inventories import backend, external, plan_of
from tests.unit.plugins.module_utils._validation.observed import answer, chat, sent

A, B, C, X = "a-gpt-4o", "b-gpt-4o", "c-gpt-4o", "x-gpt-4o"
NOBODY = "https://made-to-fail.invalid"
STAIRS = plan_of(
    backend("a"), backend("b", priority=2), backend("c", priority=3), external("x", priority=4),
    backend_scope="deployment",
)  # fmt: skip


def stairs(second: list[Observation] | None = None, third: list[Observation] | None = None, **fields: Any) -> Trial:
    """A trial of three priorities and a fallback, in which one member failed after the other."""
    topology = Topology(STAIRS)
    (failover,) = failovers_of(topology, {"gpt-4o": chat()})
    rounds: list[Round] = []
    failing: tuple[Member, ...] = ()
    answers = [
        [answer([sent(STAIRS, A, 429), sent(STAIRS, B)])] * 8,
        [answer([sent(STAIRS, B, 429), sent(STAIRS, C)])] * 4 if second is None else second,
        [answer([sent(STAIRS, C, 429), sent(STAIRS, X)])] * 4 if third is None else third,
    ]
    for step, given in zip(failover.steps, answers, strict=True):
        failing = (*failing, *step.fails)
        rounds.append(Round(failing, given))
    good = [answer([sent(STAIRS, A)])]
    return Trial(failover, **{"cause": "answered 429", "before": good, "after": good, "rounds": rounds, **fields})


def judged(wanted: Trial) -> Check:
    check = judge_failover(wanted, Topology(STAIRS))
    assert (check.group, check.name) == ("failover", "gpt-4o-backend-pool")
    assert bool(check.remedy) == (check.outcome == FAILED)
    return check


def test_every_standby_that_served_passes() -> None:
    check = judged(stairs())
    assert check.outcome == PASSED
    assert check.message == f"16 requests were answered while {A} and {B} and {C} answered 429"


def test_a_dead_standby_that_clients_notice_is_told_with_who_failed_before_it() -> None:
    dead = answer([sent(STAIRS, B, 429), sent(STAIRS, C, 404)], status=404, message="DeploymentNotFound")
    check = judged(stairs([dead] * 4))
    assert check.outcome == FAILED
    assert check.message == f"4 of 4 requests while {A} and {B} answered 429 failed: HTTP 404: DeploymentNotFound"


def test_a_dead_standby_in_whose_place_a_fallback_answers_fails() -> None:
    check = judged(stairs([answer([sent(STAIRS, C, 500), sent(STAIRS, X)])] * 4, [answer([sent(STAIRS, X)])]))
    assert check.outcome == FAILED
    assert check.message == f"{C} had to serve and did not: others answered after its failures"


def test_a_standby_that_no_request_reached_is_unproven() -> None:
    check = judged(stairs([answer([sent(STAIRS, X)])] * 4, [answer([sent(STAIRS, X)])]))
    assert check.outcome == SKIPPED
    assert check.message.startswith(f"no request reached {C}: unproven")


def test_a_member_that_served_in_an_earlier_step_has_served() -> None:
    assert judged(stairs([answer([sent(STAIRS, C)])], [])).outcome == SKIPPED
    earlier = stairs([answer([sent(STAIRS, C)]), answer([sent(STAIRS, X)])], [])
    assert judged(earlier).outcome == PASSED


def test_without_traces_nothing_is_said_of_single_members() -> None:
    untraced = [answer(None)] * 4
    found = stairs(untraced, untraced, openings=[(1.0, 2.0)])
    found.rounds[0].answers[:] = untraced
    assert judged(found).outcome == PASSED


def test_what_failed_on_purpose_is_no_evidence_against_a_backend() -> None:
    found = stairs().of_the_well(Topology(STAIRS))
    assert {attempt.status for each in found for attempt in each.attempts or ()} == {200}


def test_addresses_that_stand_in_tell_who_they_stand_for() -> None:
    met = [answer([Attempt(f"{NOBODY}/{B}/chat/completions"), sent(STAIRS, C)])] * 4
    found = stairs(met, stand_in=NOBODY)
    event = shown_trial(found, Topology(STAIRS))["events"][9]
    assert event["attempts"] == [{"backend": B, "status": None}, {"backend": C, "status": 200}]
