# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls on objects that a provider keeps, such as responses: they reach the account that holds them."""

from __future__ import annotations

from typing import Any

import pytest
from openai import NotFoundError

from tests.gateway.conftest import UNIVERSAL, Onboard
from tests.gateway.gateway import Gateway, error_of
from tests.gateway.hub import Hub, policies
from tests.integration.inventory import backend

COGNITIVE = "bearer aud=https://cognitiveservices.azure.com"
BACKENDS = (
    backend("one", "gpt-4o", {"name": "ladder", "deployment": "ladder-1", "fallbacks": ["gpt-5"]}),
    backend("two", "gpt-4o"),
    backend("three", {"name": "gpt-5", "deployment": "gpt-five"}),
    backend(
        "foundry", "gpt-5", backend_type="ai-foundry", endpoint="https://foundry.services.ai.azure.com", priority=2
    ),
    backend(
        "vendor",
        "claude",
        backend_type="external",
        endpoint="https://vendor.example/v1",
        auth_scheme="token",
        credential={"value": "token-of-vendor"},
    ),
)


@pytest.fixture(scope="module")
def gateway(onboard: Onboard) -> Gateway:
    """Accounts of Azure behind a pool of accounts and one of deployments, and an external provider."""
    return onboard(*BACKENDS, llm_universal_api=UNIVERSAL, llm_azure_openai_api={"deploy": True})


@pytest.fixture(scope="module")
def key_of_three(gateway: Gateway) -> str:
    """The key of a product whose callers may use one route only."""
    allowed = policies('<set-variable name="allowedBackendPools" value="gpt-5-backend-pool" />')
    return Hub(gateway.service).product("stored", allowed, "universal-llm-api")


@pytest.fixture(autouse=True)
def _providers(gateway: Gateway, _calm_providers: None) -> None:
    gateway.provider("vendor.example", api_keys=["token-of-vendor"])


def _create(gateway: Gateway, model: str, **options: Any) -> tuple[str, str]:
    """Create a response; return its id and the host that holds it."""
    gateway.azure.forget()
    created = gateway.openai.responses.create(model=model, input="Hello!", **options)
    return created.id, gateway.log("provider")[-1]["host"]


@pytest.mark.parametrize("model", ["gpt-4o", "gpt-5", "claude"])
def test_a_response_is_created_where_the_model_is(gateway: Gateway, model: str) -> None:
    _identifier, host = _create(gateway, model)
    served = gateway.log("provider")[-1]
    assert served["status"] == 200
    assert served["deployment"] == {"gpt-4o": "gpt-4o", "gpt-5": "gpt-five", "claude": "claude"}[model]
    assert host.partition(".")[0] in {"gpt-4o": {"one", "two"}, "gpt-5": {"three"}, "claude": {"vendor"}}[model]


def test_a_response_is_found_wherever_it_is(gateway: Gateway) -> None:
    """Responses of a pool lie in several accounts; each is read, listed and deleted by its id alone."""
    created = [_create(gateway, "gpt-4o") for _ in range(4)]
    assert {host for _identifier, host in created} == {"one.openai.azure.com", "two.openai.azure.com"}
    for identifier, host in created:
        gateway.azure.forget()
        assert gateway.openai.responses.retrieve(identifier).id == identifier
        assert gateway.log("provider")[-1]["host"] == host
        assert list(gateway.openai.responses.input_items.list(identifier))
        gateway.openai.responses.delete(identifier)
        with pytest.raises(NotFoundError):
            gateway.openai.responses.retrieve(identifier)


def test_azure_openais_api_finds_it_too(gateway: Gateway) -> None:
    identifier, _host = _create(gateway, "gpt-4o")
    for path in (
        f"/openai/responses/{identifier}?api-version=2025-03-01-preview",
        f"/openai/v1/responses/{identifier}",
    ):
        assert gateway.ask(path, method="GET").json()["id"] == identifier


@pytest.mark.parametrize("model", ["gpt-4o", "gpt-5"])
def test_a_conversation_goes_on_where_it_began(gateway: Gateway, model: str) -> None:
    for _ in range(3):
        identifier, host = _create(gateway, model)
        _next, place = _create(gateway, model, previous_response_id=identifier)
        assert place == host


def test_a_search_carries_the_identitys_token_and_nothing_of_the_client(gateway: Gateway) -> None:
    identifier, _host = _create(gateway, "gpt-5")
    gateway.azure.forget()
    assert gateway.openai.responses.retrieve(identifier)
    for entry in gateway.log("provider"):
        assert [each["kind"] for each in entry["credentials"]] == [COGNITIVE]
        assert gateway.key not in str(entry)


def test_the_client_may_name_the_account(gateway: Gateway) -> None:
    identifier, _host = _create(gateway, "claude")
    path, headers = f"/models/responses/{identifier}", {"api-key": gateway.key, "x-llm-backend": "vendor"}
    gateway.azure.forget()
    assert gateway.ask(path, method="GET", headers=headers).json()["id"] == identifier
    served = gateway.only("provider")
    assert (served["host"], served["status"]) == ("vendor.example", 200)
    assert "x-llm-backend" not in {name.lower() for name in served["headers"]}


@pytest.mark.parametrize("kind", ["files", "batches"])
def test_a_list_needs_an_account(gateway: Gateway, kind: str) -> None:
    answer = gateway.ask(f"/models/{kind}", method="GET")
    assert error_of(answer) == (400, "backend_required")
    for name in ("one", "two", "three", "foundry", "vendor"):
        assert name in answer.text
    named = gateway.ask(f"/models/{kind}", method="GET", headers={"api-key": gateway.key, "x-llm-backend": "two"})
    assert named.json()["data"] == []
    assert gateway.only("provider")["host"] == "two.openai.azure.com"


def test_what_nobody_holds_is_not_found(gateway: Gateway) -> None:
    for path in ("responses/resp_none", "files/file-none", "files/file-none/content", "batches/batch_none"):
        assert gateway.ask(f"/models/{path}", method="GET").status_code == 404
    assert gateway.ask("/models/responses/resp_none", method="DELETE").status_code == 404


def test_only_accounts_of_allowed_pools_are_searched(gateway: Gateway, key_of_three: str) -> None:
    identifier, _host = _create(gateway, "gpt-4o")
    gateway.azure.forget()
    headers = {"api-key": key_of_three}
    assert gateway.ask(f"/models/responses/{identifier}", method="GET", headers=headers).status_code == 404
    assert gateway.reached().keys() == {"three", "foundry"}
    answer = gateway.ask("/models/files", method="GET", headers={**headers, "x-llm-backend": "one"})
    assert error_of(answer) == (403, "backend_pool_access_forbidden")


def test_a_response_falls_back_and_goes_on_there(gateway: Gateway) -> None:
    gateway.provider("one.openai.azure.com", status=429)
    identifier, host = _create(gateway, "ladder")
    served = gateway.log("provider")[-1]
    assert (host, served["deployment"]) == ("three.openai.azure.com", "gpt-five")
    gateway.provider("one.openai.azure.com")
    assert gateway.openai.responses.retrieve(identifier).id == identifier
    assert _create(gateway, "ladder", previous_response_id=identifier)[1] == host


def test_a_default_pool_makes_responses_by_its_own_deployment(gateway: Gateway) -> None:
    default = policies('<set-variable name="defaultBackendPool" value="one-ladder-1" />')
    headers = {"api-key": Hub(gateway.service).product("default", default, "universal-llm-api")}
    answer = gateway.ask("/models/responses", {"model": "unknown", "input": "Hello!"}, headers=headers)
    assert answer.status_code == 200, answer.text
    served = gateway.only("provider")
    assert (served["host"], served["deployment"]) == ("one.openai.azure.com", "ladder-1")
    for hidden in ("gpt-five", "GPT-Five", "ladder-1"):
        answer = gateway.ask("/models/responses", {"model": hidden, "input": "Hello!"}, headers=headers)
        assert error_of(answer) == (400, "unsupported_model")
    assert gateway.reached() == {"one": 1}


@pytest.mark.parametrize("path", ["responses/a%2finput_items", "files/a%5Ccontent", "responses/a%252Finput_items"])
def test_an_id_is_no_path(gateway: Gateway, path: str) -> None:
    assert error_of(gateway.ask(f"/models/{path}", method="GET")) == (400, "invalid_request")
    assert not gateway.reached()


def test_a_hubs_own_api_asks_no_other_account_while_one_is_busy(gateway: Gateway) -> None:
    Hub(gateway.service).fallback_api("x-hub-key")
    identifier, _host = _create(gateway, "gpt-5")
    body = {"model": "gpt-5", "input": "More!", "previous_response_id": identifier}
    headers = {"x-hub-key": gateway.key}
    assert gateway.ask("/fallback/responses", body, headers=headers).status_code == 200
    gateway.provider("three.openai.azure.com", status=429)
    gateway.azure.forget()
    assert gateway.ask("/fallback/responses", body, headers=headers).status_code == 429
    assert gateway.reached().keys() == {"three"}


def test_a_failing_account_is_no_proof_of_absence(gateway: Gateway) -> None:
    """An account that cannot tell whether it holds the object is not passed over in silence."""
    identifier, host = _create(gateway, "gpt-4o")
    gateway.provider(host, status=500)
    assert gateway.ask(f"/models/responses/{identifier}", method="GET").status_code == 500
