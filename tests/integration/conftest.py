# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures: one embedded Azure per test process, one empty APIM service per test, real runs of ansible-playbook."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.harness import RESOURCE_GROUP, Azure, Service, running_azure, services
from tests.integration.playbook import Playbooks

# More than the tests that one process can be given; an unused service costs a socket.
_SERVICES = 250


@pytest.fixture(scope="session")
def running() -> Iterator[tuple[Azure, Iterator[str]]]:
    """The embedded Azure of this process, and the names of its services that no test has used yet."""
    names = services(_SERVICES)
    with running_azure(*(f"--service={RESOURCE_GROUP}/{name}" for name in names)) as azure:
        yield azure, iter(names)


@pytest.fixture
def azure(running: tuple[Azure, Iterator[str]]) -> Iterator[Azure]:
    """The embedded Azure of this process, which behaves again as at the start when the test ends."""
    yield running[0]
    running[0].reset()


@pytest.fixture
def new_service(azure: Azure, running: tuple[Azure, Iterator[str]]) -> Callable[[], Service]:
    """Gives out empty APIM services."""
    return lambda: Service(azure, next(running[1]))


@pytest.fixture
def service(new_service: Callable[[], Service]) -> Service:
    """An empty APIM service."""
    return new_service()


@pytest.fixture
def playbooks(azure: Azure, tmp_path: Path) -> Playbooks:
    """Runs playbooks against the embedded Azure of this process."""
    return Playbooks(azure, tmp_path)
