# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fallbacks of a model to others: request by request, in order, and only where the caller may go."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from tests.gateway.conftest import UNIVERSAL, Onboard
from tests.gateway.gateway import HELLO, Gateway, error_of
from tests.gateway.hub import Hub, policies
from tests.integration.inventory import backend

PROVISIONED = {"name": "gpt-4o", "deployment": "gpt-4o-ptu", "sku": "ProvisionedManaged", "fallbacks": ["gpt-4o-payg"]}
PAY_AS_YOU_GO = {"name": "gpt-4o-payg", "deployment": "gpt-4o"}
LADDER = {"name": "top", "aliases": ["best"], "fallbacks": ["middle", "bottom"]}

BACKENDS = (
    backend("ptu", PROVISIONED),
    backend("east", PAY_AS_YOU_GO),
    backend("west", PAY_AS_YOU_GO),
    backend("top", LADDER),
    backend("middle", "middle"),
    backend(
        "bottom",
        {"name": "bottom", "deployment": "last/one"},
        backend_type="external",
        endpoint="https://bottom.example/v1",
        auth_scheme="token",
        credential={"value": "token-of-bottom"},
    ),
)
BOTTOM: dict[str, Any] = {"deployments": ["last/one"], "api_keys": ["token-of-bottom"]}


def _host(name: str) -> str:
    return f"{name}.openai.azure.com"


@pytest.fixture(scope="module")
def gateway(onboard: Onboard) -> Gateway:
    """A provisioned deployment before pay-as-you-go, and a model with two fallbacks; breakers soon close again."""
    return onboard(
        *BACKENDS,
        llm_universal_api=UNIVERSAL,
        llm_azure_openai_api={"deploy": True},
        llm_circuit_breaker={"trip_duration": "PT1S", "accept_retry_after": False},
    )


@pytest.fixture(scope="module")
def keys(gateway: Gateway) -> dict[str, str]:
    """Keys of products that restrict models and pools."""
    hub = Hub(gateway.service)

    def product(name: str, variable: str, value: str) -> str:
        return hub.product(name, policies(f'<set-variable name="{variable}" value="{value}" />'), "universal-llm-api")

    return {
        "models": product("fallback-models", "allowedModels", "top,bottom"),
        "pools": product("fallback-pools", "allowedBackendPools", "top-top"),
    }


@pytest.fixture(autouse=True)
def _providers(gateway: Gateway, _calm_providers: None) -> None:
    gateway.wait_until_closed()
    gateway.provider(_host("ptu"), deployments=["gpt-4o-ptu"])
    for name in ("east", "west"):
        gateway.provider(_host(name), deployments=["gpt-4o"])
    gateway.provider("bottom.example", **BOTTOM)


def test_only_the_requests_that_are_refused_spill_over(gateway: Gateway) -> None:
    """Of 30 requests the provisioned deployment refuses 10 with 429: it serves all others, and nobody sees a 429."""
    reached = Counter[str]()
    for _ in range(10):
        gateway.provider(_host("ptu"), deployments=["gpt-4o-ptu"], status=429, retry_after=60, times=1)
        assert gateway.statuses("gpt-4o", 3) == {200: 3}
    for entry in gateway.log("provider"):
        reached[f"{entry['host'].partition('.')[0]} {entry['status']}"] += 1
    assert reached["ptu 429"] == 10
    assert reached["ptu 200"] == 20
    assert reached["east 200"] + reached["west 200"] == 10
    assert abs(reached["east 200"] - reached["west 200"]) <= 2


def test_the_spill_is_told_in_the_answer(gateway: Gateway) -> None:
    assert gateway.ask(body="gpt-4o").headers["x-llm-route"] == "ptu-gpt-4o-ptu"
    gateway.provider(_host("ptu"), deployments=["gpt-4o-ptu"], status=429)
    answer = gateway.ask(body="gpt-4o")
    assert (answer.headers["x-llm-model"], answer.headers["x-llm-route"]) == ("gpt-4o", "gpt-4o-payg-backend-pool")


def test_azure_openais_shape_and_streams_spill_over(gateway: Gateway) -> None:
    gateway.provider(_host("ptu"), deployments=["gpt-4o-ptu"], status=429)
    answer = gateway.azure_openai.chat.completions.create(model="gpt-4o", messages=HELLO)
    assert answer.choices[0].message.content
    stream = gateway.openai.chat.completions.create(model="gpt-4o", messages=HELLO, stream=True)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)
    assert gateway.reached()["ptu"] == 2


def test_fallbacks_are_tried_in_their_order(gateway: Gateway) -> None:
    for failing, served in ((), "top"), (("top",), "middle"), (("top", "middle"), "bottom"):
        for name in failing:
            gateway.provider(_host(name), status=500)
        gateway.azure.forget()
        assert gateway.ask(body="best").status_code == 200
        last = gateway.log("provider")[-1]
        assert last["host"].partition(".")[0] == served
    assert [(each["name"], each["kind"]) for each in last["credentials"]] == [("Authorization", "bearer")]
    assert last["deployment"] == "last/one"


def test_the_last_answer_is_the_clients(gateway: Gateway) -> None:
    for name in ("top", "middle"):
        gateway.provider(_host(name), status=429)
    gateway.provider("bottom.example", **BOTTOM, status=429, retry_after=7)
    answer = gateway.ask(body="top")
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "7"


def test_the_client_hears_of_the_target_that_is_free_first(gateway: Gateway) -> None:
    gateway.provider(_host("top"), status=429, retry_after=5)
    gateway.provider(_host("middle"), status=429, retry_after=60)
    gateway.provider("bottom.example", **BOTTOM, status=429)
    answer = gateway.ask(body="top")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "5")


def test_an_exhausted_chain_names_its_model(gateway: Gateway) -> None:
    gateway.provider("bottom.example", **BOTTOM, status=500)
    for name in ("top", "middle"):
        gateway.provider(_host(name), status=500)
    answers = [gateway.ask(body="top") for _ in range(4)]
    assert error_of(answers[-1]) == (503, "backend_unavailable")
    assert "All backends of the model 'top'" in answers[-1].json()["error"]["message"]


def test_what_is_the_clients_fault_falls_nowhere(gateway: Gateway) -> None:
    assert gateway.ask("/models/chat/completions", {"model": "top"}).status_code == 400
    assert gateway.reached() == {"top": 1}


def test_a_fallback_serves_no_model_that_the_caller_may_not_use(gateway: Gateway, keys: dict[str, str]) -> None:
    gateway.provider(_host("top"), status=500)
    assert gateway.ask(body="top", headers={"api-key": keys["models"]}).status_code == 200
    assert gateway.reached() == {"top": 1, "bottom": 1}
    answer = gateway.ask(body="middle", headers={"api-key": keys["models"]})
    assert error_of(answer) == (401, "unauthorized_model_access")


def test_a_fallback_enters_no_pool_that_the_caller_may_not_use(gateway: Gateway, keys: dict[str, str]) -> None:
    gateway.provider(_host("top"), status=500)
    assert gateway.ask(body="top", headers={"api-key": keys["pools"]}).status_code == 500
    assert gateway.reached() == {"top": 1}


def test_a_hubs_own_api_falls_back_when_its_retry_includes_the_fragment(gateway: Gateway) -> None:
    hub = Hub(gateway.service)
    hub.proxy_api("x-hub-key")
    hub.fallback_api("x-hub-key")
    gateway.provider(_host("ptu"), deployments=["gpt-4o-ptu"], status=429)
    headers = {"x-hub-key": gateway.key}
    statuses = {
        path: gateway.ask(f"/{path}/chat/completions", "gpt-4o", headers=headers).status_code
        for path in ("proxy", "fallback")
    }
    assert statuses == {"proxy": 429, "fallback": 200}
