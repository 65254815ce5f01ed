# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two inventories in one set of fragments, as the module merges them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.owner_blocks import (
    with_foreign_blocks,
    without_blocks,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.policy_xml import PolicyXml

from tests.gateway.fragments.gateway import Gateway, Host
from tests.gateway.fragments.plans import PLANS
from tests.gateway.fragments.rendering import FRAGMENTS, render

COGNITIVE, ML = "https://cognitiveservices.azure.com", "https://ml.azure.com"
FIRST = {**PLANS["chains"], "owner": "first"}
SECOND = {**PLANS["providers"], "owner": "first.0"}  # a name that begins like the other
KEYS = {**PLANS["keys"], "owner": "keys"}
RIVAL = {**PLANS["rival"], "owner": "rival"}


def _merged(fragment_id: str, *plans: dict[str, Any]) -> str:
    """Return a fragment after runs of these inventories, one after the other."""
    text = render(fragment_id, plans[0])
    for plan in plans[1:]:
        rendered = PolicyXml(render(fragment_id, plan), "rawxml")
        text = with_foreign_blocks(rendered, PolicyXml(text, "rawxml"), plan["owner"]).text
    return text


@pytest.fixture(scope="module")
def owners() -> Iterator[Callable[[str], Gateway]]:
    """Return the gateway after the runs of all inventories, in two orders, and after one has gone."""
    orders = {"forth": (FIRST, SECOND, KEYS), "back": (KEYS, SECOND, FIRST)}
    plans = {name: {each: _merged(each, *order) for each in FRAGMENTS} for name, order in orders.items()}
    plans["overlapping"] = {each: _merged(each, RIVAL, FIRST) for each in FRAGMENTS}
    plans["gone"] = {
        name: without_blocks(PolicyXml(text, "rawxml"), "first").text for name, text in plans["forth"].items()
    }
    host = Host(plans)
    yield lambda name: Gateway(host, name)
    host.stop()


@pytest.mark.parametrize("order", ["forth", "back"])
@pytest.mark.parametrize(
    ("model", "backend", "token"),
    [
        ("talk", "ptu-chat-ptu", COGNITIVE),
        ("spare", "serverless-spare", ML),
        ("gpt-5", "aoai-eastus-gpt4", COGNITIVE),
        ("DeepSeek-R1", "DeepSeek-R1-backend-pool", COGNITIVE),
        ("mistral-large", "mistral", None),
        ("grok-3", "foundry-key", None),
    ],
)
def test_each_model_goes_where_its_inventory_says(
    owners: Callable[[str], Gateway], order: str, model: str, backend: str, token: str | None
) -> None:
    (attempt,) = owners(order).send(model=model).attempts
    assert (attempt["backend"], attempt["token"]) == (backend, token)


def test_all_models_are_listed_and_told(owners: Callable[[str], Gateway]) -> None:
    names = [model["name"] for plan in (FIRST, SECOND, KEYS) for model in plan["models"]]
    listed = owners("forth").send("/deployments", method="GET", fragments=["get-available-models"])
    assert {entry["name"] for entry in json.loads(listed.variables["availableModels"])} == set(names)
    message = owners("forth").send(model="unknown").error["message"]
    assert all(name in message for name in names)


def test_the_accounts_of_all_hold_objects(owners: Callable[[str], Gateway]) -> None:
    asked = owners("back").send("/responses/resp_1", method="GET", answers=(404,) * 20 + (200,)).attempts
    expected = [account["name"] for plan in (FIRST, SECOND, KEYS) for account in plan["accounts"]]
    azure = [name for name in expected if name not in {"vendor", "mistral"}]
    assert list(dict.fromkeys(each["backend"] for each in asked)) == azure


def test_what_one_owner_takes_away_leaves_the_others(owners: Callable[[str], Gateway]) -> None:
    assert owners("gone").send(model="talk").error["code"] == "unsupported_model"
    (attempt,) = owners("gone").send(model="gpt-5").attempts
    assert (attempt["backend"], attempt["token"]) == ("aoai-eastus-gpt4", COGNITIVE)


@pytest.mark.parametrize(
    ("pools", "backend", "names"),
    [("", "ptu-chat-ptu", ["chat", "talk"]), ("rival", "rival", ["chat", "speak"])],
)
def test_a_model_of_two_inventories_has_the_names_of_the_one_that_serves_it(
    owners: Callable[[str], Gateway], pools: str, backend: str, names: list[str]
) -> None:
    """The first owner serves it where its routes are allowed; only its names allow it there."""
    for allowed in ("talk", "speak"):
        variables = {"allowedBackendPools": pools, "allowedModels": allowed}
        result = owners("overlapping").send(model="chat", variables=variables)
        assert (result.response is None) == (allowed in names)
    result = owners("overlapping").send(model="chat", variables={"allowedBackendPools": pools})
    assert [each["backend"] for each in result.attempts] == [backend]
    assert result.variables["modelNames"] == names


def test_a_pool_of_no_inventory_takes_the_usual_token(owners: Callable[[str], Gateway]) -> None:
    variables = {"targetBackendPool": "pool-of-hub", "targetPoolType": "azure-openai", "requestedModel": "gpt-5"}
    result = owners("back").send(fragments=["set-backend-authorization"], variables=variables)
    assert [each["token"] for each in result.attempts] == [COGNITIVE]


@pytest.mark.parametrize("fragment_id", FRAGMENTS)
def test_only_blocks_hold_an_inventory(fragment_id: str) -> None:
    """Without the blocks of its owner, the text is the same for every inventory."""
    codes = {without_blocks(PolicyXml(render(fragment_id, plan), "rawxml"), plan["owner"]) for plan in PLANS.values()}
    assert len(codes) == 1


@pytest.mark.parametrize("fragment_id", FRAGMENTS)
def test_the_order_of_runs_does_not_matter(fragment_id: str) -> None:
    forth, back = _merged(fragment_id, FIRST, SECOND, KEYS), _merged(fragment_id, KEYS, FIRST, SECOND)
    assert PolicyXml(forth, "rawxml") == PolicyXml(back, "rawxml")
