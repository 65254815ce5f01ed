# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a validation is steered: limits, check mode, services without the embedded Azure's helpers, a hub's own APIs."""

from __future__ import annotations

import json
from os.path import relpath
from pathlib import Path
from typing import Any

import pytest

from tests.gateway.gateway import Gateway
from tests.gateway.hub import Hub
from tests.integration.harness import ROOT, Azure, Service
from tests.integration.inventory import backend, hosts, inventory
from tests.integration.playbook import Playbooks, Run
from tests.integration.validation.conftest import SERVICES
from tests.integration.validation.findings import APIS, VALIDATE, failed, results, skipped

pytestmark = pytest.mark.gate

PAIR = [backend("run-a", "gpt-4o"), backend("run-b", "gpt-4o")]
_FAST = {"llm_validation_share_requests": 20, "llm_validation_latency_requests": 2}


@pytest.fixture(scope="module")
def service(azure: Azure, module_playbooks: Playbooks) -> Service:
    """A gateway with one pool, which tests leave as it is."""
    service = Service(azure, SERVICES[20])
    module_playbooks.onboard(inventory(service, *PAIR, **APIS))
    return service


def validate(playbooks: Playbooks, wanted: dict[str, Any], *arguments: str, **options: Any) -> Run:
    """Run the playbook; `options` are variables, or `environment`."""
    environment = options.pop("environment", None)
    variables = {"llm_validation_report": "", **_FAST, **options}
    return playbooks.run(VALIDATE, wanted, *arguments, "--extra-vars", json.dumps(variables), environment=environment)


def test_more_requests_than_allowed_are_none(playbooks: Playbooks, service: Service, azure: Azure) -> None:
    run = validate(playbooks, inventory(service, *PAIR, **APIS), llm_validation_max_calls=10)
    ((place, check),) = [each for each in failed(results(run)[service.name]).items() if each[0][0] == "calls"]
    assert place == ("calls", "requests to LLMs")
    assert "max_calls is 10" in check["message"]
    assert "raise llm_validation_max_calls (max_calls), lower llm_validation_latency_requests" in check["message"]
    assert [each for each in azure.requests() if each.plane == "gateway"] == []
    assert run.status != 0


def test_check_mode_announces_and_asks_nothing(playbooks: Playbooks, service: Service, azure: Azure) -> None:
    run = validate(playbooks, inventory(service, *PAIR, **APIS), "--check")
    assert run.status == 0, run.output
    assert f"{service.name}: " in run.output
    assert "requests to LLMs" in run.output
    assert [each for each in azure.requests() if each.plane in ("gateway", "provider")] == []


def test_it_needs_nothing_of_the_embedded_azure(playbooks: Playbooks, service: Service) -> None:
    run = validate(
        playbooks, inventory(service, *PAIR, **APIS), environment={"APIM_EMULATOR_ADMIN_URL": None,
                                                                   "APIM_GATEWAY_KEY": None, "APIM_GATEWAY_URL": None}
    )  # fmt: skip
    assert run.status == 0, run.output
    result = results(run)[service.name]
    assert "only providers of the embedded Azure" in skipped(result)["failover", "pools"]
    assert result["shares"]


def test_failover_by_address_restores_it(playbooks: Playbooks, service: Service) -> None:
    before = {name: entity.url for name, entity in service.backends().items()}
    run = validate(
        playbooks,
        inventory(service, *PAIR, **APIS),
        llm_validation_checks=["failover"],
        llm_validation_failover="address",
        llm_validation_propagation_delay=1,
    )
    assert run.status == 0, run.output
    result = results(run)[service.name]
    (trial,) = result["failover"]
    assert trial["cause"] == "had an address where nobody answers"
    assert {event["status"] for event in trial["events"]} == {200}
    assert {name: entity.url for name, entity in service.backends().items()} == before
    assert [target for _method, target in run.writes] == ["backends/run-a", "backends/run-a"]


def test_traces_that_are_refused_leave_out_what_needs_them(
    playbooks: Playbooks, service: Service, azure: Azure
) -> None:
    azure.fail({"method": "POST", "path": "listDebugCredentials", "status": 403, "code": "AuthorizationFailed"})
    try:
        run = validate(playbooks, inventory(service, *PAIR, **APIS), llm_validation_checks=["models", "shares"])
    finally:
        azure.reset()
    assert run.status == 0, run.output
    result = results(run)[service.name]
    untraced = "the gateway does not tell which backend it asked"
    assert untraced in skipped(result)["shares", "gpt-4o-backend-pool"]
    connected = {each["name"]: each for each in result["checks"] if each["group"] == "connectivity"}
    for name in ("run-a", "run-b"):
        assert connected[name]["outcome"] == "passed"
        assert untraced in connected[name]["message"]
        assert connected[name]["message"].endswith(f"its account {name} answers HTTP 200")


def test_a_key_that_is_given_is_used(playbooks: Playbooks, service: Service, azure: Azure) -> None:
    key = next(each["key"] for each in azure.admin("GET", "services") if each["name"] == service.name)
    run = validate(
        playbooks,
        inventory(service, *PAIR, **APIS),
        llm_validation_checks=["models"],
        llm_validation_subscription_key=key,
    )
    assert run.status == 0, run.output
    assert not [each for each in run.arm if "subscriptions/master" in each.target]
    assert key not in run.output


def test_a_wrong_key_is_told_as_such(playbooks: Playbooks, service: Service) -> None:
    run = validate(
        playbooks,
        inventory(service, *PAIR, **APIS),
        llm_validation_checks=["models"],
        llm_validation_subscription_key="not-a-key-of-this-service",
    )
    messages = {each["message"] for each in failed(results(run)[service.name]).values()}
    assert any("HTTP 401" in message and "invalid subscription key" in message for message in messages)
    assert "not-a-key-of-this-service" not in run.output


def test_a_service_without_the_apis_is_told_what_it_has(playbooks: Playbooks, azure: Azure) -> None:
    empty = Service(azure, SERVICES[21])
    run = validate(playbooks, inventory(empty, *PAIR, **APIS), llm_validation_checks=["models"])
    (check,) = failed(results(run)[empty.name]).values()
    assert "the service has no API at path models; it has none: onboard first" in check["message"]


def test_the_apis_of_a_hub_are_tried(playbooks: Playbooks, azure: Azure) -> None:
    hub_service = Service(azure, SERVICES[22])
    wanted = inventory(hub_service, backend("hub-a", "gpt-4o"))
    playbooks.onboard(wanted)
    hub = Hub(hub_service)
    hub.universal_api()
    hub.azure_openai_api()
    run = validate(playbooks, wanted, llm_validation_checks=["models", "streaming", "latency"])
    result = results(run)[hub_service.name]
    assert failed(result) == {}, run.output
    assert {each["name"] for each in result["checks"] if each["group"] == "models"} == {
        "gpt-4o by POST /models/chat/completions",
        "gpt-4o by POST /openai/deployments/.../chat/completions",
    }


def test_each_host_of_a_bad_and_a_good_one_gets_its_verdict(
    playbooks: Playbooks, service: Service, tmp_path: Path
) -> None:
    good = inventory(service, *PAIR, **APIS)["apim"]["hosts"][service.name]
    empty = SERVICES[23]
    wanted = hosts({service.name: good, empty: {**good, "llm_backends": [backend("run-a", "gpt-4o")]}})
    # A relative path counts from where the command is given.
    folder = relpath(tmp_path / "report", ROOT)
    run = validate(playbooks, wanted, llm_validation_report=folder, llm_validation_checks=["models"])
    assert {name: each["outcome"] for name, each in results(run).items()} == {service.name: "passed", empty: "failed"}
    assert [each.host for each in run.failures] == [empty]
    assert len(json.loads((tmp_path / "report/results.json").read_text(encoding="utf-8"))) == 2


def test_a_breaker_that_is_still_open_is_waited_for(playbooks: Playbooks, azure: Azure) -> None:
    alone = Service(azure, SERVICES[24])
    breaker = {"trip_duration": "PT25S"}
    wanted = inventory(
        alone, backend("resting", "gpt-4o"), llm_universal_api={"deploy": True}, llm_circuit_breaker=breaker
    )
    playbooks.onboard(wanted)
    gateway = Gateway(alone)
    gateway.provider("resting.openai.azure.com", status=503)
    assert {gateway.ask(body="gpt-4o").status_code for _ in range(4)} == {503}
    assert gateway.is_open("resting")
    gateway.provider("resting.openai.azure.com")

    run = validate(playbooks, wanted, llm_validation_checks=["models", "streaming"])

    assert f"{alone.name}: models: 1 met open circuit breakers, asked again in 26 seconds" in run.output
    assert failed(results(run)[alone.name]) == {}, run.output
    assert results(run)[alone.name]["calls"] == {"planned": 2, "made": 3}
