# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may serve a model, and how a member is known by the URL that was called."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.plan import build_plan
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.topology import (
    Topology,
    credential_headers,
)
from hypothesis import given

from tests.unit.plugins.module_utils._routing.inventories import (
    IDENTITY,
    Inventory,
    backend,
    external,
    mixed_inventories,
    plan_of,
)

KEY = {"auth_scheme": "api_key", "credential": {"named_value": "the-key"}}
TWO = plan_of(backend("a", "gpt-4o", "o3", weight=60), backend("b", "gpt-4o", weight=40), external("x", "gpt-4o"))


def served_by(topology: Topology, model: str, url: str) -> str | None:
    member = topology.member_of(model, url)
    return member.backend if member else None


def test_a_chain_holds_the_pool_and_what_stands_behind_it() -> None:
    pool, single = Topology(TWO).chain("gpt-4o")
    assert (pool.name, pool.pooled, single.name, single.pooled) == ("gpt-4o-backend-pool", True, "x-gpt-4o", False)
    assert [(each.backend, each.account, each.deployment, each.weight) for each in pool.members] == [
        ("a-gpt-4o", "a", "gpt-4o", 60),
        ("b-gpt-4o", "b", "gpt-4o", 40),
    ]


def test_a_single_backend_is_a_member_of_its_own_route() -> None:
    (route,) = Topology(TWO).chain("o3")
    (member,) = route.members
    assert (member.backend, member.deployment, member.host) == ("a", "o3", "a.cognitiveservices.azure.com")
    assert route.share(member) == 1.0


def test_a_backend_that_serves_several_models_names_no_deployment() -> None:
    plan = plan_of(backend("a", "gpt-4o", "o3"))
    topology = Topology(plan)
    assert topology.chain("o3")[0].members[0].deployment == ""
    shown = {each["name"]: each["hops"][0]["members"][0]["deployment"] for each in topology.shown_models()}
    assert shown == {"gpt-4o": "gpt-4o", "o3": "o3"}


@given(mixed_inventories())
def test_the_deployment_of_the_plan_is_never_that_of_another_model(inventory: Inventory) -> None:
    plan = build_plan(inventory, managed_identity=IDENTITY)
    topology = Topology(plan)
    for model in plan["models"]:
        for hop, route in zip(model["hops"], topology.chain(model["name"]), strict=True):
            path = f"openai/deployments/{quote(hop['deployment'] or model['name'], safe='')}/chat/completions"
            for member in route.members:
                assert topology.misdirected(model["name"], f"{member.url}/{path}") == ""


def test_a_deployment_of_another_model_is_known_where_the_url_of_the_account_is_that_of_both() -> None:
    topology = Topology(plan_of(backend("a", "gpt-4o", {"name": "o3", "deployment": "Ü3"}, "gpt-5")))
    account = "https://a.cognitiveservices.azure.com/openai/deployments"
    found = {name: topology.misdirected("o3", f"{account}/{name}/chat") for name in ("ü3", "%C3%9C3", "o3", "gpt-4o")}
    assert found == {"ü3": "", "%C3%9C3": "", "o3": "o3", "gpt-4o": "gpt-4o"}
    assert topology.misdirected("o3", "https://stranger.example/openai/deployments/gpt-4o/chat") == ""


def test_a_member_is_known_by_what_begins_a_url() -> None:
    topology, host = Topology(TWO), "https://a.cognitiveservices.azure.com"
    assert served_by(topology, "gpt-4o", f"{host}/openai/deployments/gpt-4o/chat/completions") == "a-gpt-4o"
    assert served_by(topology, "gpt-4o", f"{host.upper()}:443/OpenAI/deployments/GPT-4O/chat/completions") == "a-gpt-4o"
    assert served_by(topology, "gpt-4o", f"{host}/openai/deployments/gpt-4o-mini/chat/completions") is None
    assert served_by(topology, "gpt-4o", f"{host}:8443/openai/deployments/gpt-4o/chat/completions") is None
    assert served_by(topology, "gpt-4o", f"{host}.evil.example/openai/deployments/gpt-4o/chat") is None
    assert served_by(topology, "gpt-4o", "https://x.example/v1/chat/completions") == "x-gpt-4o"
    assert served_by(topology, "o3", f"{host}/openai/deployments/o3/chat/completions") == "a"
    assert served_by(topology, "o3", "https://x.example/v1/chat/completions") is None


def test_of_urls_that_begin_alike_the_longest_is_meant() -> None:
    inner = external("inner", endpoint="https://x.example/v1/inner", **KEY)
    topology = Topology(plan_of(external("outer", endpoint="https://x.example/v1", **KEY), inner))
    assert served_by(topology, "gpt-4o", "https://x.example/v1/chat/completions") == "outer"
    assert served_by(topology, "gpt-4o", "https://x.example/v1/inner/chat/completions") == "inner"


def test_encoding_of_a_name_does_not_matter() -> None:
    odd = {"name": "gpt-4o", "deployment": "my model"}
    plan = plan_of(backend("a", odd), backend("b"), backend_scope="deployment")
    base = "https://a.cognitiveservices.azure.com/openai/deployments"
    topology = Topology(plan)
    (member,) = (each for each in topology.chain("gpt-4o")[0].members if each.account == "a")
    assert member.url == f"{base}/my%20model"
    for spelled in ("my%20model", "my model"):
        assert served_by(topology, "gpt-4o", f"{base}/{spelled}/chat/completions") == member.backend


def test_two_keys_for_one_provider_are_not_told_apart() -> None:
    plan = plan_of(
        *(external(name, endpoint="https://x.example/v1", **KEY) for name in ("one", "two")), external("y", **KEY)
    )
    topology = Topology(plan)
    (pool,) = topology.chain("gpt-4o")
    assert [member.account for member in pool.indistinct] == ["one", "two"]
    first, second = (member.backend for member in pool.indistinct)
    assert (topology.namesakes(first), topology.namesakes(second)) == ([second], [first])
    assert topology.namesakes(pool.members[2].backend) == []


def test_backends_with_one_url_for_different_models_are_told_apart() -> None:
    plan = plan_of(external("x", "gpt-4o", "claude", **KEY), external("y", "gpt-4o", **KEY))
    topology = Topology(plan)
    assert topology.chain("gpt-4o")[0].indistinct == ()
    assert not any(topology.namesakes(each["name"]) for each in topology.shown_backends())


def test_shares_are_those_of_the_best_priority() -> None:
    plan = plan_of(
        backend("a", weight=30),
        backend("b", weight=10),
        backend("c", priority=2, weight=99),
        backend_scope="deployment",
    )
    (pool,) = Topology(plan).chain("gpt-4o")
    assert [pool.share(member) for member in pool.members] == [0.75, 0.25, 0.0]
    assert [member.account for member in pool.first] == ["a", "b"]


def test_breakers_are_those_of_the_plan() -> None:
    off = {"enabled": False}
    slow = {"count": 7, "interval": "PT1M", "trip_duration": "PT2M", "status_codes": ["429", "500-503"]}
    plan = plan_of(backend("a", circuit_breaker=slow), backend("b", circuit_breaker=off))
    (pool,) = Topology(plan).chain("gpt-4o")
    first, second = pool.members
    assert first.breaker is not None
    assert (first.breaker.count, first.breaker.interval, second.breaker) == (7, 60, None)
    assert pool.rests_for == 120


def test_backends_are_shown_with_host_and_type() -> None:
    assert Topology(TWO).shown_backends() == [
        {"name": "a", "host": "a.cognitiveservices.azure.com", "type": "ai-foundry"},
        {"name": "a-gpt-4o", "host": "a.cognitiveservices.azure.com", "type": "ai-foundry"},
        {"name": "b-gpt-4o", "host": "b.cognitiveservices.azure.com", "type": "ai-foundry"},
        {"name": "x-gpt-4o", "host": "x.example", "type": "external"},
    ]


def test_an_inventory_without_backends_has_nothing_to_show() -> None:
    topology = Topology(build_plan([]))
    assert (topology.shown_models(), topology.shown_backends(), topology.routes) == ([], [], {})


@pytest.mark.parametrize(
    ("fields", "headers"),
    [
        ({}, {"authorization"}),
        ({"backend_type": "azure-openai", **KEY}, {"api-key"}),
        ({"backend_type": "external", "endpoint": "https://x.example", **KEY}, {"authorization"}),
        ({"auth_scheme": "token", "credential": {"named_value": "the-token"}}, {"authorization"}),
    ],
    ids=["managed identity", "key of Azure OpenAI", "key of others", "token"],
)
def test_a_backend_is_shown_its_own_credential(fields: dict[str, Any], headers: set[str]) -> None:
    assert credential_headers(plan_of(backend("a", **fields)))["a"] == headers


def test_members_of_a_pool_get_its_token() -> None:
    found = credential_headers(TWO)
    assert [found[name] for name in ("a", "a-gpt-4o", "b-gpt-4o")] == [{"authorization"}] * 3


def test_credentials_that_somebody_else_sets_are_not_known() -> None:
    assert not {"x", "x-gpt-4o"} & set(credential_headers(TWO))


@given(mixed_inventories())
def test_every_member_is_found_by_its_own_url(inventory: Inventory) -> None:
    plan = build_plan(inventory, managed_identity=IDENTITY)
    topology = Topology(plan)
    for model in plan["models"]:
        chain = topology.chain(model["name"])
        assert [route.name for route in chain] == [hop["route"] for hop in model["hops"]]
        for route in chain:
            assert sum(map(route.share, route.members)) == pytest.approx(1)
            for member in route.members:
                found = topology.member_of(model["name"], f"{member.url}/chat/completions?api-version=1")
                assert found is not None
                assert found.backend in {member.backend, *topology.namesakes(member.backend)}
    assert len(topology.shown_models()) == len(plan["models"])
    assert set(credential_headers(plan)) <= {each["name"] for each in plan["backends"]}
