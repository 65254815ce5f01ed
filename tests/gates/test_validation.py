# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Right gateways pass their validation, every one of fifty, whatever weights and priorities their pools have."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from tests.integration.harness import RESOURCE_GROUP, running_azure
from tests.integration.inventory import backend, host, hosts
from tests.integration.playbook import Playbooks
from tests.integration.validation.findings import VALIDATE, failed, results

pytestmark = pytest.mark.gate

_GATEWAYS = [f"apim-right-{number}" for number in range(1, 51)]


def _inventory(name: str, drawing: random.Random) -> dict[str, Any]:
    """A pool of two to four accounts with drawn weights and priorities, and a model of one account."""
    members = [
        backend(f"{name}-{letter}", "gpt-4o", weight=drawing.randint(1, 1000), priority=drawing.choice([1, 1, 2]))
        for letter in "abcd"[: drawing.randint(2, 4)]
    ]
    members[0]["supported_models"].append("text-embedding-3-large")
    return host(*members, llm_universal_api={"deploy": True})


def test_fifty_right_gateways_of_fifty_pass(tmp_path: Path) -> None:
    inventory = hosts({name: _inventory(name, random.Random(name)) for name in _GATEWAYS})
    with running_azure(*(f"--service={RESOURCE_GROUP}/{name}" for name in _GATEWAYS)) as azure:
        playbooks = Playbooks(azure, tmp_path)
        playbooks.onboard(inventory, "--forks", "8")
        run = playbooks.run(VALIDATE, inventory, "--forks", "8", "--extra-vars", f"llm_validation_report={tmp_path}")
    found = {name: failed(result) for name, result in results(run).items()}
    assert found == {name: {} for name in _GATEWAYS}, run.output
    assert run.status == 0, run.output
