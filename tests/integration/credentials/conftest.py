# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures: a machine on which nothing says how to sign in, and everything that a client could sign in with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.integration.credentials.signing_in import Machine
from tests.integration.harness import Azure, Service
from tests.integration.modules.steps import Gateway
from tests.integration.playbook import Playbooks


@pytest.fixture(scope="session")
def client(azure: Azure) -> dict[str, Any]:
    """What Entra knows of the client: tenant, client_id, secret, certificate (PEM), thumbprint, federated_token."""
    known: dict[str, Any] = azure.admin("GET", "credentials")
    return known


@pytest.fixture
def machine(service: Service, playbooks: Playbooks, tmp_path: Path) -> Machine:
    """A machine without any credentials, from which the modules of a service can be run."""
    return Machine(Gateway(service, playbooks, tmp_path), tmp_path)
