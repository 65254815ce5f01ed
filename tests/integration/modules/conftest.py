# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures: an embedded Azure with a key vault, and APIM services whose modules a test runs step by step."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.harness import Service
from tests.integration.modules.steps import Gateway
from tests.integration.playbook import Playbooks


@pytest.fixture
def gateway(service: Service, playbooks: Playbooks, tmp_path: Path) -> Gateway:
    """An empty APIM service."""
    return Gateway(service, playbooks, tmp_path)
