# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One thing is wrong with each gateway, and the validation names it; nothing is wrong with the first one."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from azure.mgmt.apimanagement.models import BackendCredentialsContract

from tests.gateway.hub import Hub, policies
from tests.integration.harness import Azure, Service
from tests.integration.inventory import backend, host, hosts
from tests.integration.playbook import Playbooks, Run
from tests.integration.validation.findings import APIS, VALIDATE, failed, groups, results, skipped

RIGHT, WEIGHT, DEAD, ROLE, UNROUTED, LEAKED, PASSED_ON, BASELESS = (f"apim-validated-{n}" for n in range(1, 9))
SECRET = "0123456789abcdef0123456789abcdef"


def _pair(name: str, *models: str, **fields: Any) -> list[dict[str, Any]]:
    """Two accounts of this name that share gpt-4o by 70 to 30; the first also has other models."""
    return [
        backend(f"{name}-a", "gpt-4o", *models, weight=70, **fields),
        backend(f"{name}-b", "gpt-4o", weight=30),
    ]


# The subscription to the product that the fixture makes.
ALLOWED = {"llm_validation_subscriptions": ["restricted"]}
INVENTORY = {
    RIGHT: host(*_pair("right", "gpt-5", "text-embedding-3-large"), **APIS, **ALLOWED),
    WEIGHT: host(*_pair("weight"), **APIS),
    DEAD: host(*_pair("dead"), **APIS),
    ROLE: host(backend("aoai-unassigned", "gpt-4o"), **APIS),
    UNROUTED: host(backend("unrouted", "gpt-4o", "gpt-5"), **APIS),
    LEAKED: host(backend("leaked", "gpt-4o"), **APIS),
    PASSED_ON: host(backend("passed-on", "gpt-4o"), **APIS),
    BASELESS: host(backend("baseless", "gpt-4o", "gpt-5"), **APIS, **ALLOWED),
}
RESTRICTED = policies('<set-variable name="allowedModels" value="gpt-4o" />')


def _wrong_weight(service: Service) -> None:
    sdk, place = service.azure.sdk, service.place
    pool = sdk.backend.get(*place, "gpt-4o-backend-pool")
    weights = {"weight-a": 30, "weight-b": 70}
    for item in pool.pool.services:
        item.weight = weights[item.id.rpartition("/")[2]]
    pool.url = pool.protocol = None
    sdk.backend.create_or_update(*place, "gpt-4o-backend-pool", pool)


def _unrouted(service: Service) -> None:
    sdk, place = service.azure.sdk, service.place
    value = sdk.policy_fragment.get(*place, "set-backend-pools", format="rawxml").value
    without = value.replace('case "gpt-5":', 'case "no longer there":').replace("\\tgpt-5", "")
    assert without != value
    body = {"properties": {"format": "rawxml", "value": without, "description": "[owner: citadel]"}}
    sdk.policy_fragment.begin_create_or_update(*place, "set-backend-pools", body, polling_interval=0).result()


def _leaked(service: Service) -> None:
    sdk, place = service.azure.sdk, service.place
    backend = sdk.backend.get(*place, "leaked")
    backend.credentials = BackendCredentialsContract(header={"x-provider-key": [SECRET]})
    sdk.backend.create_or_update(*place, "leaked", backend)


def _passed_on(service: Service) -> None:
    """A policy of the API that sends every header of the client on."""
    inbound = '<set-backend-service base-url="https://passed-on.openai.azure.com/openai" />'
    document = {"properties": {"format": "rawxml", "value": policies(inbound)}}
    service.azure.sdk.api_policy.create_or_update(*service.place, "azure-openai-api", "policy", document)


def _baseless(service: Service) -> None:
    """A policy of the API that drops what products say."""
    sdk, place = service.azure.sdk, service.place
    value = sdk.api_policy.get(*place, "universal-llm-api", "policy", format="rawxml").value
    without = re.sub(r"(</cors>\s*)<base />", r"\1", value)
    assert without != value
    document = {"properties": {"format": "rawxml", "value": without}}
    sdk.api_policy.create_or_update(*place, "universal-llm-api", "policy", document)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("report") / "new" / "folder"


@pytest.fixture(scope="module")
def run(azure: Azure, module_playbooks: Playbooks, report: Path) -> Run:
    """All of them validated in one run."""
    module_playbooks.onboard(hosts(INVENTORY), "--forks", "8")
    services = {name: Service(azure, name) for name in INVENTORY}
    for name in (RIGHT, BASELESS):
        Hub(services[name]).product("restricted", RESTRICTED, "universal-llm-api")
    _wrong_weight(services[WEIGHT])
    _unrouted(services[UNROUTED])
    _leaked(services[LEAKED])
    _passed_on(services[PASSED_ON])
    _baseless(services[BASELESS])
    azure.admin("PUT", "providers/dead-b.openai.azure.com", {"refuse": True})
    try:
        return module_playbooks.run(
            VALIDATE, hosts(INVENTORY), "--forks", "8", "--extra-vars", f"llm_validation_report={report}"
        )
    finally:
        azure.admin("DELETE", "providers/dead-b.openai.azure.com")


def test_a_right_gateway_passes(run: Run) -> None:
    result = results(run)[RIGHT]
    assert failed(result) == {}, run.output
    assert result["outcome"] == "passed"
    assert {each["group"] for each in result["checks"] if each["outcome"] == "passed"} == {
        "configuration", "secrets", "prerequisites", "connectivity", "listing", "models", "streaming", "access",
        "shares", "failover", "latency",
    }  # fmt: skip
    assert run.totals[RIGHT]["failures"] == 0


def test_every_model_is_asked_by_every_api(run: Run) -> None:
    asked = {each["name"] for each in results(run)[RIGHT]["checks"] if each["group"] == "models"}
    operations = {"gpt-4o": "chat/completions", "gpt-5": "chat/completions", "text-embedding-3-large": "embeddings"}
    assert asked == {
        f"{model} by POST {path}/{operation}"
        for model, operation in operations.items()
        for path in ("/models", "/openai/deployments/...")
    }


def test_what_a_product_forbids_is_tried(run: Run) -> None:
    access = {each["name"]: each["outcome"] for each in results(run)[RIGHT]["checks"] if each["group"] == "access"}
    assert access["gpt-4o is allowed by product restricted"] == "passed"
    forbidden = [name for name in access if "is forbidden by product restricted" in name]
    assert [access[name] for name in forbidden] == ["passed"]


def test_the_run_fails_for_each_of_the_others(run: Run) -> None:
    assert run.status != 0
    assert {each.host for each in run.failures} == INVENTORY.keys() - {RIGHT}
    for name in INVENTORY.keys() - {RIGHT}:
        assert results(run)[name]["outcome"] == "failed"


def test_a_wrong_weight_is_found_in_the_configuration_and_by_traffic(run: Run) -> None:
    found = failed(results(run)[WEIGHT])
    assert found.keys() == {("configuration", "pool gpt-4o-backend-pool"), ("shares", "gpt-4o-backend-pool")}
    message = found["configuration", "pool gpt-4o-backend-pool"]["message"]
    assert "- - backend: weight-a, priority: 1, weight: 30" in message
    assert "+ - backend: weight-a, priority: 1, weight: 70" in message
    assert "weight-a 108 (weight says 252)" in found["shares", "gpt-4o-backend-pool"]["message"]
    assert found["shares", "gpt-4o-backend-pool"]["remedy"]


def test_a_dead_backend_is_named_although_clients_do_not_notice(run: Run) -> None:
    result = results(run)[DEAD]
    found = failed(result)
    # With one of two members dead, clients also notice when the other one is made to fail.
    assert groups(found) == {"connectivity", "prerequisites", "failover"}
    assert "no answer" in found["connectivity", "dead-b"]["message"]
    assert "shares" in {group for group, _ in skipped(result)}, "shares tell nothing while a member is dead"


def test_a_missing_role_is_named_with_its_remedy(run: Run) -> None:
    found = failed(results(run)[ROLE])
    assert {"prerequisites", "models", "connectivity", "streaming"} <= groups(found)
    (role,) = [check for (group, name), check in found.items() if group == "prerequisites"]
    assert "Cognitive Services OpenAI User" in role["remedy"]
    assert "401" in found["connectivity", "aoai-unassigned"]["message"]


def test_a_model_that_a_fragment_does_not_route_is_named(run: Run) -> None:
    found = failed(results(run)[UNROUTED])
    assert ("configuration", "policy fragment set-backend-pools") in found
    models = {name for group, name in found if group == "models"}
    assert models == {
        "gpt-5 by POST /models/chat/completions",
        "gpt-5 by POST /openai/deployments/.../chat/completions",
    }
    assert "unsupported_model" in found["models", "gpt-5 by POST /models/chat/completions"]["message"]


def test_a_credential_that_can_be_read_is_named_and_not_shown(run: Run, report: Path) -> None:
    found = failed(results(run)[LEAKED])
    assert found.keys() == {("configuration", "backend leaked"), ("secrets", "backend leaked")}
    assert "header x-provider-key" in found["secrets", "backend leaked"]["message"]
    assert SECRET not in run.output
    assert all(SECRET not in path.read_text(encoding="utf-8") for path in report.iterdir())


def test_a_client_key_that_travels_on_is_named(run: Run) -> None:
    found = failed(results(run)[PASSED_ON])
    assert "the subscription key of the caller" in found["secrets", "requests to passed-on"]["message"]


def test_a_product_that_is_not_honoured_is_named(run: Run) -> None:
    found = failed(results(run)[BASELESS])
    name = "gpt-5 is forbidden by product restricted"
    assert found["access", name]["message"].startswith("it is answered HTTP 200, not HTTP 401")


def test_what_a_person_sees_names_every_failure(run: Run) -> None:
    shown = run.result("Show what was found")["msg"]
    text = " ".join((shown if isinstance(shown, str) else "\n".join(shown)).split())
    for name in INVENTORY:
        for group, check in failed(results(run)[name]):
            # Names with one message stand together behind their group.
            assert f"FAILED {group}: " in text
            assert check in text


def test_progress_is_told_while_it_runs(run: Run) -> None:
    assert re.search(rf"^{RIGHT}: \d+ requests to LLMs: 6 for models, .*; 4 at a time$", run.output, re.MULTILINE)
    assert f"{RIGHT}: shares of gpt-4o-backend-pool: 60 of 60" in run.output
    assert f"{RIGHT}: failover of gpt-4o-backend-pool: right-a fails" in run.output


def test_calls_are_those_that_were_announced(run: Run, azure: Azure) -> None:
    assert azure is not None
    calls = results(run)[RIGHT]["calls"]
    assert calls["made"] == calls["planned"]


def test_files_hold_the_same_results(run: Run, report: Path) -> None:
    assert {path.name for path in report.iterdir()} == {"report.html", "junit.xml", "results.json"}
    suites = ET.parse(report / "junit.xml").getroot()
    counts = {suite.get("name"): int(suite.get("failures", "0")) for suite in suites.iter("testsuite")}
    assert counts == {name: len(failed(result)) for name, result in results(run).items()}
    page = (report / "report.html").read_text(encoding="utf-8")
    assert all(name in page for name in INVENTORY)


def test_no_key_is_shown_or_kept(run: Run, report: Path, azure: Azure) -> None:
    keys = {each["key"] for each in azure.admin("GET", "services") if each["name"] in INVENTORY}
    texts = [run.output, *(path.read_text(encoding="utf-8") for path in report.iterdir())]
    assert not [key for key in keys for text in texts if key in text]
    assert not [each.task for each in run.tasks for key in keys if key in str(each.result)]


def test_nothing_is_written_in_azure(run: Run) -> None:
    changes = [write for write in run.writes if not write[1].endswith(("/connectivityCheck", "connectivityCheck"))]
    assert changes == []
