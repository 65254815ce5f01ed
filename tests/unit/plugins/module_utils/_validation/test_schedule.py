# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which requests a validation makes, and how many of them it announces."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.plan import build_plan
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.failovers import AFTER, BEFORE
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.model_options import ModelOptions
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.schedule import (
    CHECKS,
    FAILOVER,
    LATENCY,
    MODELS,
    SHARES,
    STREAMING,
    Limits,
    Schedule,
    schedule_of,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.topology import Topology
from hypothesis import given

from tests.unit.plugins.module_utils._routing.inventories import (
    IDENTITY,
    Inventory,
    backend,
    external,
    mixed_inventories,
    plan_of,
)
from tests.unit.plugins.module_utils._validation.observed import API, AZURE, INFERENCE

KEY = {"auth_scheme": "api_key", "credential": {"named_value": "the-key"}}
PAIR = (backend("a", "gpt-4o", "o3", weight=70), backend("b", weight=30))


def planned(plan: dict[str, Any], *checks: str, apis: tuple[dict[str, str], ...] = (API, AZURE)) -> Schedule:
    return schedule_of(plan, apis, checks=checks or CHECKS, limits=Limits(60, 10), options=ModelOptions())


def test_what_is_announced_is_what_is_made() -> None:
    found = planned(plan_of(*PAIR))
    found.products = 2
    assert found.counts() == {
        "models": 4,
        "streaming": 2,
        "shares": 60,
        "latency": 10,
        "access": 2,
        "failover": BEFORE + 8 + AFTER,
    }
    assert found.calls == sum(found.counts().values()) == 92
    found.fit(1000)
    assert found.told() == (
        "92 requests to LLMs: 4 for models, 2 for streaming, 60 for shares, 10 for latency, 2 for access, "
        "14 for failover, and up to 392 more where an answer or shares are in doubt"
    )


@pytest.mark.parametrize(
    ("check", "calls"), [(MODELS, 4), (STREAMING, 2), (SHARES, 60), (LATENCY, 20), (FAILOVER, 14), ("listing", 0)]
)
def test_only_what_is_wanted_is_asked(check: str, calls: int) -> None:
    found = planned(plan_of(*PAIR), check)
    assert found.calls == calls
    assert found.told().startswith(f"{calls} requests to LLMs")


def test_a_pool_whose_best_priority_has_one_member_needs_few_requests() -> None:
    plan = plan_of(backend("a"), backend("b", priority=2))
    assert planned(plan, SHARES).calls == 10


def test_no_models_and_no_apis_make_no_requests() -> None:
    assert planned(build_plan([])).calls == 0
    found = planned(plan_of(*PAIR), apis=())
    assert found.calls == 0
    assert found.told() == "0 requests to LLMs"
    assert found.unmeasured == found.unable == {"gpt-4o-backend-pool": "no API can be asked for gpt-4o"}


def hub(pools: int) -> dict[str, Any]:
    """A plan with so many pools of two accounts."""
    models = [f"model-{number}" for number in range(pools)]
    return plan_of(backend("a", *models), backend("b", *models))


def test_a_hub_with_nine_pools_is_within_the_default_limit() -> None:
    found = planned(hub(9))
    found.fit(1000)
    assert [repeat.number for repeat in found.repeats] == [60] * 9
    assert found.calls == 9 * (2 + 1 + 60 + 14)
    assert found.calls + found.spare == 1000


def test_a_hub_with_thirty_pools_is_measured_by_fewer_requests_each_and_says_so() -> None:
    found = planned(hub(30))
    assert found.calls == 30 * (2 + 1 + 60 + 14)
    found.fit(1000)
    # A tenth of the limit is left for second samples.
    assert [repeat.number for repeat in found.repeats] == [(900 - 30 * 17) // 30] * 30 == [13] * 30
    assert found.calls == 900
    assert found.spare == 100
    assert "390 for shares (13 for each pool, so that all are within llm_validation_max_calls (max_calls))" in (
        found.told()
    )


def test_no_pool_is_measured_by_fewer_than_ten_requests() -> None:
    found = planned(hub(30))
    found.fit(810)
    assert {repeat.number for repeat in found.repeats} == {10}
    assert (found.calls, found.spare) == (810, 0)
    found.fit(809)
    assert found.calls == 810


def test_pools_with_one_first_member_keep_their_few_requests() -> None:
    found = planned(plan_of(backend("a", "x", "y"), backend("b", "x"), backend("c", "y", priority=2)), SHARES)
    found.fit(50)
    assert sorted(repeat.number for repeat in found.repeats) == [10, 35]


def test_failover_goes_less_far_where_the_limit_is_small() -> None:
    plan = plan_of(*(backend(name, priority=number) for number, name in enumerate("abcd", 1)))
    found = planned(plan, FAILOVER)
    assert found.calls == BEFORE + 8 + 4 + 4 + AFTER
    found.fit(14)
    assert found.calls == BEFORE + 8 + AFTER


def test_a_hub_that_no_plan_fits_stays_above_the_limit() -> None:
    found = planned(hub(9))
    found.fit(10)
    assert found.calls > 10
    assert found.spare == 0


def test_without_breakers_there_is_no_failover_to_try() -> None:
    plan = plan_of(*PAIR, circuit_breaker={"enabled": False})
    found = planned(plan, FAILOVER)
    assert found.failovers == []
    assert "no circuit breaker" in found.unable["gpt-4o-backend-pool"]


def test_a_pool_with_one_deployment_twice_cannot_lose_it_once() -> None:
    twins = [backend(name, endpoint="https://one.cognitiveservices.azure.com") for name in ("a", "b")]
    found = planned(plan_of(*twins), FAILOVER, SHARES)
    assert found.failovers == []
    assert found.unable["gpt-4o-backend-pool"].endswith("are one deployment, which fails for both")
    assert found.repeats == []
    assert "one URL" in found.unmeasured["gpt-4o-backend-pool"]


def test_two_keys_for_one_provider_are_not_measured_as_shares_but_for_latency() -> None:
    plan = plan_of(*(external(name, endpoint="https://x.example/v1", **KEY) for name in ("one", "two")))
    found = planned(plan, SHARES, LATENCY)
    assert [(repeat.route, repeat.number) for repeat in found.repeats] == [(None, 10)]
    assert found.unmeasured == {
        "gpt-4o-backend-pool": "one and two have one URL, so that traces do not tell which of them was asked"
    }


def test_a_pool_that_stands_behind_another_is_told() -> None:
    plan = plan_of(backend("a"), backend("b"), external("x", **KEY, priority=2), external("y", **KEY, priority=2))
    first, second = (route.name for route in Topology(plan).chain("gpt-4o"))
    found = planned(plan, SHARES, FAILOVER)
    assert [repeat.route.name for repeat in found.repeats if repeat.route] == [first]
    assert found.unmeasured == {second: f"it stands behind {first}, and gets requests for gpt-4o when that fails"}
    assert found.unable == {}


@given(mixed_inventories())
def test_every_pool_is_tried_or_told(inventory: Inventory) -> None:
    plan = build_plan(inventory, managed_identity=IDENTITY)
    found = planned(plan, apis=(API, INFERENCE, AZURE))
    pools = {pool["name"] for pool in plan["pools"]}
    measured = [repeat.route.name for repeat in found.repeats if repeat.route]
    assert sorted([*measured, *found.unmeasured]) == sorted(pools)
    tried = {member.backend for failover in found.failovers for member in failover.members}
    members = {pool["name"]: {member["backend"] for member in pool["members"]} for pool in plan["pools"]}
    assert all(members[name] & tried or name in found.unable for name in pools)
    assert len({failover.name for failover in found.failovers}) == len(found.failovers)
    assert found.calls == (
        len(found.questions.asked)
        + len(found.streams)
        + sum(repeat.number for repeat in found.repeats)
        + sum(failover.number for failover in found.failovers)
    )
    for failover in found.failovers:
        assert failover.route.share(failover.member) == max(map(failover.route.share, failover.route.members))
        failing = [member for step in failover.steps for member in step.fails]
        assert len(failing) == len(set(failing))
        assert not set(failing) & set(failover.steps[-1].serves)
