# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What runs without a configuration has the accounts, deployments and roles that inventories/local needs."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from apim_emulator.config import load_config
from apim_emulator.rbac.assignments import Assignments

INVENTORY = Path(__file__).parents[3] / "inventories/local/host_vars"
ACTIONS = {
    "azure-openai": "Microsoft.CognitiveServices/accounts/OpenAI/deployments/chat/completions/action",
    "ai-foundry": "Microsoft.CognitiveServices/accounts/MaaS/chat/completions/action",
}


def backends() -> list[dict[str, Any]]:
    """Return the backends of all hosts of the inventory."""
    return [
        item for path in sorted(INVENTORY.glob("*.yml")) for item in yaml.safe_load(path.read_text())["llm_backends"]
    ]


@pytest.mark.parametrize("backend", backends(), ids=lambda item: str(item["backend_id"]))
def test_each_backend_of_the_local_inventory_has_what_it_needs(backend: dict[str, Any]) -> None:
    config = load_config(None, [])
    host = urlsplit(backend["endpoint"]).hostname
    (account,) = [item for item in config.accounts if host in item.hosts]
    models = {item["name"] for item in backend["supported_models"]}
    assert models <= {item.name for item in account.deployments or ()}
    identity = config.identities[0].principal_id
    assert Assignments(config, config.roles()).allow_data(identity, account.id, ACTIONS[backend["backend_type"]])
