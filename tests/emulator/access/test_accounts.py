# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Accounts of Microsoft.CognitiveServices and their deployments, as ARM shows them."""

from __future__ import annotations

import pytest

from tests.emulator.access.land import ACCOUNTS, API_CLIENT, FOUNDRY, OPENAI, SUB, Land, names
from tests.emulator.harness import error_code


@pytest.mark.parametrize("version", ["2023-05-01", "2024-10-01", "2025-06-01"])
def test_an_account_of_openai(land: Land, version: str) -> None:
    account = land.account(OPENAI, version).json()
    assert (account["id"], account["name"], account["type"]) == (
        OPENAI,
        "Aoai-East",
        "Microsoft.CognitiveServices/accounts",
    )
    assert (account["kind"], account["sku"], account["location"]) == ("OpenAI", {"name": "S0"}, "swedencentral")
    properties = account["properties"]
    assert properties["endpoint"] == "https://aoai-east.openai.azure.com/"
    assert set(properties["endpoints"].values()) == {properties["endpoint"]}
    assert "OpenAI Language Model Instance API" in properties["endpoints"]
    assert properties["customSubDomainName"] == "aoai-east"
    assert properties["provisioningState"] == "Succeeded"
    assert properties["publicNetworkAccess"] == "Enabled"
    assert properties["disableLocalAuth"] is True


def test_an_account_of_foundry_has_three_hosts(land: Land) -> None:
    properties = land.account(FOUNDRY).json()["properties"]
    assert properties["endpoint"] == "https://foundry-custom.cognitiveservices.azure.com/"
    assert properties["customSubDomainName"] == "foundry-custom"
    assert properties["disableLocalAuth"] is False
    endpoints = properties["endpoints"]
    assert endpoints["OpenAI Language Model Instance API"] == "https://foundry-custom.openai.azure.com/"
    assert endpoints["AI Foundry API"] == "https://foundry-custom.services.ai.azure.com/"
    assert endpoints["Content Safety"] == properties["endpoint"]


def test_names_ignore_case(land: Land) -> None:
    assert land.account(OPENAI.replace("Aoai-East", "aoai-EAST")).json()["name"] == "Aoai-East"


def test_lists(land: Land) -> None:
    listed = land.account(f"{SUB}/providers/Microsoft.CognitiveServices/accounts").json()
    assert set(listed) == {"value"}
    assert names(listed["value"]) == ["Aoai-East", "foundry", "open"]
    assert names(land.account(ACCOUNTS).json()["value"]) == ["Aoai-East", "foundry"]
    assert land.account(ACCOUNTS.replace("rg-models", "rg-tests")).json()["value"] == []


def test_deployments(land: Land) -> None:
    listed = land.account(f"{FOUNDRY}/deployments").json()["value"]
    assert names(listed) == ["chat", "Phi-4"]
    chat = land.account(f"{FOUNDRY}/deployments/CHAT").json()
    assert chat == listed[0]
    assert (chat["id"], chat["type"]) == (
        f"{FOUNDRY}/deployments/chat",
        "Microsoft.CognitiveServices/accounts/deployments",
    )
    assert chat["sku"] == {"name": "Standard", "capacity": 50}
    assert chat["properties"]["model"] == {"format": "OpenAI", "name": "gpt-4o", "version": "2024-11-20"}
    assert chat["properties"]["provisioningState"] == "Succeeded"
    assert listed[1]["properties"]["model"] == {"format": "Microsoft", "name": "Phi-4", "version": "1"}


def test_deployments_are_those_that_the_host_has_at_present(land: Land) -> None:
    host = "providers/foundry-custom.cognitiveservices.azure.com"
    land.azure.admin("PUT", host, json={"deployments": ["chat", "new"]})
    try:
        assert names(land.account(f"{FOUNDRY}/deployments").json()["value"]) == ["chat", "new"]
    finally:
        land.azure.admin("DELETE", host)
    assert names(land.account(f"{FOUNDRY}/deployments").json()["value"]) == ["chat", "Phi-4"]


@pytest.mark.parametrize(
    ("path", "version", "expected"),
    [
        (f"{ACCOUNTS}/none", "2024-10-01", (404, "ResourceNotFound")),
        (f"{ACCOUNTS}/none/deployments", "2024-10-01", (404, "ParentResourceNotFound")),
        (f"{FOUNDRY}/deployments/none", "2024-10-01", (404, "ResourceNotFound")),
        (f"{FOUNDRY}/projects", "2024-10-01", (404, "InvalidResourceType")),
        (f"{FOUNDRY}/deployments/chat/what", "2024-10-01", (404, "InvalidResourceType")),
        (ACCOUNTS.replace("rg-models", "rg-none"), "2024-10-01", (404, "ResourceGroupNotFound")),
        (FOUNDRY, "2019-01-01", (400, "NoRegisteredProviderFound")),
        (FOUNDRY.replace("accounts", "things"), "2024-10-01", (404, "InvalidResourceType")),
    ],
)
def test_refusals(land: Land, path: str, version: str, expected: tuple[int, str]) -> None:
    assert error_code(land.account(path, version)) == expected


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "POST"])
def test_accounts_are_read_only(land: Land, method: str) -> None:
    assert error_code(land.azure.arm(method, FOUNDRY, version="2024-10-01", json={})) == (405, "MethodNotAllowed")


def test_a_client_of_api_management_alone_cannot_read_them(land: Land) -> None:
    headers = {"Authorization": f"Bearer {land.azure.token(client_id=API_CLIENT, client_secret='api')}"}
    assert land.azure.arm("PUT", "namedValues/nv", headers=headers, json=_named_value()).status_code == 201
    assert land.azure.arm("DELETE", "namedValues/nv", headers=headers).status_code == 200
    assert land.azure.arm("GET", f"{SUB}/resourceGroups", version="2021-04-01", headers=headers).status_code == 200
    for path, version, action in (
        (f"{FOUNDRY}/deployments", "2024-10-01", "Microsoft.CognitiveServices/accounts/deployments/read"),
        (
            f"{FOUNDRY}/providers/Microsoft.Authorization/roleAssignments",
            "2022-04-01",
            "Microsoft.Authorization/roleAssignments/read",
        ),
    ):
        refused = land.azure.arm("GET", path, version=version, headers=headers)
        assert error_code(refused) == (403, "AuthorizationFailed")
        assert f"'{action}' over scope '{path}'" in refused.json()["error"]["message"]


def _named_value() -> dict[str, object]:
    return {"properties": {"displayName": "nv", "value": "x"}}
