# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parameter files of the package: converted by the playbooks, and onboarded like the inventories made by hand."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from os.path import relpath
from pathlib import Path

import pytest
import yaml

from tests.integration.harness import BIN, ROOT, running_azure
from tests.integration.playbook import Playbooks, Run

pytestmark = pytest.mark.gate

EXAMPLES = Path(__file__).with_name("bicep")
NAMES = ("single-foundry", "load-balancing", "mixed-providers")
HOSTS = [f"apim-{name}" for name in NAMES]
IMPORT, EXPORT = ROOT / "playbooks/import_bicep.yml", ROOT / "playbooks/export_bicep.yml"
LOCAL = ROOT / "inventories/local"
# The one thing in that inventory that the package has no parameter for.
SAME_APIS = ("--extra-vars", '{"llm_azure_openai_api": {"deploy": false}}')


def run_import(playbooks: Playbooks, source: Path, folder: Path, *arguments: str) -> Run:
    """Turn a parameter file into an inventory in this folder; both paths count from where the command is given."""
    variables = ("-e", f"bicep_file={relpath(source, ROOT)}", "-e", f"bicep_inventory={relpath(folder, ROOT)}")
    return playbooks.run(IMPORT, "localhost,", *variables, *arguments)


@pytest.fixture(scope="module")
def playbooks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Playbooks]:
    """Runs playbooks on an embedded Azure with its own configuration, which has the services of the examples."""
    with running_azure() as azure:
        yield Playbooks(azure, tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="module")
def converted(playbooks: Playbooks, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The three examples as one inventory."""
    folder = tmp_path_factory.mktemp("inventory") / "hub"
    for name in NAMES:
        run = run_import(playbooks, EXAMPLES / f"{name}.bicepparam", folder)
        assert run.status == 0, run.output
        assert run.custom_stats["llm_bicep_inventory"]["warnings"] == []
    return folder


def test_linters_accept_the_inventory(converted: Path) -> None:
    command = [str(BIN / "yamllint"), "--strict", "--config-file", str(ROOT / ".yamllint"), str(converted)]
    assert subprocess.run(command, capture_output=True, text=True, check=False).stdout == ""


def test_the_examples_onboard_to_the_state_of_the_inventory_made_by_hand(playbooks: Playbooks, converted: Path) -> None:
    first = playbooks.onboard(converted, *SAME_APIS)
    assert {host: first.totals[host]["changed"] for host in HOSTS} == dict.fromkeys(HOSTS, 1)
    second = playbooks.onboard(LOCAL, *SAME_APIS)
    assert {host: second.totals[host]["changed"] for host in HOSTS} == dict.fromkeys(HOSTS, 0)
    assert second.writes == []


def test_the_converted_inventory_changes_nothing_that_the_one_made_by_hand_wrote(
    playbooks: Playbooks, converted: Path
) -> None:
    playbooks.onboard(LOCAL)
    again = playbooks.onboard(converted)
    assert {host: again.totals[host]["changed"] for host in HOSTS} == dict.fromkeys(HOSTS, 0)
    assert again.writes == []


def test_comments_stand_where_they_stood(converted: Path) -> None:
    text = (converted / "host_vars/apim-mixed-providers.yml").read_text(encoding="utf-8")
    assert "apim_resource_group: rg-citadel-governance-hub # Replace with your APIM resource group\n" in text
    assert "\n# Mixed providers\nllm_backends:\n" in text


def test_the_way_back_gives_the_same_parameters(playbooks: Playbooks, converted: Path, tmp_path: Path) -> None:
    run = playbooks.run(EXPORT, converted, "-e", f"bicep_folder={relpath(tmp_path, ROOT)}")
    assert run.status == 0, run.output
    for name, host in zip(NAMES, HOSTS, strict=True):
        assert run.custom_stats["llm_bicep_parameters"][host]["warnings"] == []
        before = (EXAMPLES / f"{name}.bicepparam").read_text(encoding="utf-8")
        after = (tmp_path / f"{host}.bicepparam").read_text(encoding="utf-8")
        # The package's examples write models as JSON; Bicep itself has no double quotes.
        assert [" ".join(line.split()) for line in after.splitlines()] == [
            " ".join(
                line.rstrip(",")
                .replace('"', "'")
                .replace("': ", ": ")
                .replace("{ '", "{ ")
                .replace(", '", ", ")
                .split()
            )
            for line in before.splitlines()
        ]
    assert not run.requests


def test_a_second_import_changes_nothing(playbooks: Playbooks, converted: Path) -> None:
    run = run_import(playbooks, EXAMPLES / "load-balancing.bicepparam", converted)
    assert run.status == 0, run.output
    assert run.totals["localhost"]["changed"] == 0


def test_a_preview_writes_nothing(playbooks: Playbooks, tmp_path: Path) -> None:
    run = run_import(playbooks, EXAMPLES / "load-balancing.bicepparam", tmp_path / "hub", "--check")
    assert run.status == 0, run.output
    assert not (tmp_path / "hub").exists()


def test_what_is_there_is_overwritten_only_on_request(playbooks: Playbooks, tmp_path: Path) -> None:
    mine = tmp_path / "host_vars/apim-load-balancing.yml"
    mine.parent.mkdir()
    mine.write_text("---\nmine: true\n", encoding="utf-8")
    refused = run_import(playbooks, EXAMPLES / "load-balancing.bicepparam", tmp_path)
    assert refused.message("localhost") == (
        f"{mine}: exists with other content; choose another place, or set bicep_force=true to overwrite it"
    )
    assert mine.read_text(encoding="utf-8") == "---\nmine: true\n"
    assert not (tmp_path / "apim-load-balancing.yml").exists()
    forced = run_import(playbooks, EXAMPLES / "load-balancing.bicepparam", tmp_path, "-e", "bicep_force=true")
    assert forced.status == 0, forced.output
    assert "mine" not in mine.read_text(encoding="utf-8")


def test_a_form_that_is_none_is_told(playbooks: Playbooks, converted: Path, tmp_path: Path) -> None:
    run = playbooks.run(EXPORT, converted, "-e", f"bicep_folder={tmp_path}", "-e", "bicep_form=yaml")
    assert run.status != 0
    assert f'bicep_folder is "{tmp_path}" and bicep_form is "yaml"; set' in run.message(HOSTS[0])


def test_every_problem_of_a_file_is_told(playbooks: Playbooks, tmp_path: Path) -> None:
    source = tmp_path / "main.bicepparam"
    source.write_text(
        "using 'main.bicep'\nparam apim = getSecret('a', 'b', 'c')\nparam tags = 1 + 1\n", encoding="utf-8"
    )
    run = run_import(playbooks, source, tmp_path / "hub")
    lines = run.message("localhost").splitlines()
    assert lines[0].startswith(f"{relpath(source, ROOT)}: The parameter file has ")
    assert [line.split(":")[0] for line in lines[1:]] == [
        "  - line 1, column 1",
        "  - line 2, column 14",
        "  - line 3, column 14",
    ]
    assert not (tmp_path / "hub").exists()


@pytest.mark.parametrize(("playbook", "name"), [(IMPORT, "bicep_file"), (EXPORT, "bicep_folder")])
def test_missing_variables_are_named(playbooks: Playbooks, playbook: Path, name: str) -> None:
    run = playbooks.run(playbook, LOCAL)
    assert run.status != 0
    assert all(name in failure.result["msg"] for failure in run.failures)


def test_the_environment_is_read_when_the_inventory_is(playbooks: Playbooks, tmp_path: Path) -> None:
    source = tmp_path / "main.bicepparam"
    source.write_text(
        "param apim = { name: 'apim-1', resourceGroupName: readEnvironmentVariable('HUB_GROUP') }\n"
        "param llmBackendConfig = [{\n"
        "  backendId: 'first'\n"
        "  endpoint: 'https://{{${readEnvironmentVariable('HUB_HOST', 'it\\'s.example')}/{x}'\n"
        "}]\n",
        encoding="utf-8",
    )
    assert run_import(playbooks, source, tmp_path / "hub").status == 0
    show = {
        "hosts": "apim",
        "gather_facts": False,
        "tasks": [
            {"name": "Show", "ansible.builtin.debug": {"msg": "{{ [apim_resource_group, llm_backends[0].endpoint] }}"}}
        ],
    }
    run = playbooks.run([show], tmp_path / "hub", environment={"HUB_GROUP": "rg-1"})
    assert run.result("Show")["msg"] == ["rg-1", "https://{{it's.example/{x}"]
    unset = playbooks.run([show], tmp_path / "hub")
    assert unset.status != 0
    export = playbooks.run(
        EXPORT, tmp_path / "hub", "-e", f"bicep_folder={tmp_path}", environment={"HUB_GROUP": "rg-1", "HUB_HOST": "h"}
    )
    assert export.status == 0, export.output
    text = (tmp_path / "apim-1.bicepparam").read_text(encoding="utf-8")
    assert "resourceGroupName: readEnvironmentVariable('HUB_GROUP')\n" in text
    assert "endpoint: 'https://{{${readEnvironmentVariable('HUB_HOST', 'it\\'s.example')}/{x}'" in text


def test_what_is_converted_keeps_its_kind_when_the_environment_is_read(playbooks: Playbooks, tmp_path: Path) -> None:
    source = tmp_path / "backends.bicepparam"
    source.write_text(
        "param llmBackendConfig = [{ backendId: 'first', weight: int(readEnvironmentVariable('HUB_WEIGHT')) }]\n"
        "param deployUniversalLlmApi = bool(readEnvironmentVariable('HUB_DEPLOY', 'false'))\n",
        encoding="utf-8",
    )
    assert run_import(playbooks, source, tmp_path / "hub", "-e", "bicep_host=apim-1").status == 0
    message = (
        "{{ [llm_universal_api.deploy is true, llm_universal_api.deploy is false, llm_backends[0].weight | int] }}"
    )
    show = {
        "hosts": "apim",
        "gather_facts": False,
        "tasks": [{"name": "Show", "ansible.builtin.debug": {"msg": message}}],
    }
    run = playbooks.run([show], tmp_path / "hub", environment={"HUB_WEIGHT": "70"})
    assert run.result("Show")["msg"] == [False, True, 70]
    run = playbooks.run([show], tmp_path / "hub", environment={"HUB_WEIGHT": "70", "HUB_DEPLOY": "True"})
    assert run.result("Show")["msg"] == [True, False, 70]
    assert playbooks.run([show], tmp_path / "hub").status != 0


def test_backends_alone_become_a_host_that_is_named(playbooks: Playbooks, tmp_path: Path) -> None:
    source = tmp_path / "snippet.bicep"
    source.write_text("[\n  {\n    backendId: 'primary'\n    priority: 1  // Primary\n  }\n]\n", encoding="utf-8")
    refused = run_import(playbooks, source, tmp_path / "hub")
    assert "name the host (bicep_host, or host of the filter)" in refused.message("localhost")
    run = run_import(playbooks, source, tmp_path / "hub", "-e", "bicep_host=apim-1")
    assert run.status == 0, run.output
    text = (tmp_path / "hub/host_vars/apim-1.yml").read_text(encoding="utf-8")
    assert text == "---\nllm_backends:\n  - backend_id: primary\n    priority: 1 # Primary\n"


def test_no_secret_leaves_the_inventory(playbooks: Playbooks, tmp_path: Path) -> None:
    backend = {
        "backend_id": "mistral",
        "backend_type": "external",
        "endpoint": "https://api.mistral.ai/v1",
        "auth_scheme": "api_key",
        "credential": {"value": "s3cr3t-k3y"},
        "supported_models": [{"name": "mistral-large", "aliases": ["large"], "model_version": 2}],
    }
    variables = {"apim_resource_group": "rg", "apim_managed_identity": {"resource_group": "rg", "name": "id"}}
    inventory = {"apim": {"hosts": {"apim-1": {**variables, "llm_backends": [backend], "llm_owner": "team"}}}}
    run = playbooks.run(EXPORT, inventory, "-e", f"bicep_folder={tmp_path}", "-vvv")
    assert run.status == 0, run.output
    result = run.custom_stats["llm_bicep_parameters"]["apim-1"]
    assert [warning.split(" ")[0] for warning in result["warnings"]] == [
        "llm_backends[0].credential",
        "llm_backends[0].supported_models[0].aliases",
        "llm_owner",
    ]
    assert "s3cr3t-k3y" not in run.output + (tmp_path / "apim-1.bicepparam").read_text(encoding="utf-8")
    assert yaml.safe_load(result["content"].partition("modelVersion: ")[2].partition(" ")[0]) == "2"
