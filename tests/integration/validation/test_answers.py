# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gateways whose answers are refused for a while or for good, come late, or repeat what nobody is to see."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.gateway.gateway import Gateway
from tests.gateway.hub import Hub, policies
from tests.integration.harness import Azure, Service
from tests.integration.inventory import backend, host, hosts
from tests.integration.playbook import Playbooks, Run
from tests.integration.validation.conftest import SERVICES
from tests.integration.validation.findings import VALIDATE, Check, failed, results, skipped

pytestmark = pytest.mark.gate

QUOTA, THROTTLED, HELD, PASSING, ECHO = SERVICES[30:35]
MODEL = "gpt-4o by POST /models/chat/completions"
CREDENTIAL, STRANGE = "pr0vider-credential-of-the-inventory", "sk-provider-key-9"
_DEPLOYED = {"llm_universal_api": {"deploy": True}}
INVENTORY = {
    QUOTA: host(backend("quota", "gpt-4o"), **_DEPLOYED),
    # An open breaker would be waited for, too.
    THROTTLED: host(backend("throttled", "gpt-4o"), llm_circuit_breaker={"enabled": False}, **_DEPLOYED),
    HELD: host(backend("held", "gpt-4o")),
    PASSING: host(backend("passing", "gpt-4o"), **_DEPLOYED),
    ECHO: host(backend("echo", "gpt-4o", auth_scheme="api_key", credential={"value": CREDENTIAL})),
}
# An answer of the embedded Azure has some fifteen parts.
_WRITING = {"token_delay_ms": 120}


def _echo(service: Service) -> None:
    """Let the API answer as a provider does that repeats the credential it was sent."""
    message = f"Incorrect API key provided: {CREDENTIAL}. Or Bearer {STRANGE}."
    answer = (
        '<return-response><set-status code="401" reason="Unauthorized" />'
        '<set-header name="Content-Type" exists-action="override"><value>application/json</value></set-header>'
        f"<set-body>{json.dumps({'error': {'message': message}})}</set-body></return-response>"
    )
    document = {"properties": {"format": "rawxml", "value": policies(answer)}}
    service.azure.sdk.api_policy.create_or_update(*service.place, "universal-llm-api", "policy", document)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("report")


@pytest.fixture(scope="module")
def run(azure: Azure, module_playbooks: Playbooks, report: Path) -> Run:
    """All of them validated in one run."""
    module_playbooks.onboard(hosts(INVENTORY), "--forks", "5")
    # The forward-request of this hub says nothing of buffer-response, which is true then.
    for name in (HELD, ECHO):
        Hub(Service(azure, name)).universal_api()
    _echo(Service(azure, ECHO))
    gateway = Gateway(Service(azure, QUOTA))
    gateway.provider("quota.openai.azure.com", status=429, retry_after=1, times=2)
    gateway.provider("throttled.openai.azure.com", status=429, retry_after=1)
    gateway.provider("held.openai.azure.com", **_WRITING)
    gateway.provider("passing.openai.azure.com", **_WRITING)
    options = {
        "llm_validation_report": str(report),
        "llm_validation_checks": ["models", "streaming", "latency"],
        # They also leave room for what is asked again.
        "llm_validation_latency_requests": 6,
        "llm_validation_apis": [{"path": "models", "type": "openai"}],
    }
    try:
        return module_playbooks.run(VALIDATE, hosts(INVENTORY), "--forks", "5", "--extra-vars", json.dumps(options))
    finally:
        for name in ("quota", "throttled", "held", "passing"):
            azure.admin("DELETE", f"providers/{name}.openai.azure.com")


def checks(run: Run, name: str) -> dict[tuple[str, str], Check]:
    return {(each["group"], each["name"]): each for each in results(run)[name]["checks"]}


def test_a_quota_that_is_used_up_for_a_moment_is_waited_for(run: Run) -> None:
    assert failed(results(run)[QUOTA]) == {}, run.output
    assert checks(run, QUOTA)["models", MODEL]["message"] == "asked 3 times, before answered HTTP 429, HTTP 429"
    assert f"{QUOTA}: models: 1 met HTTP 429, asked again in 1 seconds" in run.output
    assert f"{QUOTA}: models: 2 requests were asked again" in run.output
    calls = results(run)[QUOTA]["calls"]
    assert (calls["planned"], calls["made"]) == (8, 10)


def test_a_quota_that_stays_used_up_is_no_dead_backend(run: Run) -> None:
    found = failed(results(run)[THROTTLED])
    for group in ("models", "streaming"):
        check = found[group, MODEL]
        assert check["message"].endswith("answered 429 4 times: its quota is used up")
        assert "the backend is not dead: raise its quota" in check["remedy"]
    assert skipped(results(run)[THROTTLED])["connectivity", "throttled"].startswith("throttled: ")


def test_a_stream_that_the_gateway_holds_back_fails(run: Run) -> None:
    found = failed(results(run)[HELD])
    assert found.keys() == {("streaming", MODEL)}
    assert "parts came within" in found["streaming", MODEL]["message"]
    assert 'buffer-response="false"' in found["streaming", MODEL]["remedy"]
    assert "asked once more without a trace" in run.output


def test_a_stream_that_passes_as_it_is_written_passes(run: Run) -> None:
    assert failed(results(run)[PASSING]) == {}
    (measured,) = results(run)[PASSING]["streaming"]
    assert measured["chunks"] >= 8
    assert measured["first_chunk_ms"] + 8 * 60 < measured["total_ms"]


def test_what_an_answer_repeats_of_credentials_is_not_shown(run: Run, report: Path) -> None:
    message = failed(results(run)[ECHO])["models", MODEL]["message"]
    assert message == "HTTP 401: Incorrect API key provided: ********. Or Bearer ********"
    texts = [run.output, *(path.read_text(encoding="utf-8") for path in report.iterdir())]
    assert not [secret for secret in (CREDENTIAL, STRANGE) for text in texts if secret in text]
    assert not [each.task for each in run.tasks for secret in (CREDENTIAL, STRANGE) if secret in str(each.result)]
