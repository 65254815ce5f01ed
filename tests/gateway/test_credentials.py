# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which credentials reach a backend: its own, and nothing of the client's or of another backend's.

The providers refuse what is not the right key or a token for the right audience, and log every credential that came.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.gateway.conftest import UNIVERSAL, VAULT_SECRET, Onboard
from tests.gateway.gateway import CHAT, HELLO, Gateway
from tests.integration.harness import IDENTITY_CLIENT_ID, Service
from tests.integration.inventory import backend, inventory
from tests.integration.playbook import Playbooks

COGNITIVE = "bearer aud=https://cognitiveservices.azure.com"
MACHINE_LEARNING = "bearer aud=https://ml.azure.com"


def _external(name: str, scheme: str, **credential: str) -> dict[str, Any]:
    endpoint = f"https://{name}.example/v1"
    return backend(
        name, f"m-{name}", backend_type="external", endpoint=endpoint, auth_scheme=scheme, credential=credential
    )


def _azure(name: str, kind: str, host: str, **fields: Any) -> dict[str, Any]:
    return backend(name, f"m-{name}", backend_type=kind, endpoint=f"https://{name}.{host}", **fields)


BACKENDS = (
    _external("plain", "api_key", value="key-of-plain"),
    _external("header", "api_key", value="key-of-header", header="x-provider-key"),
    _external("bearer", "token", value="token-of-bearer"),
    _external("named", "token", named_value="existing-secret"),
    _external("vault", "api_key", key_vault_secret_id=VAULT_SECRET),
    _azure("keyed", "azure-openai", "openai.azure.com", auth_scheme="api_key", credential={"value": "key-of-keyed"}),
    _azure("identity", "azure-openai", "openai.azure.com"),
    _azure("foundry", "ai-foundry", "cognitiveservices.azure.com"),
    _azure("project", "ai-foundry", "services.ai.azure.com"),
    _azure("serverless", "ai-foundry", "eastus.models.ai.azure.com"),
    _azure("compute", "ai-foundry", "westus.inference.ml.azure.com"),
    # One pool whose members take different keys.
    backend("left", "shared", auth_scheme="api_key", credential={"value": "key-of-left"}),
    backend("right", "shared", auth_scheme="api_key", credential={"value": "key-of-right"}),
)
KEYS: dict[str, dict[str, Any]] = {
    "plain.example": {"api_keys": ["key-of-plain"]},
    "header.example": {"api_keys": ["key-of-header"], "key_header": "x-provider-key"},
    "bearer.example": {"api_keys": ["token-of-bearer"]},
    "named.example": {"api_keys": ["value-of-named"]},
    "vault.example": {"api_keys": ["value-of-vault"]},
    "keyed.openai.azure.com": {"api_keys": ["key-of-keyed"]},
    "left.openai.azure.com": {"api_keys": ["key-of-left"]},
    "right.openai.azure.com": {"api_keys": ["key-of-right"]},
}
EXPECTED = {
    "plain": [("Authorization", "bearer")],
    "header": [("x-provider-key", "api-key")],
    "bearer": [("Authorization", "bearer")],
    "named": [("Authorization", "bearer")],
    "vault": [("Authorization", "bearer")],
    "keyed": [("api-key", "api-key")],
    "identity": [("Authorization", COGNITIVE)],
    "foundry": [("Authorization", COGNITIVE)],
    "project": [("Authorization", COGNITIVE)],
    "serverless": [("Authorization", MACHINE_LEARNING)],
    "compute": [("Authorization", MACHINE_LEARNING)],
}


@pytest.fixture(scope="module")
def gateway(onboard: Onboard, new_service: Callable[[], Service]) -> Gateway:
    """Every way to authenticate; one credential is in a named value that the service has before the run."""
    service = new_service()
    secret = {"properties": {"displayName": "existing-secret", "value": "value-of-named", "secret": True}}
    service.azure.sdk.named_value.begin_create_or_update(*service.place, "existing-secret", secret).result()
    return onboard(*BACKENDS, service=service)


@pytest.fixture(autouse=True)
def _keys(gateway: Gateway, _calm_providers: None) -> None:
    for host, settings in KEYS.items():
        gateway.provider(host, **settings)


@pytest.mark.parametrize("name", EXPECTED)
def test_a_backend_gets_its_own_credential_and_no_other(gateway: Gateway, name: str) -> None:
    headers = {
        "api-key": gateway.key,
        "Ocp-Apim-Subscription-Key": gateway.key,
        "Authorization": "Bearer of-the-client",
    }
    path = f"{CHAT}?api-key={gateway.key}&subscription-key={gateway.key}&kept=yes"
    response = gateway.ask(path, f"m-{name}", headers=headers)
    assert response.status_code == 200, response.text
    reached = gateway.only("provider")
    assert [(each["name"], each["kind"]) for each in reached["credentials"]] == EXPECTED[name]
    assert "kept=yes" in reached["url"]
    for each in reached["credentials"]:
        assert each.get("client_id", IDENTITY_CLIENT_ID) == IDENTITY_CLIENT_ID
    assert gateway.key not in str(reached)
    assert "of-the-client" not in str(reached)


@pytest.mark.parametrize("name", ["x-api-key", "X-Forgotten-Key"])
@pytest.mark.parametrize("value", ["{}", "Bearer {}"])
def test_a_header_that_holds_the_key_stays_here(gateway: Gateway, name: str, value: str) -> None:
    headers = {"api-key": gateway.key, name: value.format(gateway.key), "X-Kept": "yes"}
    assert gateway.ask(body="m-plain", headers=headers).status_code == 200
    assert name.lower() not in _headers(gateway)
    assert "x-kept" in _headers(gateway)


def test_a_key_of_the_provider_that_the_client_brings_is_not_the_gateways(gateway: Gateway) -> None:
    headers = {"api-key": gateway.key, "x-api-key": "of-the-client"}
    assert gateway.ask(body="m-plain", headers=headers).status_code == 200
    assert "x-api-key" in _headers(gateway)


@pytest.mark.parametrize("name", ["Cookie", "Ocp-Apim-Trace"])
def test_what_only_the_gateway_is_told_stays_here(gateway: Gateway, name: str) -> None:
    assert gateway.ask(body="m-plain", headers={"api-key": gateway.key, name: "true"}).status_code == 200
    assert name.lower() not in _headers(gateway)


def test_the_key_may_come_in_the_query_and_stays_here(gateway: Gateway) -> None:
    query = gateway.service.azure.sdk.api.get(*gateway.service.place, _universal(gateway))
    name = query.subscription_key_parameter_names.query
    assert gateway.ask(f"{CHAT}?{name}={gateway.key}", "m-plain", headers={}).status_code == 200
    assert gateway.key not in str(gateway.only("provider"))


def test_members_of_a_pool_bring_their_own_keys(gateway: Gateway) -> None:
    assert gateway.statuses("shared", 4) == {200: 4}
    assert gateway.reached() == {"left": 2, "right": 2}


def test_an_answer_carries_no_credential(gateway: Gateway) -> None:
    secrets = [key for settings in KEYS.values() for key in settings["api_keys"]]
    answer = gateway.ask(body="m-plain")
    told = answer.text + str(answer.headers)
    assert not [secret for secret in (*secrets, gateway.key) if secret in told]


def test_secrets_are_in_named_values_only(gateway: Gateway) -> None:
    assert gateway.service.named_values()["plain-credential"].secret
    assert gateway.service.named_values()["vault-credential"].key_vault.secret_identifier == VAULT_SECRET
    stored = str([each.as_dict() for each in gateway.service.backends().values()])
    assert "key-of" not in stored
    assert "{{plain-credential}}" in stored


def test_a_new_key_is_used_from_the_next_run_on(gateway: Gateway, playbooks: Playbooks) -> None:
    turned = [
        {**each, "credential": {"value": "second-key"}} if each["backend_id"] == "plain" else each for each in BACKENDS
    ]
    run = playbooks.onboard(inventory(gateway.service, *turned, llm_universal_api=UNIVERSAL))
    assert [target for _method, target in run.writes] == ["namedValues/plain-credential"]
    assert gateway.ask(body="m-plain").status_code == 401
    gateway.provider("plain.example", api_keys=["second-key"])
    assert gateway.ask(CHAT, {"model": "m-plain", "messages": HELLO}).status_code == 200


def _universal(gateway: Gateway) -> str:
    found = gateway.service.azure.sdk.api.list_by_service(*gateway.service.place)
    return str(next(api.name for api in found if api.path == "models"))


def _headers(gateway: Gateway) -> set[str]:
    """The names of the headers that the provider got."""
    return {name.lower() for name in gateway.only("provider")["headers"]}
