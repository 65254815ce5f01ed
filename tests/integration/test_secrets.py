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


def test_credentials_that_stand_in_a_service_are_not_shown_in_a_difference(
    playbooks: Playbooks, service: Service
) -> None:
    """Somebody wrote them into a fragment and a named value; a preview shows that these differ, and how it will be."""
    wanted = inventory(
        service,
        backend("keyed", auth_scheme="api_key", credential={"value": ROTATED}),
        llm_universal_api={"deploy": True},
    )
    playbooks.onboard(wanted)
    sdk, place = service.azure.sdk, service.place
    for name in ("set-llm-usage", "set-backend-pools"):
        held = sdk.policy_fragment.get(*place, name, format="rawxml")
        header = f'<set-header name="x-ops-token" exists-action="override"><value>Bearer {KEY}</value></set-header>'
        properties = {"format": "rawxml", "value": held.value.replace("<fragment>", f"<fragment>{header}", 1)}
        body = {"properties": {**properties, "description": held.description}}
        sdk.policy_fragment.begin_create_or_update(*place, name, body, polling_interval=0).result()
    credential = sdk.named_value.get(*place, "keyed-credential")
    turned = {
        "properties": {"displayName": credential.display_name, "value": KEY, "secret": False, "tags": credential.tags}
    }
    sdk.named_value.begin_create_or_update(*place, "keyed-credential", turned, polling_interval=0).result()

    preview = playbooks.onboard(wanted, "-vvv", "--check", "--diff")
    repaired = playbooks.onboard(wanted, "-vvv", "--diff")

    for run in (preview, repaired):
        assert KEY not in everything_shown(run)
        assert ROTATED not in everything_shown(run)
        differences = {each["before_header"]: each["before"] for each in run.gateway(service.name)["diff"]}
        assert differences.keys() == {
            "named value keyed-credential", "policy fragment set-backend-pools", "policy fragment set-llm-usage",
        }  # fmt: skip
        assert "value: ********\n" in differences["named value keyed-credential"]
        assert "<value>Bearer ********</value>" in differences["policy fragment set-llm-usage"]
        shipped = [each["after"] for each in run.gateway(service.name)["diff"] if "fragment" in each["after_header"]]
        assert not [text for text in shipped if "********" in text]
    assert sdk.named_value.list_value(*place, "keyed-credential").value == ROTATED
