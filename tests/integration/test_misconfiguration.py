# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that points at what is not there, or that nobody lets in: one error that says what to check, no write."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.integration.harness import RESOURCE_GROUP, Azure, Service
from tests.integration.inventory import backend, host, hosts, inventory
from tests.integration.playbook import Playbooks, Run

UNKNOWN = "99999999-9999-9999-9999-999999999999"
IDENTITY = {"resource_group": RESOURCE_GROUP, "name": "id-absent"}

# Name of the host to its variables and to what its user reads.
ABSENT: dict[str, tuple[dict[str, Any], str]] = {
    "apim-absent": (
        host(backend("aoai-a")),
        f"the API Management service apim-absent does not exist in resource group {RESOURCE_GROUP}; check service_name",
    ),
    "apim-of-no-group": (
        host(backend("aoai-a"), apim_resource_group="rg-absent"),
        "HTTP 404 ResourceGroupNotFound: Resource group 'rg-absent' could not be found",
    ),
    "apim-of-no-subscription": (
        host(backend("aoai-a"), apim_subscription_id=UNKNOWN),
        f"HTTP 404 SubscriptionNotFound: The subscription '{UNKNOWN}' could not be found",
    ),
}


@dataclass(frozen=True)
class Denied:
    """One run over hosts that cannot be onboarded."""

    run: Run
    unreadable: Service
    without_identity: Service


@pytest.fixture(scope="module")
def denied(azure: Azure, module_playbooks: Playbooks, new_service: Callable[[], Service]) -> Denied:
    """Onboard hosts whose service, group, subscription or identity does not exist, or that may not be read."""
    unreadable, without_identity = new_service(), new_service()
    azure.fail({"method": "GET", "path": f"/service/{unreadable.name}\\?", "status": 403})
    variables = {name: values for name, (values, _) in ABSENT.items()}
    variables[unreadable.name] = host(backend("aoai-a"))
    variables[without_identity.name] = host(backend("aoai-a"), apim_managed_identity=IDENTITY)
    run = module_playbooks.onboard(hosts(variables), "--forks", "5", succeeds=False)
    return Denied(run, unreadable, without_identity)


@pytest.mark.parametrize("name", ABSENT)
def test_what_does_not_exist_is_named(denied: Denied, name: str) -> None:
    assert ABSENT[name][1] in denied.run.message(name)


def test_an_absent_identity_is_named(denied: Denied) -> None:
    message = denied.run.message(denied.without_identity.name)
    assert f"the managed identity id-absent does not exist in resource group {RESOURCE_GROUP}" in message
    assert "apim_managed_identity" in message


def test_a_missing_role_is_named(denied: Denied) -> None:
    message = denied.run.message(denied.unreadable.name)
    assert re.search(r"cannot read .*: HTTP 403 AuthorizationFailed: .* \(request id [0-9a-f-]{36}\)\. Grant ", message)


def test_nothing_is_written(denied: Denied) -> None:
    assert denied.run.writes == []
    assert len([each for each in denied.run.arm if each.method == "GET" and "/apim-absent?" in each.url]) == 1


def test_a_wrong_secret_is_not_shown_and_not_repeated(playbooks: Playbooks, service: Service) -> None:
    wrong = {"AZURE_SECRET": "not-the-secret"}
    run = playbooks.onboard(inventory(service, backend("aoai-a")), "-vvv", succeeds=False, environment=wrong)
    message = run.message(service.name)
    assert "AADSTS7000215" in message
    assert "tenant, client_id and the secret" in message
    assert run.arm == []
    assert [each.status for each in run.requests if each.plane == "login" and each.method == "POST"] == [401]
    assert "not-the-secret" not in run.output


def test_an_unknown_certificate_authority_is_refused(playbooks: Playbooks, service: Service) -> None:
    untrusting: dict[str, str | None] = dict.fromkeys(("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE"))
    run = playbooks.onboard(inventory(service, backend("aoai-a")), succeeds=False, environment=untrusting)
    message = run.message(service.name)
    assert "certificate verify failed" in message
    assert "REQUESTS_CA_BUNDLE" in message
    assert run.requests == []


def test_an_unreachable_azure_is_named(playbooks: Playbooks, service: Service) -> None:
    # Port 9 (discard) of the loopback interface: nothing listens there.
    nowhere = {"AZURE_CLOUD_ENVIRONMENT": "https://127.0.0.1:9"}
    run = playbooks.onboard(inventory(service, backend("aoai-a")), succeeds=False, environment=nowhere)
    message = run.message(service.name)
    assert "https://127.0.0.1:9/metadata/endpoints" in message
    assert "AZURE_CLOUD_ENVIRONMENT" in message


def test_throttling_without_end_stops_at_the_timeout(azure: Azure, playbooks: Playbooks, service: Service) -> None:
    azure.fail({"method": "PUT", "path": f"/service/{service.name}/backends/", "status": 429, "retry_after": 2})
    play = {
        "hosts": "apim",
        "gather_facts": False,
        "module_defaults": {"group/citadel.ai_gateway.ai_gateway": {"timeout": 5}},
        "roles": ["citadel.ai_gateway.llm_onboarding"],
    }
    run = playbooks.run([play], inventory(service, backend("aoai-a")))
    assert run.status == 2
    message = run.message(service.name)
    assert re.search(
        r"backend aoai-a: .*: HTTP 429 TooManyRequests: .*5 seconds.*\(request id [0-9a-f-]{36}\)", message
    )
    assert "Raise the option timeout, or run again" in message
    puts = [each for each in run.arm if each.method == "PUT" and "/backends/" in each.url]
    assert len(puts) in (2, 3)
    assert puts[-1].started - puts[0].started < 5


def test_every_fragment_that_arm_refuses_is_named(playbooks: Playbooks, service: Service) -> None:
    values = {"good": "b", "nameless": "{% raw %}{{absent}}{% endraw %}", "broken": "@(1 +)"}
    fragments = [
        {"name": name, "value": f'<fragment><set-variable name="a" value="{value}" /></fragment>'}
        for name, value in values.items()
    ]
    place = {"resource_group": service.resource_group, "service_name": service.name}
    task = {"citadel.ai_gateway.apim_llm_gateway": {**place, "fragments": fragments}}
    run = playbooks.run_task(task)
    assert run.status == 2
    message = run.message("localhost")
    assert "2 of 3 changes failed; 1 were made and stay, 0 were not tried" in message
    assert re.search(r"policy fragment nameless: .*HTTP 400 ValidationError.*'absent'", message)
    assert re.search(
        r"policy fragment broken: .*HTTP 400 ValidationError.*Error in element 'set-variable' on line", message
    )
    assert list(service.fragments()) == ["good"]
