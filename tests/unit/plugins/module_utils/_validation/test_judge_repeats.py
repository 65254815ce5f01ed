# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Failures that clients meet when a model is asked many times."""

from __future__ import annotations

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.checks import FAILED, SKIPPED
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.judge_repeats import (
    deserves_more,
    failures,
    judge_failures,
    judge_unanswered,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.observations import Observation
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.schedule import Repeat
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.topology import Topology

from tests.unit.plugins.module_utils._routing.inventories import backend, plan_of
from tests.unit.plugins.module_utils._validation.observed import answer, chat, sent

PLAN = plan_of(backend("a"), backend("b"), backend_scope="deployment")
POOL = Topology(PLAN).chain("gpt-4o")[0]
A = "a-gpt-4o"
SHARES, LATENCY = Repeat(chat(), 60, POOL), Repeat(chat(), 10)
GOOD = answer([sent(PLAN, A)])
BROKEN = answer([sent(PLAN, A, 500)], status=500, code="boom")
DENIED = answer([], status=401, message="Access denied due to invalid subscription key.")
THROTTLED = answer([sent(PLAN, A, 429)], status=429)
OPEN = answer([], status=503, code="backend_unavailable")
LOST = answer(None, status=None, error="ReadTimeout: timed out")


@pytest.mark.parametrize("repeat", [SHARES, LATENCY])
def test_a_gateway_that_answers_nothing_fails_by_name_with_what_it_answered(repeat: Repeat) -> None:
    check = judge_failures(repeat, [DENIED] * 10)
    assert check is not None
    assert (check.group, check.name, check.outcome) == (
        ("shares", "gpt-4o-backend-pool", FAILED) if repeat.route else ("latency", "gpt-4o", FAILED)
    )
    assert check.message == (
        "10 of 10 requests for gpt-4o failed: 10 times HTTP 401: Access denied due to invalid subscription key."
    )
    assert check.remedy


@pytest.mark.parametrize(
    ("good", "bad", "fails"),
    [(60, [], False), (59, [BROKEN], False), (58, [BROKEN, LOST], True), (9, [BROKEN], True), (49, [LOST], False),
     (48, [LOST], True), (51, [BROKEN] * 9, True), (98, [BROKEN] * 2, False)],
)  # fmt: skip
def test_one_failure_in_fifty_requests_is_allowed(good: int, bad: list[Observation], fails: bool) -> None:
    check = judge_failures(SHARES, [*[GOOD] * good, *bad])
    assert (check is not None and check.outcome == FAILED) == fails
    assert check is None or f"{len(bad)} of {good + len(bad)} requests" in check.message


def test_different_failures_are_told_apart() -> None:
    check = judge_failures(LATENCY, [GOOD, BROKEN, BROKEN, LOST])
    assert check is not None
    assert check.message.endswith("failed: 2 times HTTP 500 boom; 1 times ReadTimeout: timed out")


def test_a_single_failure_of_few_requests_deserves_more() -> None:
    assert deserves_more([*[GOOD] * 9, BROKEN]) == 40
    assert deserves_more([*[GOOD] * 8, BROKEN, BROKEN]) == 0
    assert deserves_more([*[GOOD] * 59, BROKEN]) == 0
    assert deserves_more([*[GOOD] * 9, THROTTLED]) == 0


@pytest.mark.parametrize("answers", [[THROTTLED] * 10, [THROTTLED] * 3 + [OPEN] * 7])
def test_what_is_only_throttled_is_not_measured(answers: list[Observation]) -> None:
    check = judge_failures(LATENCY, answers)
    assert check is not None
    assert (check.outcome, check.message) == (
        SKIPPED,
        "throttled: all 10 requests for gpt-4o were refused with HTTP 429",
    )


def test_throttling_beside_good_answers_is_no_failure() -> None:
    assert judge_failures(LATENCY, [GOOD, *[THROTTLED] * 9]) is None
    assert judge_failures(LATENCY, [GOOD, THROTTLED, OPEN]) is None


def test_breakers_that_opened_for_another_reason_are_failures() -> None:
    assert len(failures([BROKEN, *[OPEN] * 9])) == 10
    assert len(failures([THROTTLED, BROKEN, OPEN])) == 2
    assert len(failures([OPEN] * 10)) == 10


def test_a_model_without_a_good_answer_has_a_latency_check() -> None:
    assert judge_unanswered("gpt-4o", [DENIED] * 3).outcome == FAILED
    assert judge_unanswered("gpt-4o", [THROTTLED] * 3).outcome == SKIPPED
    check = judge_unanswered("gpt-4o", [answer([sent(PLAN, A, 500), sent(PLAN, "b-gpt-4o")])])
    assert (check.group, check.name, check.outcome) == ("latency", "gpt-4o", SKIPPED)
