# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A backend that is dead is found wherever it stands, and a gateway that answers nothing does not pass."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.gateway.gateway import Gateway
from tests.integration.harness import Azure, Service
from tests.integration.inventory import backend, host, hosts, inventory
from tests.integration.playbook import Playbooks, Run
from tests.integration.validation.conftest import SERVICES
from tests.integration.validation.findings import APIS, VALIDATE, failed, groups, results, skipped

pytestmark = pytest.mark.gate

STAIRS, DEAD_STANDBY, DEAD_SECOND, DEAD_FALLBACK = SERVICES[42:46]
UNIVERSAL = {"llm_universal_api": {"deploy": True}}
_NO_DEPLOYMENT = {"per_deployment": {"gpt-4o": {"status": 404}}}
_ASKED = {"llm_validation_checks": ["models", "failover"]}
_WITHOUT_HELPERS = {"APIM_EMULATOR_ADMIN_URL": None, "APIM_GATEWAY_KEY": None, "APIM_GATEWAY_URL": None}


def _stairs(name: str) -> list[dict[str, Any]]:
    """Two accounts that share a model, a standby, and a second one; the second pool is a fallback of the first."""
    return [
        backend(f"{name}-a", {"name": "gpt-4o", "fallbacks": ["o3"]}, weight=99),
        backend(f"{name}-b", "gpt-4o", weight=1),
        backend(f"{name}-c", "gpt-4o", priority=2),
        backend(f"{name}-d", "gpt-4o", priority=3),
        backend(f"{name}-e", {"name": "o3", "deployment": "o-three"}),
    ]


def validate(playbooks: Playbooks, wanted: dict[str, Any], *, environment: Any = None, **variables: Any) -> Run:
    """Run the playbook without a report."""
    given = json.dumps({"llm_validation_report": "", **variables})
    return playbooks.run(VALIDATE, wanted, "--extra-vars", given, environment=environment)


@pytest.fixture(scope="module")
def run(azure: Azure, module_playbooks: Playbooks) -> Run:
    """A right gateway, and others of which the standby, the second standby or the fallback lacks its deployment."""
    names = (STAIRS, DEAD_STANDBY, DEAD_SECOND, DEAD_FALLBACK)
    wanted = hosts({name: host(*_stairs(name), **UNIVERSAL) for name in names})
    module_playbooks.onboard(wanted, "--forks", "4")
    azure.admin("PUT", f"providers/{DEAD_STANDBY}-c.openai.azure.com", _NO_DEPLOYMENT)
    azure.admin("PUT", f"providers/{DEAD_SECOND}-d.openai.azure.com", _NO_DEPLOYMENT)
    azure.admin(
        "PUT", f"providers/{DEAD_FALLBACK}-e.openai.azure.com", {"per_deployment": {"o-three": {"status": 500}}}
    )
    try:
        return validate(module_playbooks, wanted, **_ASKED)
    finally:
        azure.reset()


def test_all_members_of_a_right_gateway_have_served(run: Run) -> None:
    result = results(run)[STAIRS]
    assert failed(result) == {}, run.output
    connected = {each["name"]: each["outcome"] for each in result["checks"] if each["group"] == "connectivity"}
    assert connected == {**{f"{STAIRS}-{each}-gpt-4o": "passed" for each in "abcd"}, f"{STAIRS}-e-o-three": "passed"}
    assert not {group for group, _name in skipped(result)} & {"failover", "connectivity"}
    calls = result["calls"]
    assert calls["made"] <= calls["planned"]


@pytest.mark.parametrize(("name", "letter"), [(DEAD_STANDBY, "c"), (DEAD_SECOND, "d")])
def test_a_standby_without_its_deployment_is_found(run: Run, name: str, letter: str) -> None:
    found, dead = failed(results(run)[name]), f"{name}-{letter}-gpt-4o"
    assert found.keys() == {("failover", "gpt-4o-backend-pool"), ("connectivity", dead)}, run.output
    assert "HTTP 404" in found["connectivity", dead]["message"]
    message = found["failover", "gpt-4o-backend-pool"]["message"]
    assert f"{name}-a-gpt-4o and {name}-b-gpt-4o" in message
    assert "HTTP 404" in message


def test_a_fallback_that_does_not_answer_is_found(run: Run) -> None:
    found = failed(results(run)[DEAD_FALLBACK])
    assert found.keys() == {
        ("failover", "gpt-4o-backend-pool"),
        ("connectivity", f"{DEAD_FALLBACK}-e-o-three"),
        ("models", "o3 by POST /models/chat/completions"),
    }


def test_a_dead_standby_is_found_without_failover(playbooks: Playbooks, azure: Azure) -> None:
    service = Service(azure, SERVICES[46])
    wanted = inventory(service, backend("alive", "gpt-4o"), backend("dead", "gpt-4o", priority=2), **UNIVERSAL)
    playbooks.onboard(wanted)
    asked = {"llm_validation_checks": ["models", "failover"]}

    right = validate(playbooks, wanted, environment=_WITHOUT_HELPERS, **asked)
    result = results(right)[service.name]
    assert failed(result) == {}, right.output
    (check,) = [each for each in result["checks"] if (each["group"], each["name"]) == ("connectivity", "dead")]
    assert check["outcome"] == "passed"
    assert check["message"].endswith("asked for GET /models/files its account dead answers HTTP 200")

    gateway = Gateway(service)
    gateway.provider("dead.openai.azure.com", refuse=True)
    refused = validate(playbooks, wanted, environment=_WITHOUT_HELPERS, **asked)
    assert failed(results(refused)[service.name]).keys() == {("connectivity", "dead")}

    gateway.wait_until_closed()  # a backend whose breaker is open is not asked
    gateway.provider("dead.openai.azure.com", status=404)
    missing = validate(playbooks, wanted, environment=_WITHOUT_HELPERS, **asked)
    reason = skipped(results(missing)[service.name])["connectivity", "dead"]
    assert "HTTP 404, which proves no more than that it is there" in reason
    assert "failover: address (llm_validation_failover)" in reason
    gateway.provider("dead.openai.azure.com")


def test_a_gateway_that_answers_nothing_does_not_pass(playbooks: Playbooks, azure: Azure) -> None:
    service = Service(azure, SERVICES[47])
    wanted = inventory(service, backend("mute-a", "gpt-4o", "o3"), backend("mute-b", "gpt-4o"), **UNIVERSAL)
    playbooks.onboard(wanted)
    run = validate(
        playbooks,
        wanted,
        llm_validation_checks=["shares", "latency"],
        llm_validation_share_requests=10,
        llm_validation_latency_requests=3,
        llm_validation_subscription_key="not-a-key-of-this-service",
    )
    found = failed(results(run)[service.name])
    assert run.status != 0
    assert {("shares", "gpt-4o-backend-pool"), ("latency", "gpt-4o"), ("latency", "o3")} <= found.keys()
    assert all("HTTP 401" in check["message"] for check in found.values())


def test_a_throttled_gateway_is_not_measured_and_said_to_be(playbooks: Playbooks, azure: Azure) -> None:
    service = Service(azure, SERVICES[48])
    wanted = inventory(service, backend("busy", "gpt-4o"), **UNIVERSAL)
    playbooks.onboard(wanted)
    gateway = Gateway(service)
    gateway.provider("busy.openai.azure.com", status=429, retry_after=1)
    try:
        run = validate(playbooks, wanted, llm_validation_checks=["latency"], llm_validation_latency_requests=4)
    finally:
        gateway.provider("busy.openai.azure.com")
    assert failed(results(run)[service.name]) == {}, run.output
    assert skipped(results(run)[service.name])["latency", "gpt-4o"].startswith("throttled: all 4 requests")


def test_a_right_hub_with_nine_pools_is_within_the_limit(playbooks: Playbooks, azure: Azure) -> None:
    service = Service(azure, SERVICES[49])
    models = [f"model-{number}" for number in range(1, 10)]
    members = [backend(f"hub-{letter}", *models) for letter in "ab"]
    wanted = inventory(service, *members, **APIS)
    playbooks.onboard(wanted)
    run = validate(playbooks, wanted, llm_validation_max_calls=400)
    result = results(run)[service.name]
    assert failed(result) == {}, run.output
    assert groups({(check["group"], check["name"]): check for check in result["checks"]}) >= {"shares", "failover"}
    assert "23 for each pool, so that all are within llm_validation_max_calls" in run.output
    assert len(result["shares"]) == 9
    assert len(result["failover"]) == 9
    assert result["calls"]["made"] <= 400
    asked = [each for each in azure.requests() if each.plane == "gateway" and each.method == "POST"]
    assert result["calls"]["made"] <= len(asked)
