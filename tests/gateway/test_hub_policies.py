# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""APIs, products and fragments that a hub has already, which include the fragments of the collection."""

from __future__ import annotations

from typing import Any

import pytest

from tests.gateway.conftest import Onboard
from tests.gateway.gateway import CHAT, HELLO, Gateway, error_of
from tests.gateway.hub import VALIDATE_MODEL_ACCESS, Hub, include, policies
from tests.integration.inventory import backend, inventory
from tests.integration.playbook import Playbooks

APIS = ("universal-llm-api", "azure-openai-api")
BACKENDS = (
    backend("one", "gpt-4o", "gpt-5"),
    backend("two", "gpt-4o", priority=2),
    backend(
        "three",
        "Phi-4",
        backend_type="ai-foundry",
        endpoint="https://three.cognitiveservices.azure.com",
    ),
)
NO_API: dict[str, Any] = {"llm_universal_api": {"deploy": False}}


def _set(name: str, value: str) -> str:
    return f'<set-variable name="{name}" value="{value}" />'


@pytest.fixture(scope="module")
def gateway(onboard: Onboard) -> Gateway:
    """A gateway whose APIs are the hub's own."""
    found = onboard(*BACKENDS, **NO_API)
    hub = Hub(found.service)
    hub.universal_api()
    hub.azure_openai_api()
    hub.proxy_api("x-hub-key")
    hub.fragment("validate-model-access", VALIDATE_MODEL_ACCESS)
    return found


@pytest.fixture(scope="module")
def keys(gateway: Gateway) -> dict[str, str]:
    """Keys of products whose policies say what the routing may use; what they set comes before the API's policy."""
    hub = Hub(gateway.service)
    checked = (
        include("set-llm-requested-model") + _set("allowedModels", " GPT-5,phi-4") + include("validate-model-access")
    )
    return {
        "pools": hub.product("pools", policies(_set("allowedBackendPools", "GPT-4o-backend-pool, three")), *APIS),
        "models": hub.product("models", policies(checked), *APIS),
        "default": hub.product("default", policies(_set("defaultBackendPool", "gpt-4o-backend-pool")), *APIS),
        "both": hub.product(
            "both",
            policies(_set("allowedBackendPools", "three") + _set("defaultBackendPool", "gpt-4o-backend-pool")),
            *APIS,
        ),
    }


@pytest.mark.parametrize(
    ("model", "url"),
    [
        ("gpt-4o", "https://one.openai.azure.com/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21"),
        ("GPT-5", "https://one.openai.azure.com/openai/deployments/gpt-5/chat/completions?api-version=2024-10-21"),
        ("phi-4", "https://three.cognitiveservices.azure.com/models/chat/completions?api-version=2024-05-01-preview"),
    ],
)
@pytest.mark.parametrize("shape", ["universal", "azure-openai"])
def test_routing_by_both_apis(gateway: Gateway, model: str, url: str, shape: str) -> None:
    if shape == "universal":
        response = gateway.ask(body=model)
    else:
        # The hub's policy puts the model into a body that lacks it.
        path = f"/openai/deployments/{model}/chat/completions?api-version=2024-10-21"
        response = gateway.ask(path, {"messages": HELLO})
    assert response.status_code == 200, response.text
    reached = gateway.only("provider")
    assert reached["url"] == url
    # The inventory's spelling: providers may be strict where the gateway is not.
    assert reached["deployment"] == {"gpt-4o": "gpt-4o", "GPT-5": "gpt-5", "phi-4": "Phi-4"}[model]
    assert [each["kind"] for each in reached["credentials"]] == ["bearer aud=https://cognitiveservices.azure.com"]


def test_a_product_restricts_pools(gateway: Gateway, keys: dict[str, str]) -> None:
    headers = {"api-key": keys["pools"]}
    assert gateway.ask(body="gpt-4o", headers=headers).status_code == 200
    assert gateway.ask(body="Phi-4", headers=headers).status_code == 200
    assert error_of(gateway.ask(body="gpt-5", headers=headers)) == (403, "backend_pool_access_forbidden")
    unknown = gateway.ask(body="gpt-9", headers=headers)
    assert error_of(unknown) == (400, "unsupported_model")
    assert "gpt-4o" in unknown.text
    assert "gpt-5" not in unknown.text


def test_a_product_restricts_models(gateway: Gateway, keys: dict[str, str]) -> None:
    headers = {"api-key": keys["models"]}
    assert gateway.ask(body="gpt-5", headers=headers).status_code == 200
    refused = gateway.ask(body="gpt-4o", headers=headers)
    assert error_of(refused) == (401, "unauthorized_model_access")
    assert refused.reason == "Unauthorized model access"
    path = "/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21"
    assert gateway.ask(path, {"messages": HELLO}, headers=headers).status_code == 401
    listed = gateway.ask("/models/deployments", method="GET", headers=headers).json()["value"]
    assert [entry["name"] for entry in listed] == ["gpt-5", "Phi-4"]


def test_a_product_gives_a_default_pool(gateway: Gateway, keys: dict[str, str]) -> None:
    response = gateway.ask(body="gpt-9", headers={"api-key": keys["default"]})
    assert response.status_code == 200
    assert gateway.only("provider")["deployment"] == "gpt-9"
    refused = gateway.ask(body="gpt-9", headers={"api-key": keys["both"]})
    assert error_of(refused) == (400, "unsupported_model")
    assert refused.json()["error"]["message"].endswith("Supported models: Phi-4.")


def test_usage_is_counted_for_the_product(gateway: Gateway, keys: dict[str, str]) -> None:
    answer = gateway.ask(body="gpt-5", headers={"api-key": keys["models"]}).json()
    (metric,) = gateway.only("gateway")["metrics"]
    dimensions = {name: metric["dimensions"][name] for name in ("productName", "deploymentName", "Backend ID")}
    assert dimensions == {"productName": "models", "deploymentName": "gpt-5", "Backend ID": "one"}
    assert metric["totalTokens"] == answer["usage"]["total_tokens"]


def test_the_page_of_foundry_may_call(gateway: Gateway) -> None:
    headers = {"Origin": "https://ai.azure.com", "Access-Control-Request-Method": "POST"}
    preflight = gateway.ask(method="OPTIONS", headers=headers)
    assert preflight.headers["Access-Control-Allow-Origin"] == "https://ai.azure.com"
    assert gateway.log("provider") == []


def test_a_retry_of_two_opens_the_breaker_for_the_next_request(gateway: Gateway) -> None:
    gateway.provider("one.openai.azure.com", status=429)
    assert gateway.ask(body="gpt-4o").status_code == 429, "three attempts are what the breaker needs to open"
    assert gateway.is_open("one")
    assert gateway.ask(body="gpt-4o").status_code == 200
    assert gateway.reached() == {"one": 3, "two": 1}


@pytest.mark.parametrize("model", ["gpt-4o", "Phi-4"])
@pytest.mark.parametrize(
    "path",
    [
        "../files",
        "x/../../files",
        "%2e%2e/files",
        "x/%2E%2e%2ffiles",
        "%252e%252e/files",
        "..%5cfiles",
        "chat%3fapi-version=1%26x=/completions",
        "chat/completions%23",
        "%7bdeployment-id%7d",
        "{deployment-id}",
    ],
)
def test_a_path_that_is_an_attack(gateway: Gateway, path: str, model: str) -> None:
    """An API that passes any path must not let one leave the deployment that its model names."""
    status, body = gateway.ask_raw(f"/proxy/{path}", model, "x-hub-key")
    assert status in (400, 404), body
    assert gateway.log("provider") == []


def test_the_key_of_an_api_never_travels_on_whatever_its_name(gateway: Gateway) -> None:
    assert gateway.ask("/proxy/chat/completions", "Phi-4", headers={"x-hub-key": gateway.key}).status_code == 200
    assert gateway.ask(f"/proxy/chat/completions?x-hub-key={gateway.key}", "Phi-4", headers={}).status_code == 200
    for reached in gateway.log("provider"):
        assert [each["name"] for each in reached["credentials"]] == ["Authorization"]


def test_onboarding_again_leaves_the_hub_alone(gateway: Gateway, playbooks: Playbooks) -> None:
    run = playbooks.onboard(inventory(gateway.service, *BACKENDS, **NO_API))
    assert run.writes == []
    assert gateway.ask(CHAT, "Phi-4").status_code == 200
