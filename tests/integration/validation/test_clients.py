# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What clients show a gateway, whose subscriptions they use, and how single models are asked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.gateway.hub import Hub, policies
from tests.integration.harness import Azure, Service
from tests.integration.inventory import backend, inventory
from tests.integration.playbook import Playbooks, Run
from tests.integration.validation.conftest import SERVICES
from tests.integration.validation.findings import APIS, VALIDATE, failed, results, skipped

pytestmark = pytest.mark.gate

AUDIENCE = "https://cognitiveservices.azure.com"
SECRET = "5ecret-of-a-client"
ALLOWED = '<set-variable name="allowedModels" value="gpt-4o" />'
# A rule of a product that has nothing to do with models.
OTHERWISE = (
    '<check-header name="x-team" failed-check-httpcode="401" failed-check-error-message="No team." ignore-case="true">'
    "<value>gold</value></check-header>"
)


def _all_apis(service: Service, inbound: str) -> None:
    """The policy of all APIs: it comes before those of products and APIs, through their `<base />`."""
    rest = "<backend><forward-request /></backend><outbound /><on-error />"
    text = f"<policies><inbound>{inbound}</inbound>{rest}</policies>"
    document = {"properties": {"format": "rawxml", "value": text}}
    service.azure.sdk.policy.create_or_update(*service.place, "policy", document)


def _checks_tokens() -> str:
    """What lets in tokens for the audience alone; who issued them is nothing that a validation has a part in."""
    token = 'context.Request.Headers.GetValueOrDefault("Authorization", "").AsJwt()'
    return (
        f"""<choose><when condition='@(!({token}?.Audiences.Contains("{AUDIENCE}") ?? false))'>"""
        '<return-response><set-status code="401" reason="Unauthorized" /></return-response></when></choose>'
    )


def validate(playbooks: Playbooks, wanted: dict[str, Any], *arguments: str, **options: Any) -> Run:
    environment = options.pop("environment", None)
    variables = {"llm_validation_report": "", **options}
    return playbooks.run(VALIDATE, wanted, *arguments, "--extra-vars", json.dumps(variables), environment=environment)


@pytest.fixture(scope="module")
def hub(azure: Azure, module_playbooks: Playbooks) -> Service:
    """A hub with one of the two APIs, which checks tokens, and with two products."""
    service = Service(azure, SERVICES[35])
    module_playbooks.onboard(inventory(service, backend("client-a", "gpt-4o", "o3")))
    made = Hub(service)
    made.universal_api()
    made.product("gold", policies(ALLOWED + OTHERWISE), "universal-llm-api")
    made.product("silver", policies(ALLOWED), "universal-llm-api")
    _all_apis(service, _checks_tokens())
    return service


def test_a_hub_with_one_api_that_checks_tokens_passes(playbooks: Playbooks, hub: Service) -> None:
    run = validate(
        playbooks,
        inventory(hub, backend("client-a", "gpt-4o", "o3")),
        "-vvv",
        llm_validation_checks=["models", "access"],
        llm_validation_token_audience=AUDIENCE,
        llm_validation_subscriptions=["gold"],
    )
    assert run.status == 0, run.output
    result = results(run)[hub.name]
    assert failed(result) == {}
    assert {each["name"] for each in result["checks"] if each["group"] == "models"} == {
        f"{model} by POST /models/chat/completions" for model in ("gpt-4o", "o3")
    }
    reasons = skipped(result)
    for check in ("gpt-4o is allowed by product gold", "o3 is forbidden by product gold"):
        assert "not judged" in reasons["access", check]
        assert "HTTP 401" in reasons["access", check]
    assert "llm_validation_subscriptions" in reasons["access", "product silver"]
    keys = [each.target for each in run.arm if each.target.endswith("listSecrets")]
    assert {key.split("/")[-2] for key in keys} == {"master", "gold"}
    assert "eyJ" not in run.output


def test_a_product_whose_limit_is_used_up_for_a_moment_is_asked_again(playbooks: Playbooks, azure: Azure) -> None:
    service = Service(azure, SERVICES[53])
    wanted = inventory(service, backend("client-c", "gpt-4o", "o3"))
    playbooks.onboard(wanted)
    made = Hub(service)
    made.universal_api()
    made.product("slow", policies('<rate-limit calls="1" renewal-period="3" />' + ALLOWED), "universal-llm-api")
    run = validate(playbooks, wanted, llm_validation_checks=["access"], llm_validation_subscriptions=["slow"])
    assert run.status == 0, run.output
    outcomes = {each["name"]: each["outcome"] for each in results(run)[service.name]["checks"]}
    assert outcomes["gpt-4o is allowed by product slow"] == "passed"
    assert outcomes["o3 is forbidden by product slow"] == "passed"
    assert "products: 1 met HTTP 429, asked again in" in run.output


def test_without_a_token_it_says_what_is_refused(playbooks: Playbooks, hub: Service) -> None:
    run = validate(playbooks, inventory(hub, backend("client-a", "gpt-4o", "o3")), llm_validation_checks=["models"])
    assert run.status != 0
    assert all("HTTP 401" in each["message"] for each in failed(results(run)[hub.name]).values())


def test_a_subscription_that_is_not_there_is_told(playbooks: Playbooks, hub: Service, azure: Azure) -> None:
    run = validate(
        playbooks,
        inventory(hub, backend("client-a", "gpt-4o", "o3")),
        llm_validation_checks=["access"],
        llm_validation_subscriptions=["bronze"],
    )
    (check,) = failed(results(run)[hub.name]).values()
    assert "subscriptions has bronze, which the service does not have" in check["message"]
    assert [each for each in azure.requests() if each.plane == "gateway"] == []


def test_headers_go_with_every_request_and_models_are_asked_as_the_inventory_says(
    playbooks: Playbooks, azure: Azure, tmp_path: Path
) -> None:
    service = Service(azure, SERVICES[36])
    wanted = inventory(service, backend("client-b", "gpt-4o", "gpt-5", "gpt-4o-audio-preview"), **APIS)
    playbooks.onboard(wanted)
    demanded = OTHERWISE.replace("x-team", "x-client").replace("gold", SECRET)
    _all_apis(service, demanded)
    run = validate(
        playbooks,
        wanted,
        "-vvv",
        llm_validation_report=str(tmp_path / "report"),
        llm_validation_checks=["models", "latency"],
        llm_validation_latency_requests=2,
        llm_validation_headers={"x-client": "{{ lookup('ansible.builtin.env', 'CLIENT_SECRET') }}"},
        llm_validation_models={"gpt-5": {"skip": True}, "gpt-4o": {"max_p95_ms": 1}},
        llm_validation_required=["models"],
        environment={"CLIENT_SECRET": SECRET},
    )
    result = results(run)[service.name]
    passed = {each["name"] for each in result["checks"] if each["group"] == "models" and each["outcome"] == "passed"}
    assert passed == {
        "gpt-4o by POST /models/chat/completions",
        "gpt-4o by POST /openai/deployments/.../chat/completions",
    }, run.output
    found = failed(result)
    messages = {name: check["message"] for (group, name), check in found.items() if group == "models"}
    assert len(messages) == 4
    assert all(text.startswith("skipped, which llm_validation_required forbids") for text in messages.values())
    assert "llm_validation_models leaves it out" in messages["gpt-5 by universal-llm-api"]
    assert "refuses chats without audio" in messages["gpt-4o-audio-preview by azure-openai-api"]
    assert "p95 may be 1 ms" in found["latency", "gpt-4o at client-b"]["message"]
    texts = [run.output, *(path.read_text(encoding="utf-8") for path in (tmp_path / "report").iterdir())]
    assert not [text for text in texts if SECRET in text]
    assert not [each.task for each in run.tasks if SECRET in str(each.result)]
