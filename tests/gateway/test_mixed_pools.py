# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Models that unlike backends share: every member gets the path, api-version, deployment and credentials that it takes.

The providers know their own deployments only, and refuse any other path, api-version, token or key.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.gateway.conftest import UNIVERSAL, Onboard
from tests.gateway.gateway import HELLO, Gateway
from tests.gateway.hub import Hub
from tests.integration.inventory import backend

COGNITIVE = "bearer aud=https://cognitiveservices.azure.com"
DEEPSEEK = {"name": "DeepSeek-R1", "model_format": "DeepSeek"}

OPENAI_HOST, FOUNDRY_HOST = "open.openai.azure.com", "foundry.cognitiveservices.azure.com"
SECOND_HOST, KEYED_HOST, EXTERNAL_HOST = "second.openai.azure.com", "keyed.openai.azure.com", "vendor.example"
PROVIDERS: dict[str, dict[str, Any]] = {
    OPENAI_HOST: {"deployments": ["DeepSeek-R1", "embed", "gpt-east", "gpt-shared", "gpt-keyed"]},
    FOUNDRY_HOST: {"deployments": ["DeepSeek-R1", "embed", "phi-small", "phi-large"]},
    SECOND_HOST: {"deployments": ["gpt-west"]},
    KEYED_HOST: {"deployments": ["gpt-keyed"], "api_keys": ["key-of-keyed"]},
    EXTERNAL_HOST: {"deployments": ["vendor/gpt", "large", "LARGE"], "api_keys": ["key-of-vendor"]},
}
BACKENDS = (
    backend(
        "open",
        DEEPSEEK,
        "embed",
        {"name": "gpt", "deployment": "gpt-east"},
        "gpt-shared",
        "gpt-keyed",
    ),
    backend(
        "foundry",
        DEEPSEEK,
        "embed",
        {"name": "Phi", "model_format": "Microsoft", "deployment": "phi-small"},
        {"name": "Phi", "model_format": "Microsoft", "deployment": "phi-large"},
        backend_type="ai-foundry",
        endpoint=f"https://{FOUNDRY_HOST}/models/",
    ),
    backend("second", {"name": "gpt", "deployment": "gpt-west"}),
    backend("keyed", "gpt-keyed", auth_scheme="api_key", credential={"value": "key-of-keyed"}),
    backend(
        "vendor",
        {"name": "gpt-shared", "deployment": "vendor/gpt"},
        {"name": "new", "deployment": "LARGE", "fallbacks": ["old"]},
        {"name": "old", "deployment": "large"},
        backend_type="external",
        endpoint=f"https://{EXTERNAL_HOST}/v1",
        auth_scheme="api_key",
        credential={"value": "key-of-vendor"},
        priority=2,
    ),
)


@pytest.fixture(scope="module")
def gateway(onboard: Onboard) -> Gateway:
    """A gateway with both APIs of the role, and a hub's own API at /proxy."""
    found = onboard(
        *BACKENDS,
        llm_universal_api=UNIVERSAL,
        llm_azure_openai_api={"deploy": True},
        llm_circuit_breaker={"trip_duration": "PT1S"},
    )
    Hub(found.service).proxy_api("x-hub-key")
    return found


@pytest.fixture(autouse=True)
def _providers(gateway: Gateway, _calm_providers: None) -> None:
    gateway.wait_until_closed()
    for host, settings in PROVIDERS.items():
        gateway.provider(host, **settings)


def _chat(gateway: Gateway, api: str, model: str) -> int:
    """Ask for a chat through one of the APIs; return the status of the answer."""
    if api == "azure-openai":
        path = f"/openai/deployments/{model}/chat/completions?api-version=2024-10-21"
        return gateway.ask(path, {"messages": HELLO}).status_code
    if api == "hub":
        headers = {"x-hub-key": gateway.key}
        return gateway.ask("/proxy/chat/completions", model, headers=headers).status_code
    return gateway.ask(body=model).status_code


def _requests(gateway: Gateway) -> dict[str, tuple[str, str, str]]:
    """Host -> path, query and deployment of the requests that it got, which must all be alike."""
    found: dict[str, tuple[str, str, str]] = {}
    for entry in gateway.log("provider"):
        url = urlsplit(entry["url"])
        request = (url.path, url.query, entry["deployment"])
        assert found.setdefault(entry["host"], request) == request
        assert entry["status"] == 200, entry
    return found


@pytest.mark.parametrize("api", ["universal", "azure-openai", "hub"])
def test_families_share_a_model_that_is_not_openais(gateway: Gateway, api: str) -> None:
    assert [_chat(gateway, api, "deepseek-r1") for _ in range(6)] == [200] * 6
    assert _requests(gateway) == {
        OPENAI_HOST: (
            "/openai/deployments/DeepSeek-R1/chat/completions",
            "api-version=2024-10-21",
            "DeepSeek-R1",
        ),
        FOUNDRY_HOST: ("/models/chat/completions", "api-version=2024-05-01-preview", "DeepSeek-R1"),
    }
    assert gateway.reached() == {"open": 3, "foundry": 3}
    assert _credential_kinds(gateway) == {COGNITIVE}


def test_families_share_a_model_of_openai(gateway: Gateway) -> None:
    for client in (gateway.openai, gateway.azure_openai):
        for _ in range(2):
            answer = client.embeddings.create(model="embed", input="Hello!")
            assert answer.data[0].embedding
    assert gateway.reached() == {"open": 2, "foundry": 2}


@pytest.mark.parametrize("api", ["universal", "azure-openai", "hub"])
def test_members_have_deployment_names_of_their_own(gateway: Gateway, api: str) -> None:
    assert [_chat(gateway, api, "gpt") for _ in range(4)] == [200] * 4
    assert {host: deployment for host, (_path, _query, deployment) in _requests(gateway).items()} == {
        OPENAI_HOST: "gpt-east",
        SECOND_HOST: "gpt-west",
    }


@pytest.mark.parametrize("api", ["universal", "azure-openai"])
def test_deployments_that_only_bodies_can_name_are_tried_in_turn(gateway: Gateway, api: str) -> None:
    assert _chat(gateway, api, "Phi") == 200
    assert _requests(gateway)[FOUNDRY_HOST][2] == "phi-small"
    gateway.azure.forget()
    gateway.provider(FOUNDRY_HOST, **PROVIDERS[FOUNDRY_HOST], per_deployment={"phi-small": {"status": 429}})
    assert _chat(gateway, api, "Phi") == 200
    assert [entry["deployment"] for entry in gateway.log("provider")][-1] == "phi-large"


@pytest.mark.parametrize("path", ["/models/chat/completions", "/models/responses"])
def test_an_external_provider_may_tell_deployments_apart_by_case(gateway: Gateway, path: str) -> None:
    for model, deployment in {"new": "LARGE", "old": "large"}.items():
        body = (
            {"model": model, "input": "Hello!"} if path.endswith("responses") else {"model": model, "messages": HELLO}
        )
        assert gateway.ask(path, body).status_code == 200
        assert gateway.log("provider")[-1]["deployment"] == deployment
    gateway.azure.forget()
    gateway.provider(EXTERNAL_HOST, **PROVIDERS[EXTERNAL_HOST], per_deployment={"LARGE": {"status": 429}})
    assert gateway.ask(path, {"model": "new", "input": "Hello!", "messages": HELLO}).status_code == 200
    assert [entry["deployment"] for entry in gateway.log("provider")] == ["LARGE", "large"]


@pytest.mark.parametrize("api", ["universal", "azure-openai"])
def test_an_external_provider_serves_what_azure_refuses_and_gets_no_token(gateway: Gateway, api: str) -> None:
    assert _chat(gateway, api, "gpt-shared") == 200
    assert gateway.reached() == {"open": 1}
    gateway.azure.forget()
    gateway.provider(OPENAI_HOST, **PROVIDERS[OPENAI_HOST], status=429)
    assert _chat(gateway, api, "gpt-shared") == 200
    served = gateway.log("provider")[-1]
    assert (served["host"], served["deployment"], urlsplit(served["url"]).path) == (
        EXTERNAL_HOST,
        "vendor/gpt",
        "/v1/chat/completions",
    )
    assert [(each["name"], each["kind"]) for each in served["credentials"]] == [("Authorization", "bearer")]
    for entry in gateway.log("provider"):
        if entry["host"] != EXTERNAL_HOST:
            assert [each["kind"] for each in entry["credentials"]] == [COGNITIVE]


def test_a_key_and_a_token_are_not_sent_together(gateway: Gateway) -> None:
    assert _chat(gateway, "universal", "gpt-keyed") == 200
    gateway.provider(OPENAI_HOST, **PROVIDERS[OPENAI_HOST], status=500)
    assert _chat(gateway, "universal", "gpt-keyed") == 200
    kinds = {entry["host"]: [each["kind"] for each in entry["credentials"]] for entry in gateway.log("provider")}
    assert kinds == {OPENAI_HOST: [COGNITIVE], KEYED_HOST: ["api-key"]}


def test_a_hubs_own_api_serves_the_first_route(gateway: Gateway) -> None:
    """Its retry knows nothing of a chain, so it hands on what the first route answers."""
    assert _chat(gateway, "hub", "gpt-shared") == 200
    gateway.provider(OPENAI_HOST, **PROVIDERS[OPENAI_HOST], status=429)
    # Its three attempts open the breaker, the sooner after failures just before.
    assert _chat(gateway, "hub", "gpt-shared") in {429, 503}
    assert gateway.reached().keys() == {"open"}


def _credential_kinds(gateway: Gateway) -> set[str]:
    return {each["kind"] for entry in gateway.log("provider") for each in entry["credentials"]}
