# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Inventories as data, with everything that a test does not speak about filled in."""

from __future__ import annotations

from typing import Any

import yaml

from tests.integration.harness import IDENTITY_CLIENT_ID, RESOURCE_GROUP, Service

FRAGMENTS = (
    "get-available-models",
    "set-backend-authorization",
    "set-backend-pools",
    "set-fallback-backend",
    "set-llm-requested-model",
    "set-llm-usage",
    "set-target-backend-pool",
)


class Unsafe(str):
    """Text that Ansible takes as it is, though it may look like a template: `!unsafe` in an inventory."""

    __slots__ = ()


yaml.SafeDumper.add_representer(Unsafe, lambda dumper, text: dumper.represent_scalar("!unsafe", str(text)))


def backend(name: str, *models: Any, **fields: Any) -> dict[str, Any]:
    """One entry of `llm_backends`: an Azure OpenAI account that serves these models."""
    return {
        "backend_id": name,
        "backend_type": "azure-openai",
        "endpoint": f"https://{name}.openai.azure.com/",
        "auth_scheme": "managed_identity",
        "supported_models": list(models) or ["gpt-4o"],
        **fields,
    }


def host(*backends: Any, **variables: Any) -> dict[str, Any]:
    """Variables of one host."""
    return {
        "apim_resource_group": RESOURCE_GROUP,
        "apim_managed_identity": {"client_id": IDENTITY_CLIENT_ID},
        "llm_backends": list(backends),
        # The gateways of the embedded Azure see a write at once unless a test says otherwise.
        "llm_prune_delay": 0,
        **variables,
    }


def inventory(service: Service | str, *backends: Any, **variables: Any) -> dict[str, Any]:
    """An inventory with one host, named after its service."""
    return hosts({service if isinstance(service, str) else service.name: host(*backends, **variables)})


def hosts(variables: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """An inventory of several hosts: name to variables."""
    return {"apim": {"hosts": variables}}
