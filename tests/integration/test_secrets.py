# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets are in no output, however much of it is asked for, and in no log of what was sent."""

from __future__ import annotations

import json

from tests.integration.harness import Azure, Service
from tests.integration.inventory import backend, inventory
from tests.integration.playbook import Playbooks, Run

KEY, ROTATED = "sk-first-0123456789abcdef", "sk-second-fedcba9876543210"
CLIENT_SECRET = "AZURE_SECRET"


def everything_shown(run: Run) -> str:
    """What a person saw, and what callbacks got."""
    return run.output + json.dumps([each.result for each in run.tasks])


def test_verbose_onboarding_shows_no_credential(azure: Azure, playbooks: Playbooks, service: Service) -> None:
    wanted = inventory(service, backend("aoai-a"))
    failing = {"method": "PUT", "path": f"/service/{service.name}/backends/", "status": 400, "code": "ValidationError"}
    preview = playbooks.onboard(wanted, "-vvvv", "--check", "--diff")
    first = playbooks.onboard(wanted, "-vvvv", "--diff")
    azure.fail(failing)
    failed = playbooks.onboard(inventory(service, backend("aoai-b")), "-vvvv", "--diff", succeeds=False)
    for run in (preview, first, failed):
        shown = everything_shown(run)
        assert azure.environment[CLIENT_SECRET] not in shown
        assert "Bearer ey" not in shown
        assert "eyJ" not in shown, "looks like a token"
        assert "cannot write" in shown or run is not failed


def test_request_log_masks_what_signs_in(azure: Azure, playbooks: Playbooks, service: Service) -> None:
    run = playbooks.onboard(inventory(service, backend("aoai-a")))
    logged = json.dumps([[each.url, each.body, dict(each.headers)] for each in run.requests])
    assert azure.environment[CLIENT_SECRET] not in logged
    assert "client_secret=********" in logged
    assert {each.headers["Authorization"] for each in run.arm} == {"********"}


def test_secret_named_values_are_never_shown(playbooks: Playbooks, service: Service) -> None:
    """Made, left alone, rotated, previewed and refused: the value is in the request's body and nowhere else."""

    def run(value: str, *arguments: str) -> Run:
        task = {
            "citadel.ai_gateway.apim_llm_gateway": {
                "resource_group": service.resource_group,
                "service_name": service.name,
                "named_values": [{"name": "openai-key", "secret_value": value}],
            }
        }
        return playbooks.run_task(task, "-vvvv", *arguments)

    made = run(KEY, "--diff")
    same = run(KEY, "--diff")
    preview = run(ROTATED, "--check", "--diff")
    rotated = run(ROTATED, "--diff")
    refused = run("x" * 5000, "--diff")
    assert [each.status for each in (made, same, preview, rotated, refused)] == [0, 0, 0, 0, 2]
    assert made.writes == [("PUT", "namedValues/openai-key")]
    assert (same.writes, preview.writes) == ([], [])
    assert [target for _, target in rotated.writes] == ["namedValues/openai-key"]
    for each in (made, same, preview, rotated, refused):
        shown = everything_shown(each)
        assert KEY not in shown
        assert ROTATED not in shown
        assert "x" * 100 not in shown
    secret = service.azure.sdk.named_value.list_value(*service.place, "openai-key")
    assert secret.value == ROTATED
