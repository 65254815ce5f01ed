# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""When the preflight runs: by variable, by tag, in the collection's playbook and in those that users write."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
import requests

from tests.integration.harness import IDENTITY_CLIENT_ID, SUBSCRIPTION, Azure, Service
from tests.integration.inventory import hosts
from tests.integration.playbook import Playbooks, Run
from tests.integration.preflight.estate import (
    PRINCIPAL,
    READER,
    READER_SECRET,
    account_id,
    answer,
    external,
    findings,
    host,
    openai,
)

pytestmark = pytest.mark.gate

ROLE = "citadel.ai_gateway.llm_onboarding"
LOOK, WRITE = "Look at the prerequisites", "Bring the gateway to the wanted state"
PLAN = "Check the inventory and derive the routing plan"
ON = ("--extra-vars", "llm_preflight=true")

# How users call the role in playbooks of their own.
BY_NAME: dict[str, dict[str, Any]] = {
    "roles": {"roles": [ROLE]},
    "import_role": {"tasks": [{"ansible.builtin.import_role": {"name": ROLE}}]},
    "include_role": {"tasks": [{"ansible.builtin.include_role": {"name": ROLE}, "tags": ["always"]}]},
}
TAGGED: dict[str, dict[str, Any]] = {
    "roles": {"roles": [{"role": ROLE, "tags": ["gateway"]}]},
    "import_role": {"tasks": [{"ansible.builtin.import_role": {"name": ROLE}, "tags": ["gateway"]}]},
    "include_role": {
        "tasks": [
            {
                "ansible.builtin.include_role": {"name": ROLE, "apply": {"tags": ["gateway"]}},
                "tags": ["gateway"],
            }
        ]
    },
}


def ran(run: Run, name: str | None = None) -> list[str]:
    """Which of the tasks that count here ran, in their order, on this host or on all."""
    done = [each for each in run.tasks if each.outcome != "skipped" and name in (None, each.host)]
    names = [each.task.rpartition(" : ")[2] for each in done]
    return [name for name in names if name in (PLAN, LOOK, WRITE)]


def own(run: Run) -> list[str]:
    """Targets of what was asked of ARM beyond what an onboarding asks anyway."""
    return [each.target for each in run.arm if "/Microsoft.CognitiveServices/" in each.target or "Check" in each.target]


def called(
    playbooks: Playbooks, ways: dict[str, dict[str, Any]], new_service: Callable[[], Service], *arguments: str
) -> Run:
    """A run of one playbook that calls the role in each of these ways, on a host of its own."""
    names = {way: new_service().name for way in ways}
    plays = [{"hosts": names[way], "gather_facts": False, **call} for way, call in ways.items()]
    wanted = hosts({name: host(openai("aoai-well")) for name in names.values()})
    run = playbooks.run(plays, wanted, *arguments)
    assert run.status == 0, run.output
    return run


def grant(azure: Azure, role: str, account: str) -> str:
    """Give the identity a role, as ARM takes it; return the id of the assignment."""
    known = azure.environment
    url, bundle = known["AZURE_CLOUD_ENVIRONMENT"], known["SSL_CERT_FILE"]
    form = {
        "grant_type": "client_credentials",
        "client_id": known["AZURE_CLIENT_ID"],
        "client_secret": known["AZURE_SECRET"],
        "scope": f"{url}/.default",
    }
    token = requests.post(f"{url}/{known['AZURE_TENANT']}/oauth2/v2.0/token", form, verify=bundle, timeout=30).json()
    definition = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{role}"
    body = {"properties": {"principalId": PRINCIPAL, "roleDefinitionId": definition}}
    assignment = f"{account_id(account)}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}"
    headers = {"Authorization": f"Bearer {token['access_token']}"}
    answer = requests.put(
        f"{url}{assignment}?api-version=2022-04-01", json=body, headers=headers, verify=bundle, timeout=30
    )
    assert answer.status_code == 201, answer.text
    return assignment


def test_an_onboarding_goes_on_once_the_role_is_there(azure: Azure, playbooks: Playbooks, service: Service) -> None:
    wanted = hosts({service.name: host(openai("aoai-later"), llm_preflight=True)})
    first = playbooks.onboard(wanted, succeeds=False)
    assert first.writes == []
    assert service.backends() == {}
    assert f"role of aoai-later: the managed identity has no role on {account_id('aoai-later')}" in first.message(
        service.name
    )
    grant(azure, "5e0bd9bd-7b93-4f28-af87-19fc36ad61bd", "aoai-later")
    second = playbooks.onboard(wanted)
    assert ran(second) == [PLAN, LOOK, WRITE]
    assert list(service.backends()) == ["aoai-later"]
    assert second.result(LOOK)["changed"] is False


def test_a_run_without_it_asks_nothing_more(playbooks: Playbooks, service: Service) -> None:
    run = playbooks.onboard(hosts({service.name: host(openai("aoai-bare"))}))
    assert ran(run) == [PLAN, WRITE]
    assert own(run) == []
    skipped = [each.task for each in run.tasks if each.outcome == "skipped" and "prerequisite" in each.task]
    assert skipped == ["citadel.ai_gateway.llm_onboarding : Check the prerequisites"]


def test_the_tag_runs_it_alone_after_a_look_at_the_inventory(
    playbooks: Playbooks, new_service: Callable[[], Service]
) -> None:
    good, lacking, bad = (new_service().name for _ in range(3))
    wanted = {
        good: host(openai("aoai-well")),
        lacking: host(openai("aoai-bare")),
        bad: host(openai("aoai-well", weight=0)),
    }
    run = playbooks.onboard(hosts(wanted), "--tags", "preflight", "--forks", "3", succeeds=False)
    assert (ran(run, good), ran(run, lacking), ran(run, bad)) == ([PLAN, LOOK], [PLAN, LOOK], [PLAN])
    assert run.message(lacking).startswith(f"{lacking} lacks 1 prerequisite; nothing was written:\n  - role of ")
    assert "llm_backends[0].weight" in run.message(bad)
    assert run.requests_of(bad) == []
    assert run.writes == []
    assert {each["changed"] for each in run.totals.values()} == {0}


def test_leaving_out_the_tag_leaves_it_out(playbooks: Playbooks, service: Service) -> None:
    wanted = hosts({service.name: host(openai("aoai-bare"), llm_preflight=True)})
    run = playbooks.onboard(wanted, "--skip-tags", "preflight")
    assert ran(run) == [PLAN, WRITE]
    assert own(run) == []


def test_check_mode_looks_too(playbooks: Playbooks, service: Service) -> None:
    run = playbooks.onboard(hosts({service.name: host(openai("aoai-well"))}), "--check", *ON)
    assert ran(run) == [PLAN, LOOK, WRITE]
    assert findings(run, service.name)["connectivity", "aoai-well"]["outcome"] == "passed"
    assert run.writes == []


def test_the_tag_works_in_playbooks_of_users(playbooks: Playbooks, new_service: Callable[[], Service]) -> None:
    run = called(playbooks, BY_NAME, new_service, "--tags", "preflight")
    for name in run.totals:
        assert ran(run, name) == [PLAN, LOOK], name


def test_tags_of_users_choose_all_of_the_role(playbooks: Playbooks, new_service: Callable[[], Service]) -> None:
    run = called(playbooks, TAGGED, new_service, "--tags", "gateway", *ON)
    for name in run.totals:
        assert [task for task in ran(run, name) if task != PLAN] == [LOOK, WRITE], name


def test_other_tags_choose_nothing_of_the_role(playbooks: Playbooks, new_service: Callable[[], Service]) -> None:
    run = called(playbooks, TAGGED, new_service, "--tags", "other", *ON)
    assert ran(run) == []
    assert run.requests == []


def test_a_reader_is_told_what_it_may_not_check(playbooks: Playbooks, service: Service) -> None:
    """With Reader everything is read; only the check of connectivity is an action of the service."""
    signed_in = {"AZURE_CLIENT_ID": READER, "AZURE_SECRET": READER_SECRET}
    wanted = hosts({service.name: host(openai("aoai-well"))})
    run = playbooks.onboard(wanted, "--tags", "preflight", environment=signed_in)
    found = findings(run, service.name)
    assert found["role", "aoai-well"]["outcome"] == "passed"
    assert found["connectivity", "aoai-well"]["outcome"] == "skipped"
    assert found["connectivity", "aoai-well"]["message"].startswith("Azure refuses this check: HTTP 403 Authoriz")


def test_accounts_that_may_not_be_listed_are_skipped(azure: Azure, playbooks: Playbooks, service: Service) -> None:
    azure.fail({"method": "GET", "path": f"^/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Cog", "status": 403})
    client_id = {"client_id": IDENTITY_CLIENT_ID}
    wanted = hosts({service.name: host(openai("aoai-well"), apim_managed_identity=client_id)})
    found = findings(playbooks.onboard(wanted, "--tags", "preflight"), service.name)
    assert found["identity", IDENTITY_CLIENT_ID]["outcome"] == "passed"
    assert found["role", "aoai-well"]["outcome"] == "skipped"
    assert "cannot be listed: HTTP 403 " in found["role", "aoai-well"]["message"]


def test_azure_that_breaks_is_an_error_and_no_finding(azure: Azure, playbooks: Playbooks, service: Service) -> None:
    azure.fail({"method": "GET", "path": "/Microsoft.CognitiveServices/accounts\\?", "status": 400, "code": "Broken"})
    wanted = hosts({service.name: host(openai("aoai-well"))})
    message = playbooks.onboard(wanted, "--tags", "preflight", succeeds=False).message(service.name)
    assert message.startswith(
        f"cannot list /subscriptions/{SUBSCRIPTION}/providers/Microsoft.CognitiveServices/accounts"
    )


def test_each_region_and_host_is_checked_at_the_same_time(
    azure: Azure, playbooks: Playbooks, new_service: Callable[[], Service]
) -> None:
    names = [f"lit-{number}" for number in range(6)]
    answer(azure, *(f"{name}.contoso.example" for name in names))
    azure.fail({"method": "POST", "path": "/connectivityCheck", "latency_ms": 1000})
    backends = [external(name, f"model-{name}") for name in names]
    run = playbooks.onboard(hosts({new_service().name: host(*backends)}), "--tags", "preflight")
    checks = [each for each in run.arm if each.target == "connectivityCheck"]
    assert len(checks) == len(names)
    assert max(each.started for each in checks) < min(each.started + each.seconds for each in checks)


def test_credentials_do_not_reach_it(azure: Azure, playbooks: Playbooks, service: Service) -> None:
    answer(azure, "lit.contoso.example")
    wanted = hosts({service.name: host(external("lit", credential={"value": "sk-never-shown"}))})
    run = playbooks.onboard(wanted, "--tags", "preflight", "-vvvv")
    assert "sk-never-shown" not in run.output
    assert "credential" not in str(run.result(LOOK)["invocation"]["module_args"]["backends"])
