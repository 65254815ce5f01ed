# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults that a test puts into a gateway, and the validation that shall find them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.integration.harness import Service
from tests.integration.playbook import Playbooks, Run
from tests.integration.validation.findings import VALIDATE

API = "universal-llm-api"


def plant(service: Service, text: str, *, behind: str = "", before: str = "") -> None:
    """Put a text into the policy of the Universal LLM API, behind or before the first such text there."""
    sdk, place = service.azure.sdk, service.place
    value = sdk.api_policy.get(*place, API, "policy", format="rawxml").value
    assert behind + before in value
    planted = value.replace(behind + before, behind + text + before, 1)
    document = {"properties": {"format": "rawxml", "value": planted}}
    sdk.api_policy.create_or_update(*place, API, "policy", document)


def validated(playbooks: Playbooks, wanted: Mapping[str, Any], report: Path, *checks: str) -> Run:
    """Validate an inventory by these checks alone, as verbosely as people do."""
    variables = {"llm_validation_report": str(report), "llm_validation_checks": checks}
    return playbooks.run(VALIDATE, wanted, "-vvv", "--extra-vars", json.dumps(variables))
