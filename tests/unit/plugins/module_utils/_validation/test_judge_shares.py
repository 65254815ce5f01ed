# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How pools spread requests, and how long models take."""

from __future__ import annotations

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.checks import FAILED, PASSED, SKIPPED
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.judge_shares import (
    ShareSample,
    judge_latency,
    judge_shares,
    latencies,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.model_options import ModelOptions
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.observations import Attempt, Observation
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.schedule import Repeat
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.topology import Topology

from tests.unit.plugins.module_utils._routing.inventories import backend, external, plan_of
from tests.unit.plugins.module_utils._validation.observed import answer, chat, sent

PLAN = plan_of(
    backend("a", weight=70),
    backend("b", weight=30),
    backend("c", priority=2),
    external("x", priority=3),
    backend_scope="deployment",
)
A, B, C, X = "a-gpt-4o", "b-gpt-4o", "c-gpt-4o", "x-gpt-4o"
TOPOLOGY = Topology(PLAN)
POOL = TOPOLOGY.chain("gpt-4o")[0]


def sample(*observations: Observation) -> ShareSample:
    return ShareSample(Repeat(chat(), len(observations), POOL), POOL, observations, TOPOLOGY)


def served(**numbers: int) -> list[Observation]:
    names = {"a": A, "b": B, "c": C, "x": X}
    return [answer([sent(PLAN, names[name])]) for name, number in numbers.items() for _ in range(number)]


def test_shares_by_weight_pass_with_their_numbers() -> None:
    check, shares = judge_shares(sample(*served(a=42, b=18)), "")
    assert (check.group, check.name, check.outcome) == ("shares", "gpt-4o-backend-pool", PASSED)
    assert check.message == f"{A} 42 (weight says 42), {B} 18 (weight says 18), {C} 0 (weight says 0)"
    assert shares is not None
    assert shares["p_value"] > 0.9
    assert (shares["pool"], shares["model"], shares["requests"]) == ("gpt-4o-backend-pool", "gpt-4o", 60)
    assert shares["members"][0] == {"backend": A, "weight": 70, "priority": 1, "expected": 0.7, "served": 42}


@pytest.mark.parametrize("numbers", [{"a": 18, "b": 42}, {"a": 60}, {"a": 42, "b": 17, "c": 1}])
def test_shares_by_other_weights_or_priorities_fail(numbers: dict[str, int]) -> None:
    found = sample(*served(**numbers))
    assert found.is_suspicious
    check, shares = judge_shares(found, "")
    assert check.outcome == FAILED
    assert check.remedy
    assert shares is not None
    assert shares["outcome"] == FAILED


@pytest.mark.parametrize("strange", [X, ""], ids=["of another route", "of no route"])
def test_one_who_is_not_in_the_pool_is_named(strange: str) -> None:
    place = sent(PLAN, strange) if strange else Attempt("https://stranger.example/v1", 200)
    found = sample(*served(a=42, b=18), answer([place]))
    assert found.is_suspicious
    check, _shares = judge_shares(found, "")
    assert check.outcome == FAILED
    assert f"{strange or 'https://stranger.example/v1'} 1 (not in the pool)" in check.message


@pytest.mark.parametrize(
    ("odd", "reason"),
    [
        (answer(None), "the gateway kept no trace of 1 of 61 requests"),
        (answer([]), "the gateway kept no trace of 1 of 61 requests"),
        (answer([sent(PLAN, A, 429), sent(PLAN, B)]), "1 of 61 requests met a failure, which moves the shares"),
        (answer(None, status=503), "1 of 61 requests met a failure, which moves the shares"),
        (answer([], status=503), "1 of 61 requests met a failure, which moves the shares"),
        (answer(None, status=None, error="cut"), "1 of 61 requests met a failure, which moves the shares"),
    ],
    ids=["untraced", "asked nobody", "failed over", "refused", "breakers open", "no answer"],
)
@pytest.mark.parametrize("numbers", [{"a": 42, "b": 18}, {"a": 18, "b": 42}], ids=["right", "wrong"])
def test_what_does_not_tell_of_weights_alone_gives_no_verdict(
    odd: Observation, reason: str, numbers: dict[str, int]
) -> None:
    found = sample(*served(**numbers), odd)
    assert not found.is_suspicious
    check, shares = judge_shares(found, "")
    assert (check.outcome, check.message, shares) == (SKIPPED, reason, None)


def test_traces_that_end_in_the_middle_give_no_verdict() -> None:
    check, shares = judge_shares(sample(*served(a=42, b=18)), "403: no traces")
    assert (check.outcome, check.message, shares) == (SKIPPED, "403: no traces", None)


def test_no_requests_give_no_verdict() -> None:
    check, shares = judge_shares(sample(), "")
    assert (check.outcome, shares) == (SKIPPED, None)


def test_latency_is_that_of_answers_at_the_first_attempt() -> None:
    slow = [answer([sent(PLAN, A)], duration_ms=each) for each in (30.0, 10.0, 20.0)]
    others = [
        answer([sent(PLAN, A, 429), sent(PLAN, B)], duration_ms=999.0),
        answer([sent(PLAN, B, 500)], status=500, duration_ms=999.0),
        answer([Attempt("https://stranger.example", 200)], duration_ms=999.0),
        answer([], duration_ms=999.0),
    ]
    (found,) = latencies([*slow, *others], TOPOLOGY)
    assert found == {
        "model": "gpt-4o",
        "backend": A,
        "requests": 3,
        "p50_ms": 20.0,
        "p95_ms": 29.0,
        "p99_ms": 29.8,
        "samples_ms": [10.0, 20.0, 30.0],
    }


def test_without_traces_the_route_stands_for_the_backend() -> None:
    (found,) = latencies([answer(None)], TOPOLOGY)
    assert found["backend"] == "gpt-4o-backend-pool"


def test_only_some_hundred_samples_are_kept() -> None:
    (found,) = latencies([answer(None, duration_ms=float(each)) for each in range(2000)], TOPOLOGY)
    assert found["requests"] == 2000
    assert len(found["samples_ms"]) <= 300
    assert found["samples_ms"] == sorted(found["samples_ms"])


def test_a_limit_of_the_latency_is_held() -> None:
    measured = latencies([answer([sent(PLAN, A)], duration_ms=100.0)], TOPOLOGY)
    outcomes = {limit: next(judge_latency(measured, ModelOptions(limit_ms=limit))).outcome for limit in (0, 100, 99)}
    assert outcomes == {0: PASSED, 100: PASSED, 99: FAILED}
    (check,) = judge_latency(measured, ModelOptions(limit_ms=99))
    assert check.name == f"gpt-4o at {A}"
    assert check.message.endswith("p95 may be 99 ms")


@pytest.mark.parametrize(("common", "own", "outcome"), [(99, 0, PASSED), (99, 100, PASSED), (0, 99, FAILED)])
def test_a_model_may_have_a_limit_of_its_own(common: int, own: int, outcome: str) -> None:
    measured = latencies([answer([sent(PLAN, A)], duration_ms=100.0)], TOPOLOGY)
    (check,) = judge_latency(measured, ModelOptions({}, common, {"gpt-4o": {"max_p95_ms": own}}))
    assert check.outcome == outcome
