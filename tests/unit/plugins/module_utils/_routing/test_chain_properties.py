# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for the chains of every inventory, however its backends, deployments and credentials are mixed."""

from __future__ import annotations

from itertools import pairwise
from typing import Any
from urllib.parse import unquote

from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.naming import is_resource_name, model_key
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.plugins.module_utils._routing.inventories import (
    Inventory,
    key_of,
    member_of,
    mixed_inventories,
    plan_of,
)

scopes = st.sampled_from(["auto", "deployment"])
Plan = dict[str, Any]


def entries_of(inventory: Inventory) -> list[tuple[Plan, Plan]]:
    return [(item, entry) for item in inventory for entry in item["supported_models"]]


def backends_of(plan: Plan) -> dict[str, list[Plan]]:
    """Return route -> options of the APIM backends behind it."""
    backends = {each["name"]: each for each in plan["backends"]}
    pools = {pool["name"]: [backends[member["backend"]] for member in pool["members"]] for pool in plan["pools"]}
    return {route["name"]: pools.get(route["name"]) or [backends[route["name"]]] for route in plan["routes"]}


def credentials_of(account: Plan) -> tuple[str, ...]:
    """Return what authenticates requests to an account, as an inventory tells it."""
    if account["auth_scheme"] == "managed_identity":
        host = account["endpoint"]
        return ("token", "us" if ".azure.us" in host else "com", "ml" if ".models.ai." in host else "cognitive")
    return ("given",) if "credential" in account else ("not given",)


@given(mixed_inventories(), scopes)
def test_every_declared_model_has_a_chain_whose_routes_exist(inventory: Inventory, scope: str) -> None:
    plan = plan_of(*inventory, backend_scope=scope)
    routes = {route["name"]: route for route in plan["routes"]}
    assert [model["key"] for model in plan["models"]] == sorted(
        {key_of(entry) for _item, entry in entries_of(inventory)}
    )
    for model in plan["models"]:
        chain = [hop["route"] for hop in model["hops"]]
        assert chain[0] == model["route"]
        assert len(set(chain)) == len(chain)
        for hop in model["hops"]:
            assert hop["model"] in routes[hop["route"]]["models"]
        own = [hop["route"] for hop in model["hops"] if hop["model"] == model["name"]]
        assert own == [name for name in chain if model["name"] in routes[name]["models"]]
    assert routes.keys() == {hop["route"] for model in plan["models"] for hop in model["hops"]}


@given(mixed_inventories(), scopes)
def test_a_chain_goes_on_with_the_routes_of_its_fallbacks(inventory: Inventory, scope: str) -> None:
    plan = plan_of(*inventory, backend_scope=scope)
    own = {
        model["key"]: [hop["route"] for hop in model["hops"] if hop["model"] == model["name"]]
        for model in plan["models"]
    }
    fallbacks = {key_of(entry): entry["fallbacks"] for _item, entry in entries_of(inventory) if "fallbacks" in entry}
    for model in plan["models"]:
        chain = own[model["key"]] + [
            route for name in fallbacks.get(model["key"], []) for route in own[model_key(name)]
        ]
        assert [hop["route"] for hop in model["hops"]] == list(dict.fromkeys(chain))


@given(mixed_inventories(), scopes)
def test_every_member_is_in_one_route_of_its_model_and_priorities_stay_in_order(
    inventory: Inventory, scope: str
) -> None:
    plan = plan_of(*inventory, backend_scope=scope)
    behind = backends_of(plan)
    priorities = {item["backend_id"]: item["priority"] for item in inventory}
    accounts = {item["backend_id"]: item for item in inventory}
    routes = {route["name"]: route for route in plan["routes"]}
    for model in plan["models"]:
        listed = {
            member_of(item, entry["deployment"])
            for item, entry in entries_of(inventory)
            if key_of(entry) == model["key"]
        }
        members = [member_of(accounts[member["account"]], member["deployment"]) for member in model["members"]]
        assert sorted(members) == sorted(listed)
        own = [hop["route"] for hop in model["hops"] if hop["model"] == model["name"]]
        assert sum(len(behind[name]) for name in own) == len(members)
        steps = [[priorities[account] for account in routes[name]["accounts"]] for name in own]
        assert all(max(before) <= min(after) for before, after in pairwise(steps))


@given(mixed_inventories(), scopes)
def test_members_of_a_route_share_one_way_to_authenticate(inventory: Inventory, scope: str) -> None:
    accounts = {item["backend_id"]: item for item in inventory}
    for route in plan_of(*inventory, backend_scope=scope)["routes"]:
        (way,) = {credentials_of(accounts[account]) for account in route["accounts"]}
        assert bool(route["token_audience"]) == (way[0] == "token")
        if way[0] == "token":
            service = "ml" if way[2] == "ml" else "cognitiveservices"
            assert route["token_audience"] == f"https://{service}.azure.{way[1]}"


@given(mixed_inventories(), scopes)
def test_the_breaker_of_an_account_counts_429_exactly_where_it_is_routed_to(inventory: Inventory, scope: str) -> None:
    plan = plan_of(*inventory, backend_scope=scope)
    behind = backends_of(plan)
    routed = {
        backend["name"] for route in plan["routes"] if route["scope"] == "backend" for backend in behind[route["name"]]
    }
    for backend in plan["backends"][: len(inventory)]:
        assert ("429" in backend["circuit_breaker"]["status_codes"]) == (backend["name"] in routed)


@given(mixed_inventories(), scopes)
def test_what_reserved_capacity_refuses_always_has_somewhere_to_go(inventory: Inventory, scope: str) -> None:
    """A member whose breaker ignores 429 shares its pool with its like alone, and every model behind it goes on."""
    plan = plan_of(*inventory, backend_scope=scope)
    priorities = {item["backend_id"]: item["priority"] for item in inventory}
    provisioned = {
        member_of(item, entry["deployment"])
        for item, entry in entries_of(inventory)
        if entry["sku"] == "ProvisionedManaged"
    }
    accounts = {item["backend_id"]: item for item in inventory}
    with_fallbacks = {key_of(entry) for _item, entry in entries_of(inventory) if entry.get("fallbacks")}
    behind = backends_of(plan)
    for route in plan["routes"]:
        (counts,) = {"429" in backend["circuit_breaker"]["status_codes"] for backend in behind[route["name"]]}
        if not counts:
            assert {
                member_of(accounts[each["account"]], each["deployment"]) for each in route["members"]
            } <= provisioned
            assert len({priorities[account] for account in route["accounts"]}) == 1
            assert route["retries"] == len(route["members"]) - 1
            assert {model_key(name) for name in route["models"]} <= with_fallbacks


@given(mixed_inventories(), scopes)
def test_a_request_in_deployment_scope_suits_every_member(inventory: Inventory, scope: str) -> None:
    plan = plan_of(*inventory, backend_scope=scope)
    behind = backends_of(plan)
    deployments = {
        model["name"]: [model_key(each["deployment"]) for each in model["members"]] for model in plan["models"]
    }
    for route in plan["routes"]:
        if route["scope"] == "deployment":
            named = [deployment for model in route["models"] for deployment in deployments[model]]
            for backend in behind[route["name"]]:
                _endpoint, in_path, name = backend["url"].partition("/openai/deployments/")
                assert model_key(unquote(name) if in_path else route["deployment"]) in named
        else:
            assert route["deployment"] == ""


@given(mixed_inventories(), scopes)
def test_backends_bring_their_api_version_exactly_where_a_route_is_mixed(inventory: Inventory, scope: str) -> None:
    plan = plan_of(*inventory, backend_scope=scope)
    for route in plan["routes"]:
        for backend in backends_of(plan)[route["name"]]:
            version = backend.get("credentials", {}).get("query", {}).get("api-version", "")
            if route["family"] != "mixed" or "external.example" in backend["url"]:
                assert version == ""
            else:
                assert version == ("2024-10-21" if "/openai/deployments/" in backend["url"] else "2024-05-01-preview")


@given(mixed_inventories(min_size=0), scopes)
def test_names_are_valid_and_unique_without_case(inventory: Inventory, scope: str) -> None:
    plan = plan_of(*inventory, backend_scope=scope)
    names = [item["name"] for item in [*plan["backends"], *plan["pools"]]]
    assert all(map(is_resource_name, names))
    assert len({name.lower() for name in names}) == len(names)
    assert {route["name"] for route in plan["routes"]} <= set(names)


@given(mixed_inventories())
def test_in_deployment_scope_every_member_has_a_backend_of_its_own(inventory: Inventory) -> None:
    plan = plan_of(*inventory, backend_scope="deployment")
    accounts = [item["backend_id"] for item in inventory]
    assert [backend["name"] for backend in plan["backends"][: len(accounts)]] == accounts
    members = {member_of(item, entry["deployment"]) for item, entry in entries_of(inventory)}
    assert len(plan["backends"]) == len(accounts) + len(members)
    assert {route["scope"] for route in plan["routes"]} == {"deployment"}


@given(mixed_inventories())
def test_what_is_in_no_route_in_auto_scope_is_an_account(inventory: Inventory) -> None:
    plan = plan_of(*inventory)
    routed = {backend["name"] for backends in backends_of(plan).values() for backend in backends}
    accounts = {item["backend_id"] for item in inventory}
    assert {backend["name"] for backend in plan["backends"]} - routed <= accounts
