# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures: an embedded Azure with an account on which the gateways' identity has no role."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.integration.harness import RESOURCE_GROUP, ROOT, Azure, running_azure

_DEFAULT = ROOT / "emulator/apim_emulator/default.yaml"
# An account of Azure OpenAI: its host is aoai-unassigned.openai.azure.com.
_ACCOUNT = {"resource_group": RESOURCE_GROUP, "name": "aoai-unassigned", "kind": "OpenAI"}
# Each file takes services of its own: the files of a test process share them.
SERVICES = [f"apim-validated-{number}" for number in range(1, 61)]


@pytest.fixture(scope="session")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azure]:
    """The embedded Azure of this test process."""
    config: Path = tmp_path_factory.mktemp("azure") / "config.yaml"
    default = yaml.safe_load(_DEFAULT.read_text(encoding="utf-8"))
    config.write_text(yaml.safe_dump({**default, "accounts": [*default["accounts"], _ACCOUNT]}), encoding="utf-8")
    with running_azure(f"--config={config}", *(f"--service={RESOURCE_GROUP}/{name}" for name in SERVICES)) as azure:
        yield azure
