# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures: one embedded Azure per test process, and gateways that the real playbook has made ready for traffic."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol

import pytest

from tests.gateway.gateway import Gateway
from tests.integration.harness import RESOURCE_GROUP, Azure, Service, running_azure
from tests.integration.inventory import inventory
from tests.integration.playbook import Playbooks

# More than the gateways that one process can be given; an unused service costs a socket.
_SERVICES = [f"apim-traffic-{number}" for number in range(1, 41)]
_UNIVERSAL = {"deploy": True, "path": "models", "type": "openai"}


class Onboard(Protocol):
    """Makes a gateway: an empty service, brought to an inventory of these backends and variables."""

    def __call__(self, *backends: Any, **variables: Any) -> Gateway: ...


@pytest.fixture(scope="session")
def azure() -> Iterator[Azure]:
    """The embedded Azure of this test process."""
    with running_azure(*(f"--service={RESOURCE_GROUP}/{name}" for name in _SERVICES)) as azure:
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

    def run(*backends: Any, **variables: Any) -> Gateway:
        service = new_service()
        playbooks.onboard(inventory(service, *backends, **{"llm_universal_api": _UNIVERSAL, **variables}))
        return Gateway(service)

    return run
