# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ARM returns, as tests of a preflight need it."""

from __future__ import annotations

from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._preflight.targets import Target, read_targets

SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-hub"
IDENTITY_ID = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-apim"
CLIENT_ID = "22222222-2222-2222-2222-222222222222"
PRINCIPAL = "22222222-2222-2222-2222-222222222223"

# Data actions of built-in roles, as Microsoft's list of them has it.
BUILT_IN = {
    "Cognitive Services OpenAI User": [
        "Microsoft.CognitiveServices/accounts/OpenAI/*/read",
        "Microsoft.CognitiveServices/accounts/OpenAI/engines/completions/action",
        "Microsoft.CognitiveServices/accounts/OpenAI/deployments/completions/action",
        "Microsoft.CognitiveServices/accounts/OpenAI/deployments/chat/completions/action",
        "Microsoft.CognitiveServices/accounts/OpenAI/deployments/embeddings/action",
        "Microsoft.CognitiveServices/accounts/OpenAI/images/generations/action",
    ],
    "Cognitive Services OpenAI Contributor": ["Microsoft.CognitiveServices/accounts/OpenAI/*"],
    "Cognitive Services User": ["Microsoft.CognitiveServices/*"],
    "Azure AI Developer": [
        "Microsoft.CognitiveServices/accounts/OpenAI/*",
        "Microsoft.CognitiveServices/accounts/SpeechServices/*",
        "Microsoft.CognitiveServices/accounts/ContentSafety/*",
        "Microsoft.CognitiveServices/accounts/MaaS/*",
    ],
    # Their actions on the control plane, "*" among them, are not these.
    "Owner": [],
    "Cognitive Services Contributor": [],
}


def service(*attached: str, **properties: Any) -> dict[str, Any]:
    """A service in Sweden Central that has the identities with these ids."""
    entry = {"clientId": CLIENT_ID, "principalId": PRINCIPAL}
    return {
        "name": "apim-hub",
        "location": "Sweden Central",
        "sku": {"name": properties.pop("sku", "Developer"), "capacity": 1},
        "identity": {"type": "UserAssigned", "userAssignedIdentities": dict.fromkeys(attached, entry)},
        "properties": properties,
    }


def account(name: str, endpoint: str = "", subdomain: str | None = None, **endpoints: str) -> dict[str, Any]:
    """An account with its own host names, unless others are given."""
    return {
        "id": f"{GROUP}/providers/Microsoft.CognitiveServices/accounts/{name}",
        "name": name,
        "properties": {
            "endpoint": endpoint or f"https://{name}.cognitiveservices.azure.com/",
            "endpoints": endpoints,
            "customSubDomainName": name if subdomain is None else subdomain,
        },
    }


def definition(name: str, *data_actions: str, without: tuple[str, ...] = ()) -> dict[str, Any]:
    """A role: a built-in one, or one with these data actions."""
    given = list(data_actions) or BUILT_IN[name]
    permission = {"actions": ["*"], "notActions": [], "dataActions": given, "notDataActions": list(without)}
    return {"name": name, "properties": {"roleName": name, "permissions": [permission]}}


def assignment(scope: str, role: str) -> dict[str, Any]:
    """An assignment of the role with this GUID."""
    role_id = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{role}"
    return {"properties": {"scope": scope, "roleDefinitionId": role_id, "principalId": PRINCIPAL}}


def target(endpoint: str, backend_type: str = "azure-openai", auth_scheme: str = "managed_identity") -> Target:
    """A backend with the id `b`."""
    fields = {"backend_id": "b", "backend_type": backend_type, "endpoint": endpoint, "auth_scheme": auth_scheme}
    (found,), problems = read_targets([fields])
    assert problems == []
    return found
