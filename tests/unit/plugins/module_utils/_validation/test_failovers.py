# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""In which order members fail, so that each of the others has to serve."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.failovers import (
    AFTER,
    BEFORE,
    Failover,
    failovers_of,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.topology import Topology

from tests.unit.plugins.module_utils._routing.inventories import backend, external, plan_of
from tests.unit.plugins.module_utils._validation.observed import chat

KEY = {"auth_scheme": "api_key", "credential": {"named_value": "the-key"}}


def tried(*backends: dict[str, Any], **variables: Any) -> dict[str, Failover]:
    """What is tried for each model of an inventory, by name."""
    topology = Topology(plan_of(*backends, **variables))
    return {each.name: each for each in failovers_of(topology, {name: chat(name) for name in topology.models})}


def steps(failover: Failover) -> list[tuple[str, int, str]]:
    """Who fails, how many requests go then, and who must serve, by account."""
    return [
        ("+".join(each.account for each in step.fails), step.number, "+".join(each.account for each in step.serves))
        for step in failover.steps
    ]


def test_the_member_with_the_largest_share_is_the_first_to_fail() -> None:
    (found,) = tried(backend("a", weight=10), backend("b", weight=60), backend("c", weight=30)).values()
    assert found.member.account == "b"
    assert steps(found) == [("b", 8, "c"), ("c", 4, "a")]


def test_standbys_must_serve_one_after_the_other() -> None:
    (found,) = tried(backend("a"), backend("b"), backend("second", priority=2), backend("third", priority=3)).values()
    assert steps(found) == [("a", 8, "b"), ("b", 4, "second"), ("second", 4, "third")]
    assert found.number == BEFORE + 16 + AFTER
    assert steps(found.shortened()) == [("a", 8, "b")]


@pytest.mark.parametrize(("members", "first"), [(2, 8), (3, 12), (5, 21), (29, 132)])
def test_so_many_requests_that_the_first_member_is_met(members: int, first: int) -> None:
    (found,) = tried(*(backend(f"m{number}") for number in range(members))).values()
    assert [step.number for step in found.steps] == [first, *[4] * (members - 2)]


def test_a_route_that_a_model_falls_back_to_must_serve() -> None:
    found = tried(backend("a"), backend("b"), external("x", **KEY, priority=2), external("y", **KEY, priority=2))
    (only,) = found.values()
    assert steps(only) == [("a", 8, "b"), ("b", 4, "x"), ("x", 4, "y")]


def test_a_fallback_of_a_single_backend_must_serve() -> None:
    model = {"name": "gpt-5", "fallbacks": ["gpt-4o"]}
    found = tried(backend("a", model), backend("b", "gpt-4o"))
    assert {name: steps(each) for name, each in found.items()} == {"gpt-5 at a-gpt-5": [("a", 8, "b")]}


def test_a_pool_that_has_a_trial_of_its_own_is_only_reached_as_a_fallback() -> None:
    model = {"name": "gpt-5", "fallbacks": ["gpt-4o"]}
    found = tried(backend("a", model), backend("b", "gpt-4o"), backend("c", "gpt-4o"))
    assert steps(found["gpt-5 at a-gpt-5"]) == [("a", 8, "b+c")]
    assert steps(found["gpt-4o-backend-pool"]) == [("b", 8, "c")]


def test_a_member_without_breaker_serves_and_is_the_last() -> None:
    found = tried(backend("a"), backend("b", priority=2, circuit_breaker={"enabled": False}), backend("c", priority=3))
    assert [steps(each) for each in found.values()] == [[("a", 8, "b")]]


def test_one_deployment_twice_cannot_fail_once() -> None:
    twins = [backend(name, endpoint="https://one.cognitiveservices.azure.com", priority=2) for name in ("a", "b")]
    assert tried(*twins) == {}
    assert [steps(each) for each in tried(backend("c"), *twins).values()] == [[("c", 8, "a")]]
