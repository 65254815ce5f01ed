# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook as AWX runs it: by ansible-runner, in the environment of its Azure credential, outputs as artifacts."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import ansible_runner  # type: ignore[import-untyped]
import pytest
import yaml

from tests.integration.harness import BIN, ROOT, Azure, Service
from tests.integration.inventory import FRAGMENTS, backend, inventory

# What AWX's credential type "Microsoft Azure Resource Manager" injects for a service principal.
CREDENTIAL = ("AZURE_CLIENT_ID", "AZURE_SECRET", "AZURE_SUBSCRIPTION_ID", "AZURE_TENANT", "AZURE_CLOUD_ENVIRONMENT")


def job_environment(azure: Azure) -> dict[str, str]:
    """The variables of a job: those of the credential, and the certificate authority of its execution environment."""
    return {
        **{name: azure.environment[name] for name in (*CREDENTIAL, "REQUESTS_CA_BUNDLE", "NO_PROXY")},
        "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
    }


def run_job(azure: Azure, folder: Path, wanted: dict[str, Any]) -> Any:
    """Run the playbook as a job and return ansible-runner's object."""
    (folder / "inventory.yml").write_text(yaml.safe_dump(wanted), encoding="utf-8")
    return ansible_runner.run(
        private_data_dir=str(folder),
        project_dir=str(ROOT),
        playbook="playbooks/onboard.yml",
        inventory=str(folder / "inventory.yml"),
        envvars=job_environment(azure),
        quiet=True,
    )


@pytest.fixture(autouse=True)
def _only_the_jobs_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away what a job would not have; ansible-runner adds its variables to those of this process."""
    for name in [name for name in os.environ if name.startswith("AZURE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PATH", f"{BIN}{os.pathsep}{os.environ['PATH']}")


def test_outputs_are_artifacts_of_the_job(azure: Azure, service: Service, tmp_path: Path) -> None:
    wanted = inventory(service, backend("aoai-a", "gpt-4o", "o3"), backend("aoai-b", "gpt-4o"))
    job = run_job(azure, tmp_path, wanted)
    assert (job.status, job.rc) == ("successful", 0), job.stdout.read()
    (stats,) = (event for event in job.events if event["event"] == "playbook_on_stats")
    outputs = stats["event_data"]["artifact_data"]["llm_onboarding"][service.name]
    assert outputs["gateway_url"].startswith("https://")
    assert sorted(outputs.pop("fragment_names")) == list(FRAGMENTS)
    assert outputs == {
        "gateway_url": outputs["gateway_url"],
        "backend_ids": ["aoai-a", "aoai-b"],
        "pool_names": ["gpt-4o-backend-pool"],
        "model_pools": {"gpt-4o": "gpt-4o-backend-pool"},
        "model_backends": {"o3": "aoai-a"},
        "models": ["gpt-4o", "o3"],
        "workbook_id": "",
    }
    assert stats["event_data"]["changed"] == {service.name: 1}
    assert azure.environment["AZURE_SECRET"] not in job.stdout.read()


def test_errors_reach_the_events_of_the_job(azure: Azure, service: Service, tmp_path: Path) -> None:
    azure.fail({"method": "PUT", "path": f"/service/{service.name}/backends/", "status": 403})
    job = run_job(azure, tmp_path, inventory(service, backend("aoai-a")))
    assert (job.status, job.rc) == ("failed", 2)
    (failed,) = (event for event in job.events if event["event"] == "runner_on_failed")
    (error,) = failed["event_data"]["res"]["errors"]
    assert (error["name"], error["status"], error["code"]) == ("aoai-a", 403, "AuthorizationFailed")
