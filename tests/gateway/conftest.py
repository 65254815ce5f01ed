# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures: one embedded Azure per test process, and gateways that the real playbook has made ready for traffic."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol

import pytest
import yaml

from tests.gateway.gateway import Gateway
from tests.integration.harness import RESOURCE_GROUP, ROOT, Azure, Service, running_azure
from tests.integration.inventory import inventory
from tests.integration.playbook import Playbooks

# More than the gateways that one process can be given; an unused service costs a socket.
_SERVICES = [f"apim-traffic-{number}" for number in range(1, 41)]
# A secret in the one Key Vault of the embedded Azure.
VAULT_SECRET = "https://citadel.vault.azure.net/secrets/provider-key"
_VAULT = {VAULT_SECRET: "value-of-vault"}
_DEFAULT = ROOT / "emulator/apim_emulator/default.yaml"
# Variables of the Universal LLM API in its usual place.
UNIVERSAL = {"deploy": True, "path": "models", "type": "openai"}


class Onboard(Protocol):
    """Makes a gateway: a service (an empty one, unless given), brought to an inventory of backends and variables."""

    def __call__(self, *backends: Any, service: Service | None = None, **variables: Any) -> Gateway: ...


@pytest.fixture(scope="session")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azure]:
    """The embedded Azure of this test process."""
    config = tmp_path_factory.mktemp("azure") / "config.yaml"
    default = yaml.safe_load(_DEFAULT.read_text(encoding="utf-8"))
    config.write_text(yaml.safe_dump({**default, "key_vault_secrets": _VAULT}), encoding="utf-8")
    with running_azure(f"--config={config}", *(f"--service={RESOURCE_GROUP}/{name}" for name in _SERVICES)) as azure:
        yield azure


@pytest.fixture(autouse=True)
def _calm_providers(azure: Azure) -> Iterator[None]:
    """Start with an empty request log; let every provider behave again when a test ends."""
    azure.forget()
    yield
    for host in azure.admin("GET", "providers"):
        azure.admin("DELETE", f"providers/{host}")
    azure.reset()


@pytest.fixture(scope="session")
def new_service(azure: Azure) -> Callable[[], Service]:
    """Gives out APIM services that are still empty."""
    unused = iter(_SERVICES)
    return lambda: Service(azure, next(unused))


@pytest.fixture(scope="session")
def playbooks(azure: Azure, tmp_path_factory: pytest.TempPathFactory) -> Playbooks:
    """Runs playbooks against the embedded Azure of this process."""
    return Playbooks(azure, tmp_path_factory.mktemp("playbooks"))


@pytest.fixture(scope="session")
def onboard(playbooks: Playbooks, new_service: Callable[[], Service]) -> Onboard:
    """Runs the playbook `onboard` with the Universal LLM API, unless the variables say otherwise."""

    def run(*backends: Any, service: Service | None = None, **variables: Any) -> Gateway:
        service = service or new_service()
        playbooks.onboard(inventory(service, *backends, **{"llm_universal_api": UNIVERSAL, **variables}))
        return Gateway(service)

    return run
