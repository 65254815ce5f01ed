# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Credentials of backends: where they go, where they must not go, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.inventory import named_values_of
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.problems import InventoryError

from tests.unit.plugins.module_utils._routing.inventories import backend, external, only_problem, plan_of

SECRET = "s3cret-of-the-provider"
VAULT_ID = "https://my-vault.vault.azure.net/secrets/provider-key"
SERVERLESS = "https://phi.swedencentral.models.ai.azure.com"


def azure(backend_id: str = "b", /, *models: str, **fields: Any) -> dict[str, Any]:
    return backend(backend_id, *models, **{"auth_scheme": "api_key", "credential": {"value": SECRET}, **fields})


def credentials_of(item: dict[str, Any]) -> Any:
    return plan_of(item)["backends"][0].get("credentials")


@pytest.mark.parametrize(
    ("item", "header"),
    [
        (azure(), {"api-key": "{{b-credential}}"}),
        (azure(backend_type="azure-openai"), {"api-key": "{{b-credential}}"}),
        (azure(auth_scheme="token"), {"Authorization": "Bearer {{b-credential}}"}),
        (azure(endpoint=SERVERLESS), {"Authorization": "Bearer {{b-credential}}"}),
        (external("b", credential={"value": SECRET}), {"Authorization": "Bearer {{b-credential}}"}),
        (external("b", credential={"value": SECRET, "header": "x-api-key"}), {"x-api-key": "{{b-credential}}"}),
        (azure(credential={"value": SECRET, "header": "authorization"}), {"authorization": "Bearer {{b-credential}}"}),
        (azure(credential={"named_value": "our.key"}), {"api-key": "{{our.key}}"}),
        (azure(credential={"key_vault_secret_id": VAULT_ID}), {"api-key": "{{b-credential}}"}),
    ],
)
def test_a_backend_refers_to_its_credential_in_the_header_of_its_family(item: Any, header: dict[str, str]) -> None:
    assert credentials_of(item) == {"header": header}


def test_a_managed_identity_leaves_no_other_credential_on_a_backend() -> None:
    assert credentials_of(backend("b")) == {}


@pytest.mark.parametrize("scheme", ["api_key", "token"])
def test_a_credential_that_is_not_given_is_left_alone_with_a_warning(scheme: str) -> None:
    plan = plan_of(external("mistral", auth_scheme=scheme))
    assert "credentials" not in plan["backends"][0]
    (warning,) = plan["warnings"]
    assert warning.startswith(f"llm_backends[0].credential is missing: the gateway sends no {scheme} to mistral")


def test_secrets_and_references_become_named_values() -> None:
    inventory = [
        azure("given", credential={"value": f" {SECRET}\n"}),
        azure("known", credential={"named_value": "our.key"}),
        azure("vault", credential={"key_vault_secret_id": f"{VAULT_ID}/"}),
        external("none"),
        backend("identity", "Phi-4"),
    ]
    assert named_values_of(inventory) == [
        {"name": "given-credential", "secret_value": SECRET},
        {"name": "vault-credential", "key_vault": {"secret_identifier": VAULT_ID}},
    ]


def test_the_plan_holds_no_secret() -> None:
    assert SECRET not in json.dumps(plan_of(azure(), azure("c", "Phi-4", auth_scheme="token")))


@pytest.mark.parametrize(
    ("credential", "path", "message"),
    [
        (SECRET, "", "is not a mapping"),
        ({}, "", "has no secret"),
        ({"value": SECRET, "named_value": "n"}, "", "has value and named_value"),
        ({"value": ""}, ".value", "cannot be a secret in a header"),
        ({"value": f"{SECRET}\r\nx-evil: 1"}, ".value", "cannot be a secret in a header"),
        ({"value": f"{{{{{SECRET}}}}}"}, ".value", "cannot be a secret in a header"),
        ({"value": f"{SECRET}\u00e9"}, ".value", "cannot be a secret in a header"),
        ({"value": SECRET * 300}, ".value", "cannot be a secret in a header"),
        ({"value": f"Bearer {SECRET}", "header": "authorization"}, ".value", "starts with a scheme"),
        ({"value": f"basic  {SECRET}", "header": "Authorization"}, ".value", "starts with a scheme"),
        ({"value": 7}, ".value", "cannot be a secret in a header"),
        ({"named_value": f"{SECRET}}}"}, ".named_value", "is not the name of one"),
        ({"key_vault_secret_id": f"http://{SECRET}"}, ".key_vault_secret_id", "is not the id of a secret"),
        ({"key_vault_secret_id": f"{VAULT_ID}/0a1b"}, ".key_vault_secret_id", "names a version of the secret"),
        ({"value": "v", "header": f"{SECRET}: x"}, ".header", "is not the name of a header"),
        ({"value": "v", "headers": "x"}, ".headers", "is not a known field"),
    ],
)
def test_a_credential_is_refused_without_being_shown(credential: Any, path: str, message: str) -> None:
    problem = only_problem(azure(credential=credential))
    assert problem.path == f"llm_backends[0].credential{path}"
    assert message in problem.message
    assert SECRET not in str(problem)
    with pytest.raises(InventoryError):
        named_values_of([azure(credential=credential)])


@pytest.mark.parametrize("credential", [{"value": "Bearer x", "header": "x-key"}, {"value": "Bearerx"}])
def test_the_word_bearer_is_refused_only_where_it_would_be_there_twice(credential: Any) -> None:
    assert plan_of(azure(auth_scheme="token", credential=credential))["backends"]


def test_a_managed_identity_takes_no_credential() -> None:
    problem = only_problem(backend("b", credential={"value": SECRET}))
    assert (problem.path, SECRET in str(problem)) == ("llm_backends[0].credential", False)


def test_one_pool_never_carries_the_gateways_token_to_a_backend_with_a_key() -> None:
    plan = plan_of(backend("a"), azure("b"))
    assert plan["pools"] == []
    assert [(route["name"], route["token_audience"]) for route in plan["routes"]] == [
        ("a-gpt-4o", "https://cognitiveservices.azure.com"),
        ("b-gpt-4o", ""),
    ]


def test_members_of_a_pool_may_have_keys_of_their_own() -> None:
    plan = plan_of(azure("a"), azure("b", auth_scheme="token"), managed_identity=None)
    assert [each["credentials"]["header"] for each in plan["backends"]] == [
        {"api-key": "{{a-credential}}"},
        {"Authorization": "Bearer {{b-credential}}"},
    ]
    assert plan["routes"][0]["token_audience"] == ""
