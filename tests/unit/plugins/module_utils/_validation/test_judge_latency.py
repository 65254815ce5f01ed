# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long models take."""

from __future__ import annotations

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.checks import FAILED, PASSED
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.judge_latency import (
    judge_latency,
    latencies,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.model_options import ModelOptions
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.observations import Attempt
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.topology import Topology

from tests.unit.plugins.module_utils._routing.inventories import backend, external, plan_of
from tests.unit.plugins.module_utils._validation.observed import answer, sent

PLAN = plan_of(
    backend("a", weight=70),
    backend("b", weight=30),
    backend("c", priority=2),
    external("x", priority=3),
    backend_scope="deployment",
)
A, B, C, X = "a-gpt-4o", "b-gpt-4o", "c-gpt-4o", "x-gpt-4o"
TOPOLOGY = Topology(PLAN)


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
