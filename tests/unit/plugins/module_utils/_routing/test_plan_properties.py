# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for the plan of every inventory."""

from __future__ import annotations

import contextlib
import json
import time
from copy import deepcopy
from datetime import date
from typing import Any

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.naming import model_key
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.plan import build_plan
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.problems import InventoryError
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.plugins.module_utils._routing.inventories import (
    Inventory,
    backend,
    inventories,
    key_of,
    mixed_inventories,
    plan_of,
    routes_of,
)

_FIELD_NAMES = (
    "backend_id",
    "backend_type",
    "endpoint",
    "auth_scheme",
    "supported_models",
    "priority",
    "weight",
    "credential",
)
_INNER_NAMES = (
    *("circuit_breaker", "name", "sku", "capacity", "retirement_date", "interval", "status_codes", "enabled"),
    *("deployment", "aliases", "fallbacks", "capabilities", "warn_days", "retired"),
)
_VARIABLES = (
    *("circuit_breaker", "managed_identity", "service", "universal_api", "azure_openai_api", "owner", "prune"),
    *("backend_scope", "retirement"),
)
_scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.dates()
    | st.integers(4300, 5000).map(lambda digits: 10**digits)
    | st.sampled_from(
        ["https://u:p@h", "//[", "https://[", "https://h:99999", "managed_identity", "external", date.max]
    )
)
_keys = st.sampled_from([*_FIELD_NAMES, *_INNER_NAMES, "client_id"]) | st.text(max_size=5) | st.integers()
junk = st.recursive(
    _scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_keys, inner, max_size=8), max_leaves=20
)
nearly_backends = st.builds(
    lambda changes: backend("b") | changes, st.dictionaries(st.sampled_from([*_FIELD_NAMES, "circuit_breaker"]), junk)
)


def members_of(plan: dict[str, Any]) -> dict[str, list[tuple[str, int, int]]]:
    return {
        pool["name"]: sorted((each["backend"], each["priority"], each["weight"]) for each in pool["members"])
        for pool in plan["pools"]
    }


@given(junk, st.sampled_from(_VARIABLES), junk, st.sampled_from(_VARIABLES), junk)
def test_any_junk_is_refused_as_an_inventory(
    value: Any, variable: str, content: Any, other: str, other_content: Any
) -> None:
    with contextlib.suppress(InventoryError):
        build_plan(value, **{variable: content, other: other_content})


@given(st.lists(nearly_backends, min_size=1, max_size=3))
def test_any_junk_in_a_field_is_refused_on_one_line_a_problem(value: list[Any]) -> None:
    refusals: list[InventoryError] = []
    try:
        plan_of(*value)
    except InventoryError as refusal:
        refusals.append(refusal)
    for error in refusals:
        lines = str(error).split("\n")
        assert len(lines) == 1 + len(error.problems)
        assert all(line.isprintable() for line in lines)


@given(inventories())
def test_alike_members_are_one_route(inventory: Inventory) -> None:
    plan = plan_of(*inventory)
    listed = {key_of(entry) for item in inventory for entry in item["supported_models"]}
    assert [model["key"] for model in plan["models"]] == sorted(listed)
    routes = {model_key(model): route["name"] for route in plan["routes"] for model in route["models"]}
    assert routes == routes_of(plan)
    assert all(len(model["hops"]) == 1 for model in plan["models"])
    assert {route["scope"] for route in plan["routes"]} <= {"backend"}


@given(inventories())
def test_pools_exist_exactly_for_models_of_several_backends(inventory: Inventory) -> None:
    plan = plan_of(*inventory)
    serving = {
        model["route"]: sorted({deployment["backend_id"] for deployment in model["deployments"]})
        for model in plan["models"]
        if len({deployment["backend_id"] for deployment in model["deployments"]}) > 1
    }
    assert {name: [member[0] for member in members] for name, members in members_of(plan).items()} == serving
    assert {route["name"] for route in plan["routes"] if route["pooled"]} == serving.keys()
    for model in plan["models"]:
        if model["route"] not in serving:
            assert {deployment["backend_id"] for deployment in model["deployments"]} == {model["route"]}


@given(inventories())
def test_members_have_the_priority_of_their_backend_and_a_weight_for_arm(inventory: Inventory) -> None:
    priorities = {item["backend_id"]: item["priority"] for item in inventory}
    for members in members_of(plan_of(*inventory)).values():
        for name, priority, weight in members:
            assert priority == priorities[name]
            assert 1 <= weight <= 100


@given(inventories())
def test_a_route_has_a_type_that_all_its_members_answer(inventory: Inventory) -> None:
    types = {item["backend_id"]: item["backend_type"] for item in inventory}
    plan = plan_of(*inventory)
    members = {name: {types[member[0]] for member in group} for name, group in members_of(plan).items()}
    for route in plan["routes"]:
        served_by = members.get(route["name"]) or {types[route["name"]]}
        assert route["type"] == ("azure-openai" if "azure-openai" in served_by else min(served_by))


@given(mixed_inventories(min_size=0), st.sampled_from(["auto", "deployment"]))
def test_equal_inventories_give_equal_json_and_stay_as_they_are(inventory: Inventory, scope: str) -> None:
    before = deepcopy(inventory)
    plan = plan_of(*inventory, backend_scope=scope)
    other = [dict(reversed(item.items())) for item in before]
    assert json.dumps(plan) == json.dumps(plan_of(*other, backend_scope=scope))
    assert inventory == before


@given(st.data(), inventories(min_size=2))
def test_the_order_of_backends_changes_spelling_alone(data: st.DataObject, inventory: Inventory) -> None:
    plan = plan_of(*inventory)
    other = plan_of(*data.draw(st.permutations(inventory)))

    def without_case(members: dict[str, Any]) -> dict[str, Any]:
        return {name.lower(): group for name, group in members.items()}

    assert without_case(members_of(plan)) == without_case(members_of(other))
    assert {key: name.lower() for key, name in routes_of(plan).items()} == {
        key: name.lower() for key, name in routes_of(other).items()
    }
    assert [(route["name"].lower(), route["type"]) for route in sorted(plan["routes"], key=_name)] == [
        (route["name"].lower(), route["type"]) for route in sorted(other["routes"], key=_name)
    ]


def _name(route: dict[str, Any]) -> str:
    return str(route["name"]).lower()


@given(st.data(), inventories(min_size=2), st.integers(1, 1000))
def test_a_weight_changes_only_the_pools_of_its_backend(data: st.DataObject, inventory: Inventory, weight: int) -> None:
    changed = data.draw(st.sampled_from(inventory))
    plan = plan_of(*inventory)
    other = plan_of(*(item | {"weight": weight} if item is changed else item for item in inventory))
    before, after = members_of(plan), members_of(other)
    assert before.keys() == after.keys()
    for name, members in before.items():
        if changed["backend_id"] not in {member[0] for member in members}:
            assert after[name] == members
    assert {**plan, "pools": None, "warnings": None} == {**other, "pools": None, "warnings": None}


@given(mixed_inventories(min_size=0), st.sampled_from(["auto", "deployment"]))
def test_an_unrelated_backend_renames_nothing(inventory: Inventory, scope: str) -> None:
    further = {**backend("unrelated-backend"), "supported_models": ["unrelated"]}
    plan = plan_of(*inventory, backend_scope=scope)
    other = plan_of(*inventory, further, backend_scope=scope)
    assert other["pools"] == plan["pools"]
    assert [route for route in other["routes"] if route["models"] != ["unrelated"]] == plan["routes"]
    assert [model for model in other["models"] if model["key"] != "unrelated"] == plan["models"]


@pytest.mark.parametrize("scope", ["auto", "deployment"])
def test_planning_takes_as_much_longer_as_there_are_more_models(scope: str) -> None:
    def seconds(models: int) -> float:
        names = [f"model-number-{number}" for number in range(models)]
        started = time.process_time()
        plan = plan_of(backend("east", *names), backend("west", *names), backend_scope=scope)
        assert len(plan["pools"]) == models
        return time.process_time() - started

    # Four times the models; what compares each with each other would take sixteen times as long.
    assert any(seconds(2000) < 8 * seconds(500) for _ in range(3))
