# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host that nothing could be asked of stands in every report as failed, and no report of an earlier run stays."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from tests.integration.harness import Azure
from tests.integration.inventory import backend, host, hosts
from tests.integration.playbook import Playbooks, Run
from tests.integration.validation.conftest import SERVICES
from tests.integration.validation.findings import APIS, VALIDATE, failed, results

pytestmark = pytest.mark.gate

GOOD, BAD, GONE = SERVICES[50:53]
SECRET = "sk-of-a-header-0123456789"
RIGHT = host(backend("early-a", "gpt-4o"), **APIS)
WRONG = host(backend("early-a", "gpt-4o", endpoint="ftp://early-a", weight=0), **APIS)
FILES = {"report.html", "junit.xml", "results.json"}


@pytest.fixture(scope="module", autouse=True)
def _onboarded(azure: Azure, module_playbooks: Playbooks) -> None:
    assert azure is not None
    module_playbooks.onboard(hosts({GOOD: RIGHT}))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of reports, with those of an earlier run and a file of somebody else."""
    folder = tmp_path / "report"
    folder.mkdir()
    for name in (*FILES, "notes.txt"):
        (folder / name).write_text("of an earlier run", encoding="utf-8")
    return folder


def validate(
    playbooks: Playbooks,
    wanted: dict[str, Any],
    folder: Path,
    *arguments: str,
    playbook: Any = VALIDATE,
    **options: Any,
) -> Run:
    variables = {"llm_validation_report": str(folder), "llm_validation_checks": ["listing"], **options}
    return playbooks.run(playbook, hosts(wanted), *arguments, "--extra-vars", json.dumps(variables))


def suites(folder: Path) -> dict[str, str | None]:
    """The failures of each suite of junit.xml."""
    root = ET.parse(folder / "junit.xml").getroot()
    return {str(suite.get("name")): suite.get("failures") for suite in root.iter("testsuite")}


def play(**keywords: Any) -> list[dict[str, Any]]:
    """A playbook of somebody's own around the role."""
    role = {"name": "citadel.ai_gateway.llm_validation", "rolespec_validate": False}
    return [{"hosts": "apim", "gather_facts": False, "tasks": [{"ansible.builtin.include_role": role}], **keywords}]


def test_a_refused_inventory_is_reported_beside_a_good_one(playbooks: Playbooks, folder: Path) -> None:
    run = validate(playbooks, {BAD: WRONG, GOOD: RIGHT}, folder)
    assert run.status != 0
    assert {name: each["outcome"] for name, each in results(run).items()} == {BAD: "failed", GOOD: "passed"}
    (check,) = failed(results(run)[BAD]).values()
    assert (check["group"], check["name"]) == ("configuration", "the inventory")
    assert "llm_backends[0].endpoint" in check["message"]
    assert "llm_backends[0].weight" in check["message"]
    assert suites(folder) == {BAD: "1", GOOD: "0"}
    assert len(json.loads((folder / "results.json").read_text(encoding="utf-8"))) == 2
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "llm_backends[0].endpoint" in page
    assert "FAILED   configuration: the inventory" in run.output
    assert "Failed: 1 of " in run.output
    assert run.totals[BAD]["failures"] == 1
    assert run.totals[GOOD]["failures"] == 0


@pytest.mark.parametrize("arguments", [[], ["--check"]])
def test_a_refused_inventory_alone_leaves_no_report_of_an_earlier_run(
    playbooks: Playbooks, folder: Path, arguments: list[str]
) -> None:
    run = validate(playbooks, {BAD: WRONG}, folder, *arguments)
    assert run.status != 0
    assert suites(folder) == {BAD: "1"}
    assert {path.name for path in folder.iterdir()} == {*FILES, "notes.txt"}
    texts = {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}
    assert [name for name, text in texts.items() if text == "of an earlier run"] == ["notes.txt"]


def test_nothing_is_asked_for_a_report_that_cannot_be_kept(playbooks: Playbooks, folder: Path) -> None:
    file = folder / "notes.txt"
    run = validate(playbooks, {GOOD: RIGHT}, file / "below")
    assert run.status != 0
    assert file.read_text(encoding="utf-8") == "of an earlier run"
    assert run.requests == []
    (refused,) = [each for each in run.tasks if each.task.endswith("llm_validation_report")]
    assert str(file / "below") in refused.result["msg"]


def test_what_was_found_is_told_even_if_it_cannot_be_written(playbooks: Playbooks, folder: Path) -> None:
    files = [{"name": "gone/report.html", "content": "a report"}]
    run = validate(playbooks, {GOOD: RIGHT}, folder, llm_validation_files=files)
    assert run.status != 0
    assert results(run)[GOOD]["outcome"] == "passed"
    assert "Report: " not in run.output


def test_an_error_of_a_template_is_reported(playbooks: Playbooks, folder: Path) -> None:
    broken = {**RIGHT, "llm_backends": "{{ nobody_defines_this }}"}
    run = validate(playbooks, {BAD: broken, GOOD: RIGHT}, folder)
    assert run.status != 0
    (check,) = failed(results(run)[BAD]).values()
    assert "nobody_defines_this" in check["message"]
    assert suites(folder) == {BAD: "1", GOOD: "0"}


def test_hosts_that_are_left_out_are_not_reported(playbooks: Playbooks, folder: Path) -> None:
    run = validate(playbooks, {BAD: WRONG, GOOD: RIGHT}, folder, "--limit", GOOD)
    assert run.status == 0, run.output
    assert suites(folder) == {GOOD: "0"}


def test_a_host_that_is_gone_before_is_reported(playbooks: Playbooks, folder: Path) -> None:
    local = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    wanted = {GONE: {**RIGHT, "ansible_host": "192.0.2.1", "ansible_ssh_common_args": "-o ConnectTimeout=1"}}
    run = validate(playbooks, {**wanted, GOOD: {**RIGHT, **local}}, folder, playbook=play(gather_facts=True))
    assert run.status != 0
    (check,) = failed(results(run)[GONE]).values()
    assert check["name"] == "the host"
    assert "failed or was unreachable before its validation" in check["message"]
    assert suites(folder) == {GONE: "1", GOOD: "0"}


def test_hosts_whose_turn_comes_later_are_not_taken_for_gone(playbooks: Playbooks, folder: Path) -> None:
    run = validate(playbooks, {GOOD: RIGHT, BAD: WRONG}, folder, playbook=play(serial=1))
    shown = [each.result["msg"] for each in run.tasks if each.task.endswith("Show what was found")]
    first, last = ("\n".join(text) if isinstance(text, list) else text for text in shown)
    assert GOOD in first
    assert BAD not in first
    assert all(name in last for name in (GOOD, BAD))
    assert suites(folder) == {GOOD: "0", BAD: "1"}


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"llm_validation_checks": []}, "llm_validation_checks is empty: list some of configuration, prerequisites"),
        ({"llm_validation_checks": ["shared"]}, "value of llm_validation_checks must be one or more of: configuration"),
        (
            {"llm_validation_models": {"gpt-4": {"skips": True}}},
            "llm_validation_models.gpt-4: the inventory has no model of that name: did you mean gpt-4o?",
        ),
        ({"llm_validation_required": ["shares"]}, "llm_validation_required has shares, which is not checked"),
        (
            {"llm_validation_headers": {"Authorization": f" {SECRET}"}},
            "llm_validation_headers.Authorization is no text",
        ),
        ({"llm_validation_headers": [SECRET]}, "llm_validation_headers"),
    ],
)
def test_variables_that_cannot_be_used_are_told_before_any_request(
    playbooks: Playbooks, folder: Path, azure: Azure, options: dict[str, Any], problem: str
) -> None:
    run = validate(playbooks, {GOOD: RIGHT}, folder, **options)
    assert run.status != 0
    (check,) = failed(results(run)[GOOD]).values()
    assert problem in check["message"]
    assert azure.requests() == []
    assert suites(folder) == {GOOD: "1"}
    texts = [run.output, *(path.read_text(encoding="utf-8") for path in folder.iterdir())]
    # Whoever gives a value on the command line sees it there.
    assert not [text for text in texts if SECRET in text]
