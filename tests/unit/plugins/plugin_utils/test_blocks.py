# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The texts in which fragments hold a plan: nothing is lost, and nothing is taken for something else."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.citadel.ai_gateway.plugins.plugin_utils._blocks import (
    Case,
    Row,
    models_block,
    pools_block,
    targets_block,
)
from hypothesis import given
from hypothesis import strategies as st

COGNITIVE, ML = "https://cognitiveservices.azure.com", "https://ml.azure.com"

_names = st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), min_size=1, max_size=8)
_route_names = st.from_regex(r"\A[A-Za-z][A-Za-z0-9]{0,4}\Z")


def route(name: str, audience: str = "", **others: Any) -> dict[str, Any]:
    usual = {"family": "azure-openai", "scope": "backend", "retries": 0, "deployment": "", "accounts": [name]}
    return {"name": name, "type": "azure-openai", "token_audience": audience, "models": [name], **usual, **others}


def model(name: str, *hops: tuple[str, str, str], **others: Any) -> dict[str, Any]:
    """Return a model of a plan; hops are (route, model, deployment)."""
    chain = [dict(zip(("route", "model", "deployment"), hop, strict=True)) for hop in hops]
    return {"name": name, "keys": [name.lower()], "aliases": [], "hops": chain, "members": [], **others}


def plan(routes: list[dict[str, Any]], models: list[dict[str, Any]], accounts: Any = ()) -> dict[str, Any]:
    return {"routes": routes, "models": models, "accounts": list(accounts)}


def fields(text: str) -> list[list[str]]:
    """Return the fields of each line, as the policies split them."""
    return [line.split("\t") for line in text.split("\n")]


@given(st.dictionaries(_route_names, st.lists(_names, max_size=4), min_size=1))
def test_every_name_of_every_route_is_told(models_of: dict[str, list[str]]) -> None:
    routes = [route(name, models=models) for name, models in models_of.items()]
    told = fields(pools_block(plan(routes, []))["everything"])
    assert told == [[name, "azure-openai", name, *models] for name, models in models_of.items()]


@given(st.lists(st.tuples(_route_names, _names, st.just("") | _names), min_size=2))
def test_every_hop_of_a_chain_is_told(hops: list[tuple[str, str, str]]) -> None:
    routes = [route(name) for name in {name: None for name, *_ in hops}]
    ((_, told),) = targets_block(plan(routes, [model("m", *hops)]))["models"]
    assert (told.deployment, fields(told.hops)) == (None, [[name, served] for name, served, _deployment in hops])


@given(st.lists(_names, min_size=1, unique=True))
def test_every_member_of_a_route_is_told_with_its_deployment(deployments: list[str]) -> None:
    members = [{"account": f"a{number}", "deployment": name} for number, name in enumerate(deployments)]
    routes = [route("r", scope="deployment", deployment=deployments[0], members=members, retries=3)]
    ((keys, told),) = targets_block(plan(routes, []))["routes"]
    assert keys == ["r"]
    assert fields(told) == [
        ["azure-openai", "azure-openai", "deployment", "3", "-", deployments[0]]
        + [field for each in members for field in each.values()]
    ]


def test_accounts_are_the_members_of_a_route_of_accounts() -> None:
    ((_, told),) = targets_block(plan([route("r", accounts=["a", "b"])], []))["routes"]
    assert fields(told)[0][6:] == ["a", "", "b", ""]


def test_deployments_that_no_model_is_named_after_are_told() -> None:
    members = [{"account": "a", "deployment": name} for name in ("Hidden", "b", "hidden", "alias")]
    models = [model("a", ("r", "a", "")), model("B", ("r", "B", ""), keys=["b", "alias"], members=members)]
    assert pools_block(plan([route("r")], models))["deployments"] == ["hidden"]


def test_a_model_falls_back_after_its_own_routes_and_lists_only_these() -> None:
    routes = [route("one"), route("two", accounts=["one", "two"]), route("three")]
    models = [
        model("m", ("one", "m", ""), ("two", "m", ""), ("three", "n", ""), keys=["m", "alias"], aliases=["Alias"])
    ]
    (case,) = pools_block(plan(routes, models))["cases"]
    assert case.keys == ["m", "alias"]
    assert fields(case.result) == [
        ["one", "azure-openai", "one", "m", "Alias"],
        ["two", "azure-openai", "", "m", "Alias"],
    ]


def test_what_is_alike_is_written_once() -> None:
    routes = [route("one", COGNITIVE), route("Two", COGNITIVE, accounts=["one"])]
    models = [model("a", ("one", "a", "d")), model("b", ("one", "b", "d"))]
    block = targets_block(plan(routes, models))
    assert [case.keys for case in block["routes"]] == [["one", "two"]]
    assert [case.keys for case in block["models"]] == [["a", "b"]]
    assert [case.keys for case in pools_block(plan(routes, models))["cases"]] == [["a", "b"]]


def test_the_usual_audience_comes_first() -> None:
    routes = [route("a", ML, family="serverless"), route("b", ML, family="serverless"), route("c", COGNITIVE)]
    block = targets_block(plan(routes, []))
    assert block["audiences"] == [COGNITIVE, ML]
    assert [fields(case.result)[0][4] for case in block["routes"]] == ["1", "1", "0"]


def test_an_account_is_told_like_a_route() -> None:
    account = {"name": "one", "type": "ai-foundry", "family": "azure-openai", "token_audience": COGNITIVE}
    assert targets_block(plan([], [], [account]))["accounts"] == "one\tai-foundry\tazure-openai\tbackend\t0\t0\t"


def test_deployments_that_are_alike_share_a_row() -> None:
    deployment = {
        "backend_id": "one",
        "backend_type": "azure-openai",
        "sku": "Standard",
        "capacity": 5,
        "model_format": "OpenAI",
        "model_version": "1",
        "retirement_date": None,
        "capabilities": ["chat", "audio"],
    }
    models = [model(name, deployments=[deployment]) for name in ("a", "b")]
    row = Row("one", "azure-openai", "Standard", "5", "OpenAI", "1", "", ("chatCompletion", "audio"), ())
    assert models_block(plan([], models)) == [Case(["a", "b"], row)]


@pytest.mark.parametrize("name", ["a\tb", "a\nb"])
def test_a_name_that_would_be_two_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="holds a tab or a line feed"):
        pools_block(plan([route("one", models=[name])], []))
