# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs of the playbook `validate`, and what they found of each service."""

from __future__ import annotations

from typing import Any

from tests.integration.harness import ROOT
from tests.integration.playbook import Run

VALIDATE = ROOT / "playbooks/validate.yml"
APIS = {"llm_universal_api": {"deploy": True}, "llm_azure_openai_api": {"deploy": True}}
Check = dict[str, Any]


def results(run: Run) -> dict[str, dict[str, Any]]:
    """The result of each service, as the run hands it to its caller."""
    found = run.custom_stats.get("llm_validation")
    if found is None:
        raise LookupError(run.output)
    return {each["service"]: each for each in found}


def failed(result: dict[str, Any]) -> dict[tuple[str, str], Check]:
    """The failed checks of a service by group and name."""
    return {(each["group"], each["name"]): each for each in result["checks"] if each["outcome"] == "failed"}


def skipped(result: dict[str, Any]) -> dict[tuple[str, str], str]:
    """The reasons of the skipped checks of a service by group and name."""
    return {(each["group"], each["name"]): each["message"] for each in result["checks"] if each["outcome"] == "skipped"}


def groups(checks: dict[tuple[str, str], Check]) -> set[str]:
    """The groups of checks."""
    return {group for group, _name in checks}
