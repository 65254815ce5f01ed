# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures: one embedded Azure per test process, one empty APIM service per test, real runs of ansible-playbook."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.harness import RESOURCE_GROUP, Azure, Service, running_azure
from tests.integration.playbook import Playbooks

# More than the tests that one process can be given; an unused service costs a socket.
_SERVICES = [f"apim-test-{number}" for number in range(1, 251)]


@pytest.fixture(scope="session")
def azure() -> Iterator[Azure]:
    """The embedded Azure of this test process."""
    with running_azure(*(f"--service={RESOURCE_GROUP}/{name}" for name in _SERVICES)) as azure:
        yield azure


@pytest.fixture(autouse=True)
def _no_leftover_faults(azure: Azure) -> Iterator[None]:
    """Let the embedded Azure behave as at the start again when a test ends."""
    yield
    azure.reset()


@pytest.fixture(scope="session")
def new_service(azure: Azure) -> Callable[[], Service]:
    """Gives out APIM services that are still empty."""
    unused = iter(_SERVICES)
    return lambda: Service(azure, next(unused))


@pytest.fixture
def service(new_service: Callable[[], Service]) -> Service:
    """An empty APIM service."""
    return new_service()


@pytest.fixture
def playbooks(azure: Azure, tmp_path: Path) -> Playbooks:
    """Runs playbooks against the embedded Azure of this process."""
    return Playbooks(azure, tmp_path)


@pytest.fixture(scope="module")
def module_playbooks(azure: Azure, tmp_path_factory: pytest.TempPathFactory) -> Playbooks:
    """The same, for runs that several tests of one file look at."""
    return Playbooks(azure, tmp_path_factory.mktemp("playbooks"))
