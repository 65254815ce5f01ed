# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of preflights find in Azure, and inventories of it."""

from __future__ import annotations

from typing import Any

from tests.integration import inventory
from tests.integration.harness import IDENTITY_CLIENT_ID, IDENTITY_NAME, RESOURCE_GROUP, SUBSCRIPTION, Azure
from tests.integration.playbook import Run

OTHER_SUBSCRIPTION = "00000000-0000-0000-0000-000000000002"
PRINCIPAL = "22222222-2222-2222-2222-222222222223"
READER, READER_SECRET = "55555555-5555-5555-5555-555555555555", "the-secret-of-the-reader"
IDENTITY = {"resource_group": RESOURCE_GROUP, "name": IDENTITY_NAME}

_LABEL = f"{RESOURCE_GROUP}/{IDENTITY_NAME}"
_BROAD = "rg-broad"
# Name of an account to its kind and the roles that the identity has there.
ACCOUNTS: dict[str, tuple[str, list[str]]] = {
    "aoai-well": ("OpenAI", ["Cognitive Services OpenAI User"]),
    "aif-well": ("AIServices", ["Cognitive Services User"]),
    "aoai-bare": ("OpenAI", []),
    "aoai-owned": ("OpenAI", ["Owner", "Cognitive Services Contributor"]),
    "aif-openai": ("AIServices", ["Cognitive Services OpenAI User"]),
    "aoai-custom": ("OpenAI", ["Chat only"]),
    "aoai-hidden": ("OpenAI", ["Cognitive Services OpenAI User"]),
    "aoai-later": ("OpenAI", []),
}
# Those that are told by name, and those that tests share out.
_NAMED = ("no-identity", "no-role", "wrong-role", "unreachable", "well", "broad-roles", "unjudged", "keys")
SHARED_SERVICES = [f"apim-test-{number}" for number in range(1, 31)]
_SERVICES = [*(f"apim-{name}" for name in _NAMED), *SHARED_SERVICES]

CONFIGURATION: dict[str, Any] = {
    "tenant_id": "11111111-1111-1111-1111-111111111111",
    "subscriptions": [{"id": SUBSCRIPTION, "name": "first"}, {"id": OTHER_SUBSCRIPTION, "name": "second"}],
    "clients": [
        {
            "client_id": "33333333-3333-3333-3333-333333333333",
            "object_id": "33333333-3333-3333-3333-333333333334",
            "role": "owner",
        },
        {
            "client_id": READER,
            "object_id": "55555555-5555-5555-5555-555555555556",
            "secret": READER_SECRET,
            "role": "reader",
        },
    ],
    "identities": [
        {**IDENTITY, "client_id": IDENTITY_CLIENT_ID, "principal_id": PRINCIPAL},
    ],
    "services": [
        *({"resource_group": RESOURCE_GROUP, "name": name, "identities": [_LABEL]} for name in _SERVICES),
        {"resource_group": RESOURCE_GROUP, "name": "apim-consumption", "sku": "Consumption", "identities": [_LABEL]},
        {"resource_group": RESOURCE_GROUP, "name": "apim-not-attached"},
        {"resource_group": RESOURCE_GROUP, "name": "apim-other-identity"},
    ],
    "accounts": [
        *({"resource_group": RESOURCE_GROUP, "name": name, "kind": kind} for name, (kind, _) in ACCOUNTS.items()),
        {"resource_group": _BROAD, "name": "aif-broad", "kind": "AIServices", "custom_subdomain": "broad-models"},
        {
            "subscription_id": OTHER_SUBSCRIPTION,
            "resource_group": "rg-models",
            "name": "aoai-elsewhere",
            "kind": "OpenAI",
        },
    ],
    "role_definitions": [
        {
            "name": "Chat only",
            "data_actions": ["Microsoft.CognitiveServices/*/chat/completions/action"],
            "not_data_actions": ["Microsoft.CognitiveServices/accounts/MaaS/*"],
        }
    ],
    "role_assignments": [
        *(
            {"principal": _LABEL, "role": role, "scope": f"{RESOURCE_GROUP}/{name}"}
            for name, (_, roles) in ACCOUNTS.items()
            for role in roles
        ),
        {
            "principal": _LABEL,
            "role": "Azure AI Developer",
            "scope": f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{_BROAD}",
        },
    ],
}


def account_id(name: str) -> str:
    """ARM id of an account."""
    group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{RESOURCE_GROUP}"
    return f"{group}/providers/Microsoft.CognitiveServices/accounts/{name}"


def openai(name: str, *models: str, **fields: Any) -> dict[str, Any]:
    """A backend at an account of Azure OpenAI."""
    return inventory.backend(name, *models, **fields)


def foundry(name: str, *models: str, **fields: Any) -> dict[str, Any]:
    """A backend at an account of AI Foundry."""
    place = {"backend_type": "ai-foundry", "endpoint": f"https://{name}.cognitiveservices.azure.com/", **fields}
    return inventory.backend(name, *models, **place)


def external(name: str, *models: str, **fields: Any) -> dict[str, Any]:
    """A backend of another provider, with a key."""
    place = {"backend_type": "external", "endpoint": f"https://{name}.contoso.example/v1", "auth_scheme": "api_key"}
    return inventory.backend(name, *models, **{**place, "credential": {"value": "sk-0123456789"}, **fields})


def host(*backends: Any, **variables: Any) -> dict[str, Any]:
    """Variables of a host whose identity is named by its place."""
    return inventory.host(*backends, **{"apim_managed_identity": IDENTITY, **variables})


def findings(run: Run, name: str) -> dict[tuple[str, str], dict[str, str]]:
    """What the preflight of a host found, by check and subject."""
    found = run.result("Look at the prerequisites", name)["findings"]
    return {(each["check"], each["subject"]): each for each in found}


def outcomes(run: Run, name: str) -> dict[str, set[str]]:
    """Outcomes of the preflight of a host, by check."""
    by_check: dict[str, set[str]] = {}
    for (check, _), each in findings(run, name).items():
        by_check.setdefault(check, set()).add(each["outcome"])
    return by_check


def refuse(azure: Azure, *names: str) -> None:
    """Let the providers at these hosts refuse connections; other hosts that are no account's exist from now on."""
    for name in names:
        azure.admin("PUT", f"providers/{name}", {"refuse": True})


def answer(azure: Azure, *names: str) -> None:
    """Let there be providers at these hosts that answer."""
    for name in names:
        azure.admin("PUT", f"providers/{name}", {"refuse": False})
