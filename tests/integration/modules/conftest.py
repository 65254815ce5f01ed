# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures: an embedded Azure with a key vault, and APIM services whose modules a test runs step by step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integration.harness import (
    IDENTITY_CLIENT_ID,
    IDENTITY_NAME,
    RESOURCE_GROUP,
    SUBSCRIPTION,
    Azure,
    Service,
    running_azure,
)
from tests.integration.modules.steps import Gateway
from tests.integration.playbook import Playbooks

# The service and the secret that the modules' EXAMPLES name.
EXAMPLE_SERVICE = "apim-citadel-governance-hub"
VAULT_SECRETS = {
    "https://kv-citadel.vault.azure.net/secrets/other-llm-key": "kept-in-the-vault",
    "https://kv-citadel.vault.azure.net/secrets/third-llm-key": "kept-there-too",
}
MONITORING_GROUP = "rg-monitoring"
CONSUMPTION_SERVICE = "apim-consumption"
_SERVICES = [f"apim-test-{number}" for number in range(1, 101)]


def _configuration() -> dict[str, Any]:
    identity = f"{RESOURCE_GROUP}/{IDENTITY_NAME}"
    return {
        "tenant_id": "11111111-1111-1111-1111-111111111111",
        "subscriptions": [{"id": SUBSCRIPTION, "name": "Embedded Azure"}],
        "clients": [
            {
                "client_id": "33333333-3333-3333-3333-333333333333",
                "object_id": "33333333-3333-3333-3333-333333333334",
            }
        ],
        "identities": [
            {
                "resource_group": RESOURCE_GROUP,
                "name": IDENTITY_NAME,
                "client_id": IDENTITY_CLIENT_ID,
                "principal_id": "22222222-2222-2222-2222-222222222223",
            }
        ],
        "services": [
            *(
                {"resource_group": RESOURCE_GROUP, "name": name, "identities": [identity]}
                for name in (EXAMPLE_SERVICE, *_SERVICES)
            ),
            {"resource_group": RESOURCE_GROUP, "name": CONSUMPTION_SERVICE, "sku": "Consumption"},
        ],
        "application_insights": [
            {"resource_group": RESOURCE_GROUP, "name": "appi-citadel"},
            {"resource_group": MONITORING_GROUP, "name": "appi-elsewhere", "location": "francecentral"},
        ],
        "key_vault_secrets": VAULT_SECRETS,
    }


@pytest.fixture(scope="session")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azure]:
    """The embedded Azure of this test process, with a key vault."""
    path = tmp_path_factory.mktemp("azure") / "configuration.yml"
    path.write_text(yaml.safe_dump(_configuration()), encoding="utf-8")
    with running_azure("--config", path) as azure:
        yield azure


@pytest.fixture(scope="session")
def new_service(azure: Azure) -> Callable[[], Service]:
    """Gives out APIM services that are still empty."""
    unused = iter(_SERVICES)
    return lambda: Service(azure, next(unused))


@pytest.fixture
def open_gateway(playbooks: Playbooks, tmp_path: Path) -> Callable[[Service], Gateway]:
    """Makes a service one whose modules a test can run."""
    return lambda service: Gateway(service, playbooks, tmp_path)


@pytest.fixture
def gateway(open_gateway: Callable[[Service], Gateway], service: Service) -> Gateway:
    """An empty APIM service."""
    return open_gateway(service)
