# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fragment set-backend-pools."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.gateway.fragments.gateway import Gateway
from tests.gateway.fragments.plans import HOSTILE_NAMES, PLANS, hostile_route
from tests.gateway.fragments.rendering import render

_FRAGMENT = "set-backend-pools"
_ROUTING = ("set-llm-requested-model", _FRAGMENT, "set-target-backend-pool")


def _pools(gateway: Gateway, model: str | None) -> list[dict[str, Any]]:
    variables = {} if model is None else {"requestedModel": model}
    pools: list[dict[str, Any]] = gateway.send(fragments=[_FRAGMENT], variables=variables).variables["backendPools"]
    return pools


def _all_routes(plan: str) -> list[dict[str, Any]]:
    return [
        {
            "poolName": route["name"],
            "poolType": route["type"],
            "supportedModels": route["models"],
            "accounts": route["accounts"],
            "modelNames": [],
        }
        for route in PLANS[plan]["routes"]
    ]


@pytest.mark.parametrize("plan", ["single", "balanced", "mixed", "providers", "external", "ten"])
@pytest.mark.parametrize("spelling", [str, str.upper, str.lower])
def test_a_known_model_has_its_route(
    gateway_of: Callable[[str], Gateway], plan: str, spelling: Callable[[str], str]
) -> None:
    routes = {route["name"]: route for route in PLANS[plan]["routes"]}
    for model in PLANS[plan]["models"]:
        requested = spelling(model["name"])
        route = routes[model["route"]]
        expected = {
            "poolName": model["route"],
            "poolType": route["type"],
            "supportedModels": [requested],
            "accounts": route["accounts"] if len(route["accounts"]) == 1 else [],
            "modelNames": [requested],
        }
        assert _pools(gateway_of(plan), requested) == [expected]


def test_an_alias_comes_with_the_other_names_of_its_model(gateway_of: Callable[[str], Gateway]) -> None:
    first, second = _pools(gateway_of("chains"), "Talk")
    assert (first["poolName"], second["poolName"]) == ("ptu-chat-ptu", "foundry-Chat-4")
    assert first["supportedModels"] == ["Talk", "chat"]
    assert first["modelNames"] == second["modelNames"] == ["Talk", "chat"]


@pytest.mark.parametrize(
    ("model", "expected"),
    [("CHAT-ptu", True), ("renamed-2", True), ("chat", False), ("talk", False), ("mixed", False), ("unknown", False)],
)
def test_a_deployment_is_told_from_a_model(gateway_of: Callable[[str], Gateway], model: str, expected: bool) -> None:
    result = gateway_of("chains").send(fragments=[_FRAGMENT], variables={"requestedModel": model})
    assert result.variables["requestsDeployment"] == expected
    if expected:
        assert result.variables["backendPools"] == _all_routes("chains")


@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize("model", ["unknown", "non-llm-request", "", None])
def test_anything_else_has_every_route(gateway_of: Callable[[str], Gateway], plan: str, model: str | None) -> None:
    assert _pools(gateway_of(plan), model) == _all_routes(plan)


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_a_hostile_name_is_a_name(gateway_of: Callable[[str], Gateway], name: str) -> None:
    result = gateway_of("hostile").send(model=name, fragments=_ROUTING)
    assert result.target == (hostile_route(name), "external")
    if name.isascii():
        assert len(result.variables["backendPools"]) == 1


@pytest.mark.parametrize(
    ("name", "requested"),
    [
        ("ünïcödé 模型 🚀", "ÜNÏCÖDÉ 模型 🚀"),
        ("\u0130STANBUL-\u03a3\u0391\u03a3-\u1e9e-\u212a", "\u0130stanbul-\u03c3\u03b1\u03c3-\u1e9e-\u212a"),
    ],
)
def test_case_is_ignored_beyond_ascii(gateway_of: Callable[[str], Gateway], name: str, requested: str) -> None:
    """Python and C# may lower-case such letters differently; the target is the same all the same."""
    result = gateway_of("hostile").send(model=requested, fragments=_ROUTING)
    assert result.target == (hostile_route(name), "external")


def test_a_thousand_models_are_far_below_the_limit() -> None:
    assert len(render(_FRAGMENT, PLANS["thousand"])) < 256 * 1024
    assert len(render("get-available-models", PLANS["thousand"])) < 256 * 1024
