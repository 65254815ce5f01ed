# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fragment set-target-backend-pool, after those that feed it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.gateway.fragments.gateway import Gateway, Result
from tests.gateway.fragments.plans import PLANS
from tests.gateway.fragments.rendering import render

_FRAGMENTS = ("set-llm-requested-model", "set-backend-pools", "set-target-backend-pool")
_FOUNDRY = ("aif-citadel-primary", "ai-foundry")
_OPENAI = ("aoai-eastus-gpt4", "azure-openai")
_POOL = ("DeepSeek-R1-backend-pool", "azure-openai")


_ROUTES = {route["name"].lower(): route for route in PLANS["providers"]["routes"]}
_MODELS = {model["name"].lower(): model["route"] for model in PLANS["providers"]["models"]}


def _send(gateway: Gateway, allowed: str = "", default: str = "", **request: Any) -> Result:
    variables = {"allowedBackendPools": allowed, "defaultBackendPool": default}
    return gateway.send(fragments=_FRAGMENTS, variables=variables, **request)


def _status(result: Result) -> int:
    assert result.response is not None
    assert result.variables["targetBackendPool"] == ""
    assert result.variables["targetPoolType"] == ""
    status: int = result.response["status"]
    return status


def test_holds_nothing_of_the_inventory() -> None:
    assert len({render("set-target-backend-pool", plan) for plan in PLANS.values()}) == 1


@pytest.mark.parametrize(
    ("model", "target"),
    [
        ("gpt-4o", _FOUNDRY),
        ("GPT-4O", _FOUNDRY),
        ("gpt-5", _OPENAI),
        ("deepseek-r1", _POOL),
        ("mistral-large", ("mistral", "external")),
    ],
)
@pytest.mark.parametrize("default", ["", "mistral"])
def test_a_known_model_goes_to_its_route(gateway: Gateway, model: str, target: tuple[str, str], default: str) -> None:
    result = _send(gateway, model=model, default=default)
    assert result.target == target
    assert result.response is None


def test_needs_neither_restriction_nor_default(gateway: Gateway) -> None:
    assert gateway.send(model="gpt-5", fragments=_FRAGMENTS).target == _OPENAI


@pytest.mark.parametrize("allowed", ["aoai-eastus-gpt4", " AOAI-EastUS-gpt4 ", "x, aoai-eastus-gpt4,mistral", "  "])
def test_an_allowed_pool_is_used(gateway: Gateway, allowed: str) -> None:
    assert _send(gateway, model="gpt-5", allowed=allowed).target == _OPENAI


@pytest.mark.parametrize("allowed", ["mistral", "aoai-eastus-gpt4-2", "aoai-eastus", ","])
@pytest.mark.parametrize("default", ["", "mistral"])
def test_a_pool_that_is_not_allowed_is_forbidden_whatever_the_default(
    gateway: Gateway, allowed: str, default: str
) -> None:
    result = _send(gateway, model="gpt-5", allowed=allowed, default=default)
    assert _status(result) == 403
    assert result.error["code"] == "backend_pool_access_forbidden"


@pytest.mark.parametrize(
    ("allowed", "target"),
    [("PTU", "ptu-chat-ptu"), ("foundry", "foundry-Chat-4"), ("ptu-chat-ptu", "ptu-chat-ptu"), ("new", "")],
)
def test_an_account_stands_for_its_deployment(gateway_of: Callable[[str], Gateway], allowed: str, target: str) -> None:
    """A product that allows a backend goes on working when deployments of it become backends of their own."""
    assert _send(gateway_of("chains"), model="chat", allowed=allowed).target[0] == target


@pytest.mark.parametrize("allowed", ["new", "classic", "new,classic"])
def test_an_account_does_not_stand_for_a_pool(gateway_of: Callable[[str], Gateway], allowed: str) -> None:
    assert _status(_send(gateway_of("chains"), model="mixed", allowed=allowed)) == 403


def _send_allowed(gateway: Gateway, models: str, **variables: str) -> Callable[..., Result]:
    return lambda **request: gateway.send(
        fragments=_FRAGMENTS, variables={"allowedModels": models, **variables}, **request
    )


@pytest.mark.parametrize("models", ["gpt-5", " x , GPT-5,", "  "])
def test_an_allowed_model_is_served(gateway: Gateway, models: str) -> None:
    assert _send_allowed(gateway, models)(model="gpt-5").target == _OPENAI


@pytest.mark.parametrize("models", ["gpt-4o", ",", "gpt", "gpt-5-2"])
@pytest.mark.parametrize("model", ["gpt-5", "unknown"])
@pytest.mark.parametrize("default", ["", "aoai-eastus-gpt4"])
def test_a_model_that_is_not_allowed_is_refused_whatever_the_default(
    gateway: Gateway, models: str, model: str, default: str
) -> None:
    result = _send_allowed(gateway, models, defaultBackendPool=default)(model=model)
    assert _status(result) == 401
    assert (result.response or {})["reason"] == "Unauthorized model access"
    assert result.error["code"] == "unauthorized_model_access"


def test_a_forbidden_pool_is_told_before_a_model(gateway: Gateway) -> None:
    assert _status(_send_allowed(gateway, "gpt-4o", allowedBackendPools="mistral")(model="gpt-5")) == 403


@pytest.mark.parametrize("models", ["TALK", "chat", "x,talk"])
@pytest.mark.parametrize("model", ["talk", "CHAT"])
def test_a_model_is_allowed_by_any_of_its_names(gateway_of: Callable[[str], Gateway], models: str, model: str) -> None:
    assert _send_allowed(gateway_of("chains"), models)(model=model).target[0] == "ptu-chat-ptu"


@pytest.mark.parametrize(("models", "target"), [("gpt-9,gpt-5", "aoai-eastus-gpt4"), ("gpt-9", "")])
def test_a_default_pool_serves_an_allowed_model(gateway: Gateway, models: str, target: str) -> None:
    asked = _send_allowed(gateway, models, defaultBackendPool="aoai-eastus-gpt4")
    assert asked(model="gpt-9").target[0] == target
    assert asked(method="GET").target[0] == target


def test_only_allowed_models_are_told(gateway: Gateway) -> None:
    message = _send_allowed(gateway, "gpt-9, GPT-5")(model="gpt-9").error["message"]
    assert message.endswith("Supported models: gpt-5.")


def test_an_unknown_model_is_answered_with_the_supported_ones(gateway: Gateway) -> None:
    result = _send(gateway, model="gpt-6")
    assert _status(result) == 400
    assert result.error["code"] == "unsupported_model"
    assert result.error["type"] == "invalid_request_error"
    assert "'gpt-6'" in result.error["message"]
    for model in PLANS["providers"]["models"]:
        assert model["name"] in result.error["message"]


def test_the_supported_models_are_those_that_the_caller_may_use(gateway: Gateway) -> None:
    message = _send(gateway, model="gpt-6", allowed="mistral, AOAI-eastus-gpt4").error["message"]
    assert message.endswith("Supported models: gpt-5, dall-e-3, mistral-large.")


def test_a_gateway_without_routes_supports_none(gateway_of: Callable[[str], Gateway]) -> None:
    result = _send(gateway_of("empty"), model="gpt-4o", default="aif-citadel-primary")
    assert _status(result) == 400
    assert result.error["message"].endswith("Supported models: none.")


@pytest.mark.parametrize("default", ["mistral", " Mistral "])
@pytest.mark.parametrize("allowed", ["", "aif-citadel-primary, mistral"])
def test_an_unknown_model_goes_to_the_default_pool_with_its_type(gateway: Gateway, default: str, allowed: str) -> None:
    assert _send(gateway, model="gpt-6", default=default, allowed=allowed).target == ("mistral", "external")


@pytest.mark.parametrize(("default", "allowed"), [("no-such-pool", ""), ("mistral", "aif-citadel-primary")])
def test_a_default_pool_must_be_listed_and_allowed(gateway: Gateway, default: str, allowed: str) -> None:
    assert _status(_send(gateway, model="gpt-6", default=default, allowed=allowed)) == 400


@pytest.mark.parametrize(
    ("default", "allowed", "target"),
    [
        ("", "", ("", "")),
        ("mistral", "", ("mistral", "external")),
        ("mistral", "gpt-4o", ("", "")),
        ("no-such-pool", "", ("", "")),
    ],
)
def test_a_request_without_a_model_goes_to_an_allowed_default_pool_or_nowhere(
    gateway: Gateway, default: str, allowed: str, target: tuple[str, str]
) -> None:
    result = _send(gateway, method="GET", default=default, allowed=allowed)
    assert result.target == target
    assert result.response is None


def _send_with_pools(gateway: Gateway, model: str, allowed: str, default: str = "") -> Result:
    """Send a request whose backendPools a policy of the hub has set itself."""
    pools = [
        {"poolName": name, "poolType": "external", "supportedModels": models}
        for name, models in [("a", ["x"]), ("b", ["y", "X"]), ("c", ["x"]), ("d", ["non-llm-request"])]
    ]
    variables = {
        "requestedModel": model,
        "backendPools": pools,
        "allowedBackendPools": allowed,
        "defaultBackendPool": default,
    }
    return gateway.send(fragments=["set-target-backend-pool"], variables=variables)


def test_the_first_allowed_pool_that_serves_the_model_is_the_target(gateway: Gateway) -> None:
    assert _send_with_pools(gateway, "x", "C,B").target == ("b", "external")


def test_the_default_pool_does_not_stand_in_for_a_forbidden_one(gateway: Gateway) -> None:
    assert _status(_send_with_pools(gateway, "y", "a", default="a")) == 403


def test_a_pool_that_lists_the_sentinel_does_not_serve_it(gateway: Gateway) -> None:
    assert _send_with_pools(gateway, "non-llm-request", "").target == ("", "")


def test_a_name_stays_a_string_in_the_answer(gateway: Gateway) -> None:
    name = 'a"}}, "x": {"\\ \u2028'
    assert f"'{name}'" in _send(gateway, model=name).error["message"]


def _names_in(text: str, everything: Iterable[str]) -> set[str]:
    """Return the names that a restriction allows, in lower case."""
    names = {name.strip().lower() for name in text.split(",")} if text.strip() else set(everything)
    return names - {""}


def _decision(model: str, pools: str, models: str, default: str) -> tuple[str, str] | int:
    """Return the target, or the status of the answer, by the rules of the fragment's description."""
    allowed_pools, allowed_models = _names_in(pools, _ROUTES), _names_in(models, [*_MODELS, model.lower()])
    serving = _MODELS.get(model.lower(), "").lower()
    if serving and serving not in allowed_pools:
        return 403
    if model.lower() not in allowed_models:
        return 401
    fallback = default.strip().lower() if _ROUTES.keys() & allowed_pools & {default.strip().lower()} else ""
    serves = {name.lower() for name in _ROUTES[fallback]["models"]} if fallback else set()
    target = serving or (fallback if serves & allowed_models else "")
    return (_ROUTES[target]["name"], _ROUTES[target]["type"]) if target else 400


_NAMES = st.sampled_from([*_ROUTES, *(route["name"] for route in _ROUTES.values()), "no-such-pool", "", " "])
_MODEL_NAMES = st.sampled_from([*_MODELS, *(name.upper() for name in _MODELS), "gpt-6", "mistral"])


@settings(max_examples=400, deadline=None)
@given(
    model=_MODEL_NAMES,
    pools=st.lists(_NAMES, max_size=4).map(",".join),
    models=st.just("") | st.lists(_MODEL_NAMES | st.just(" "), max_size=4).map(" ,".join),
    default=_NAMES,
)
def test_decides_by_the_rules(gateway: Gateway, model: str, pools: str, models: str, default: str) -> None:
    result = _send_allowed(gateway, models, allowedBackendPools=pools, defaultBackendPool=default)(model=model)
    decision = _status(result) if result.response else result.target
    assert decision == _decision(model, pools, models, default)
