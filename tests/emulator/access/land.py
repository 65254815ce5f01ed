# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Accounts and roles in a running embedded Azure, and short ways to ask ARM about them."""

from __future__ import annotations

import uuid
from typing import Any

import requests

from tests.emulator.harness import CONFIG as PLAIN
from tests.emulator.harness import GROUP, Azure

SUB = "/subscriptions/00000000-0000-0000-0000-000000000000"
ACCOUNTS = f"{SUB}/resourceGroups/rg-models/providers/Microsoft.CognitiveServices/accounts"
OPENAI = f"{ACCOUNTS}/Aoai-East"
FOUNDRY = f"{ACCOUNTS}/foundry"
IDENTITY = "22222222-2222-2222-2222-222222222223"
ROLES = "2022-04-01"
ACCOUNT_VERSION = "2024-10-01"
OPENAI_USER = "5e0bd9bd-7b93-4f28-af87-19fc36ad61bd"
USER = "a97b65f3-24c7-4388-baec-2e87135dc908"
OWNER_CLIENT = "66666666-6666-6666-6666-666666666666"
API_CLIENT = "77777777-7777-7777-7777-777777777777"

CONFIG = f"""{
    PLAIN.replace(
        "identities:",
        f'''  - {{client_id: {OWNER_CLIENT}, object_id: {OWNER_CLIENT[:-1]}7, secret: owner, role: owner}}
  - {{client_id: {API_CLIENT}, object_id: {API_CLIENT[:-1]}8, secret: api, role: api_management}}
identities:''',
        1,
    )
}
accounts:
  - {{resource_group: rg-models, name: Aoai-East, kind: OpenAI, deployments: [gpt-4o], disable_local_auth: true}}
  - resource_group: rg-models
    name: foundry
    kind: AIServices
    custom_subdomain: Foundry-Custom
    deployments:
      - {{name: chat, model: gpt-4o, version: "2024-11-20", sku: Standard, capacity: 50}}
      - {{name: Phi-4, format: Microsoft}}
  - {{resource_group: rg-open, name: open, kind: CognitiveServices, location: westeurope}}
role_definitions:
  - {{name: Chat only, data_actions: [Microsoft.CognitiveServices/accounts/OpenAI/deployments/chat/*]}}
role_assignments:
  - {{principal: {GROUP}/id-gateway, role: Cognitive Services OpenAI User, scope: rg-models/Aoai-East}}
  - {{principal: {IDENTITY}, role: Reader, scope: {SUB}}}
"""


class Land:
    """ARM as an owner sees it."""

    def __init__(self, azure: Azure) -> None:
        self.azure = azure
        self.owner = {"Authorization": f"Bearer {azure.token(client_id=OWNER_CLIENT, client_secret='owner')}"}

    def account(self, path: str, version: str = ACCOUNT_VERSION, **options: Any) -> requests.Response:
        """GET something of Microsoft.CognitiveServices."""
        return self.azure.arm("GET", path, version=version, **options)

    def assignments(self, scope: str = SUB, clause: str | None = None) -> list[dict[str, Any]]:
        """Return the role assignments that a list at a scope shows."""
        response = self.roles("GET", scope, clause=clause)
        assert response.status_code == 200, response.text
        items: list[dict[str, Any]] = response.json()["value"]
        return items

    def roles(
        self, method: str, scope: str, name: str = "", *, clause: str | None = None, **options: Any
    ) -> requests.Response:
        """Send a request about role assignments, as the owner."""
        path = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}".rstrip("/")
        params = {"$filter": clause} if clause is not None else {}
        return self.azure.arm(method, path, version=ROLES, params=params, **{"headers": self.owner, **options})

    def assign(self, scope: str, role: str, name: str | None = None, **changes: Any) -> requests.Response:
        """PUT a role assignment of the identity; None removes a property."""
        definition = f"{SUB}/providers/Microsoft.Authorization/roleDefinitions/{role}"
        sent = {"roleDefinitionId": definition, "principalId": IDENTITY, "principalType": "ServicePrincipal", **changes}
        properties = {key: value for key, value in sent.items() if value is not None}
        return self.roles("PUT", scope, name or str(uuid.uuid4()), json={"properties": properties})

    def unassign(self, scope: str, role: str) -> None:
        """DELETE the identity's assignment of a role at a scope."""
        (found,) = [
            item
            for item in self.assignments(scope, f"principalId eq '{IDENTITY}'")
            if item["properties"]["scope"] == scope and item["properties"]["roleDefinitionId"].endswith(role)
        ]
        assert self.roles("DELETE", scope, found["name"]).status_code == 200

    def restore(self, wanted: list[dict[str, Any]]) -> None:
        """Make the role assignments what they were."""
        names = {item["name"] for item in wanted}
        for item in self.assignments():
            if item["name"] not in names:
                self.roles("DELETE", item["properties"]["scope"], item["name"])
        for item in wanted:
            self.roles("PUT", item["properties"]["scope"], item["name"], json={"properties": _writable(item)})


def _writable(item: dict[str, Any]) -> dict[str, Any]:
    return {key: item["properties"][key] for key in ("roleDefinitionId", "principalId", "principalType")}


def names(items: list[dict[str, Any]]) -> list[str]:
    """Return the names of resources."""
    return [item["name"] for item in items]
