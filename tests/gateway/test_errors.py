# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What clients are told when a request cannot be served, and attacks that must not reach a provider."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest

from tests.gateway.conftest import Onboard
from tests.gateway.gateway import CHAT, HELLO, Gateway, error_of
from tests.gateway.hub import Hub, policies
from tests.integration.inventory import backend

JSON = "application/json"


@pytest.fixture(scope="module")
def gateway(onboard: Onboard) -> Gateway:
    """Both APIs over an account and an account of AI Foundry."""
    return onboard(
        backend("account", "gpt-4o", "gpt-5"),
        backend("foundry", "Phi-4", backend_type="ai-foundry", endpoint="https://foundry.services.ai.azure.com"),
        llm_azure_openai_api={"deploy": True, "path": "openai"},
    )


@pytest.fixture(scope="module")
def restricted(gateway: Gateway) -> dict[str, str]:
    """Headers with the key of a product that may use the pool `foundry` only, and any model by default."""
    names = [api.name for api in gateway.azure.sdk.api.list_by_service(*gateway.service.place)]
    inbound = (
        '<set-variable name="allowedBackendPools" value="foundry" /><set-variable name="allowedModels" value="phi-4" />'
    )
    return {"api-key": Hub(gateway.service).product("restricted", policies(inbound), *names)}


def _send(gateway: Gateway, content: bytes, media_type: str = JSON, path: str = CHAT) -> Any:
    headers = {"api-key": gateway.key, "Content-Type": media_type}
    return gateway.ask(path, headers=headers, data=content)


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (b'{"messages": []}', JSON),
        (b'{"model": "", "messages": []}', JSON),
        (b'{"model": "  "}', JSON),
        (b'{"model": null}', JSON),
        (b'{"model": 4}', JSON),
        (b'{"model": ["gpt-4o"]}', JSON),
        (b'["gpt-4o"]', JSON),
        (b'"gpt-4o"', JSON),
        (b'{"model": "gpt-4o"', JSON),
        (b'{"model": "gpt-5", "messages": [], "model": "gpt-4o"}', JSON),
        (b'\xef\xbb\xbf{"model": "gpt-4o", "messages": []}', JSON),
        ('{"model": "gpt-4o", "messages": []}'.encode("utf-16"), f"{JSON}; charset=utf-16"),
        (b"+AHsAIg-model+ACIAOgAi-gpt-4o+ACIAfQ-", f"{JSON}; charset=utf-7"),
        (b"", JSON),
        (b"\xff\xfe\x00", "application/octet-stream"),
        (
            b'--b\r\nContent-Disposition: form-data; name="model"\r\n\r\ngpt-4o\r\n--b--',
            "multipart/form-data; boundary=b",
        ),
    ],
)
def test_no_model(gateway: Gateway, content: bytes, media_type: str) -> None:
    response = _send(gateway, content, media_type)
    assert error_of(response) == (400, "missing_model_parameter")
    error = response.json()["error"]
    assert (error["type"], error["param"]) == ("invalid_request_error", "model")
    assert gateway.log("provider") == []


def test_unsupported_model(gateway: Gateway) -> None:
    response = gateway.ask(body="gpt-9")
    assert error_of(response) == (400, "unsupported_model")
    message = response.json()["error"]["message"]
    assert "'gpt-9'" in message
    for model in ("gpt-4o", "gpt-5", "Phi-4"):
        assert model in message
    assert gateway.log("provider") == []


def test_a_product_keeps_what_it_may_use(gateway: Gateway, restricted: dict[str, str]) -> None:
    assert gateway.ask(body="phi-4", headers=restricted).status_code == 200
    assert error_of(gateway.ask(body="gpt-4o", headers=restricted)) == (403, "backend_pool_access_forbidden")
    assert error_of(gateway.ask(body="gpt-9", headers=restricted)) == (401, "unauthorized_model_access")
    path = "/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21"
    assert error_of(gateway.ask(path, {"messages": HELLO}, headers=restricted))[0] == 403
    listed = gateway.ask("/models/deployments", method="GET", headers=restricted).json()
    assert [entry["name"] for entry in listed["value"]] == ["Phi-4"]
    hidden = gateway.ask("/models/deployments/gpt-4o", method="GET", headers=restricted)
    assert hidden.status_code == 404


@pytest.mark.parametrize("headers", [{}, {"api-key": "wrong"}, {"api-key": ""}])
def test_without_a_key(gateway: Gateway, headers: dict[str, str]) -> None:
    refused = gateway.ask(body="gpt-4o", headers=headers)
    assert refused.status_code == 401
    assert "subscription key" in refused.json()["message"]
    assert gateway.log("provider") == []


@pytest.mark.parametrize("path", ["/models/files", "/models/../openai/files", "/other"])
def test_unknown_operations(gateway: Gateway, path: str) -> None:
    assert gateway.ask(path, "gpt-4o").status_code == 404
    assert gateway.log("provider") == []


SENTINELS = ["non-llm-request", "NON-LLM-REQUEST", " non-llm-request ", "non-llm-request\t"]
INJECTIONS = [
    "../../openai/files?x=",
    "gpt-4o/../../files",
    "gpt-4o/chat/completions?api-version=1&x=",
    "gpt-4o#",
    "gpt-4o%2f..%2f..%2ffiles",
    "..",
    ".",
    "gpt-4o\\..\\files",
    "gpt-4o\r\nX-Injected: yes",
    "{{uami-client-id}}",
    "@(context.Subscription.Key)",
    '" + context.Subscription.Key + "',
]


@pytest.mark.parametrize("model", [*SENTINELS, *INJECTIONS])
def test_a_model_that_is_an_attack(gateway: Gateway, model: str) -> None:
    response = gateway.ask(body=model)
    assert error_of(response) == (400, "unsupported_model"), response.text
    assert gateway.key not in response.text
    assert "22222222-2222" not in response.text
    assert gateway.log("provider") == []


@pytest.mark.parametrize("model", [*SENTINELS, *INJECTIONS])
def test_a_deployment_that_is_an_attack(gateway: Gateway, model: str) -> None:
    path = f"/openai/deployments/{quote(model, safe='')}/chat/completions?api-version=2024-10-21"
    response = gateway.ask(path, {"messages": HELLO})
    assert response.status_code in (400, 404), response.text
    assert gateway.log("provider") == []


@pytest.mark.parametrize(
    "model",
    ["../../openai/files?x=", "..", "x/../../files", "a%2f..%2fb", "x#y", "x?y", "x" * 257, "x" * 70_000, "a\ud83e"],
    ids=range(9),
)
def test_an_attack_on_a_default_pool(gateway: Gateway, model: str) -> None:
    """A default pool takes any model, and an account of Azure OpenAI has the model in the path of its requests."""
    names = [api.name for api in gateway.azure.sdk.api.list_by_service(*gateway.service.place)]
    key = Hub(gateway.service).product(
        "open-to-all", policies('<set-variable name="defaultBackendPool" value="account" />'), *names
    )
    response = gateway.ask(body=model, headers={"api-key": key})
    assert error_of(response) == (400, "invalid_request")
    assert gateway.log("provider") == []
    assert gateway.ask(body="gpt-9", headers={"api-key": key}).status_code == 200


@pytest.mark.parametrize("name", ["gpt-9", "a%3Fb", "..%2fx", "non-llm-request"])
@pytest.mark.parametrize("api", ["models", "openai"])
def test_a_default_pool_has_no_part_in_listings(gateway: Gateway, api: str, name: str) -> None:
    names = [each.name for each in gateway.azure.sdk.api.list_by_service(*gateway.service.place)]
    key = Hub(gateway.service).product(
        "open-to-all", policies('<set-variable name="defaultBackendPool" value="account" />'), *names
    )
    response = gateway.ask(f"/{api}/deployments/{name}", method="GET", headers={"api-key": key})
    assert error_of(response) == (404, "DeploymentNotFound")
    assert gateway.ask(f"/{api}/deployments/gpt-4o", method="GET", headers={"api-key": key}).status_code == 200
    assert gateway.log("provider") == []


def test_two_models_in_one_request(gateway: Gateway, restricted: dict[str, str]) -> None:
    path = "/openai/deployments/Phi-4/chat/completions?api-version=2024-10-21"
    response = gateway.ask(path, {"model": "gpt-4o", "messages": HELLO}, headers=restricted)
    assert response.status_code == 400
    assert gateway.log("provider") == []


def test_dates_in_a_body_stay_as_they_are(gateway: Gateway) -> None:
    content = json.dumps({"model": "gpt-4o", "messages": [{"role": "user", "content": "2024-01-01T00:00:00+02:00"}]})
    assert _send(gateway, content.encode()).status_code == 200
    assert gateway.only("provider")["body"] == content


def test_an_answer_that_breaks_off(gateway: Gateway) -> None:
    gateway.provider("account.openai.azure.com", cut_after=1)
    response = gateway.ask(body="gpt-4o")
    assert error_of(response) == (502, "backend_answer_incomplete")
    assert response.json()["error"]["message"].endswith("broke off.")
    assert gateway.only("provider")["outcome"] == "cut"
