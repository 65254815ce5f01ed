# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One prerequisite after the other is not met: what a person reads then, and that nothing is written."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.harness import SUBSCRIPTION, Azure
from tests.integration.inventory import hosts
from tests.integration.playbook import Playbooks, Run
from tests.integration.preflight.estate import (
    IDENTITY,
    OTHER_SUBSCRIPTION,
    PRINCIPAL,
    account_id,
    answer,
    external,
    findings,
    foundry,
    host,
    openai,
    outcomes,
    refuse,
)

UNKNOWN = "99999999-9999-9999-9999-999999999999"
_OPENAI_USER, _FOUNDRY_USER = "Cognitive Services OpenAI User", "Cognitive Services User"
_UNREACHED = "the gateway in swedencentral does not reach"
_USER_DOES_NOT = f"{_OPENAI_USER} there does not"
_IDENTITIES = account_id("").replace("CognitiveServices/accounts/", "ManagedIdentity/userAssignedIdentities")


def _without_role(account: str, *others: str) -> str:
    lacking = f"the managed identity has no role on {account_id(account)} that allows requests to its models"
    return "; ".join([lacking, *others])


def _grant(role: str, account: str) -> str:
    command = f"az role assignment create --assignee-object-id {PRINCIPAL} --assignee-principal-type ServicePrincipal"
    return f"{command} --role '{role}' --scope {account_id(account)}"


# Name of a service to its inventory and to what its user reads, a line for each prerequisite that is not met.
FAILING: dict[str, tuple[dict[str, Any], list[str]]] = {
    "apim-absent": (
        host(openai("aoai-well")),
        ["service of apim-absent: the API Management service apim-absent does not exist in resource group rg-citadel"],
    ),
    "apim-no-group": (
        host(openai("aoai-well"), apim_resource_group="rg-absent"),
        ["service of apim-no-group: the API Management service apim-no-group cannot be read: HTTP 404 ResourceGroup"],
    ),
    "apim-consumption": (
        host(openai("aoai-well")),
        ["tier of apim-consumption: tier Consumption takes 16384 bytes of a policy, too few for the routing fragments"],
    ),
    "apim-no-identity": (
        host(openai("aoai-well"), apim_managed_identity={**IDENTITY, "name": "id-absent"}),
        [f"identity of id-absent: there is no managed identity {_IDENTITIES}/id-absent; create it, or correct "],
    ),
    "apim-not-attached": (
        host(openai("aoai-well"), openai("aoai-bare")),
        [
            "identity of id-apim-citadel: is not attached to the service, which therefore gets no tokens for it; add ",
            f"role of aoai-bare: {_without_role('aoai-bare')}; ",
        ],
    ),
    "apim-other-identity": (
        host(openai("aoai-well"), apim_managed_identity={"client_id": UNKNOWN}),
        [f"identity of {UNKNOWN}: is not attached to the service"],
    ),
    "apim-no-role": (
        host(openai("aoai-bare"), openai("aoai-well")),
        [f"role of aoai-bare: {_without_role('aoai-bare', _grant(_OPENAI_USER, 'aoai-bare'))} "],
    ),
    "apim-wrong-role": (
        host(openai("aoai-owned"), foundry("aif-openai")),
        [
            f"role of aoai-owned: {_without_role('aoai-owned', 'Cognitive Services Contributor, Owner there do not')}",
            f"role of aif-openai: {_without_role('aif-openai', _USER_DOES_NOT, _grant(_FOUNDRY_USER, 'aif-openai'))}",
        ],
    ),
    "apim-unreachable": (
        host(
            external("dark"),
            external("dark-twin", "b", endpoint="https://dark.contoso.example/v2"),
            external("lit", "c"),
            external("no-name", "d"),
        ),
        [
            f"connectivity of dark: {_UNREACHED} dark.contoso.example:443; check the endpoint, that the ",
            f"connectivity of dark-twin: {_UNREACHED} dark.contoso.example:443; check the endpoint, that the ",
            f"connectivity of no-name: {_UNREACHED} no-name.contoso.example:443 (DnsResolution); check the endpoint, ",
        ],
    ),
}
# Name of a service to its inventory, where nothing is to be complained about.
PASSING: dict[str, dict[str, Any]] = {
    "apim-well": host(openai("aoai-well"), foundry("aif-well"), external("lit")),
    "apim-broad-roles": host(openai("aoai-custom"), foundry("broad-models", "Phi-4")),
    "apim-unjudged": host(
        openai("aoai-elsewhere"),
        openai("aoai-hidden"),
        foundry("serverless", "Phi-4", endpoint="https://serverless.swedencentral.models.ai.azure.com"),
    ),
    "apim-keys": host(external("lit"), apim_managed_identity={}),
}


@pytest.fixture(scope="module")
def run(azure: Azure, module_playbooks: Playbooks) -> Run:
    """One onboarding of all of these hosts that begins with its preflight."""
    refuse(azure, "dark.contoso.example")
    answer(azure, "lit.contoso.example")
    hidden = f"{account_id('aoai-hidden')}/providers/Microsoft.Authorization/roleAssignments"
    azure.fail({"method": "GET", "path": hidden, "status": 403, "code": "AuthorizationFailed", "message": "Not yours."})
    variables = {name: values for name, (values, _) in FAILING.items()} | PASSING
    wanted = ("--forks", "8", "--extra-vars", "llm_preflight=true")
    return module_playbooks.onboard(hosts(variables), *wanted, succeeds=False)


@pytest.mark.parametrize("name", FAILING)
def test_all_that_is_missing_is_in_one_message(run: Run, name: str) -> None:
    heading, *lines = run.message(name).splitlines()
    expected = FAILING[name][1]
    count = f"{len(expected)} prerequisite{'s' if len(expected) > 1 else ''}"
    assert heading == f"{name} lacks {count}; nothing was written:"
    assert [line[: len(start) + 4] for line, start in zip(lines, expected, strict=True)] == [
        f"  - {start}" for start in expected
    ]


def test_nothing_is_written_to_a_service_that_lacks_something(run: Run) -> None:
    assert {each.service for each in run.arm if each.is_write} == set(PASSING)


@pytest.mark.parametrize("name", PASSING)
def test_other_hosts_go_on(run: Run, name: str) -> None:
    assert run.gateway(name)["changed"]
    assert "failed" not in {each["outcome"] for each in findings(run, name).values()}


def test_all_is_well(run: Run) -> None:
    assert outcomes(run, "apim-well") == {
        "service": {"passed"},
        "tier": {"passed"},
        "identity": {"passed"},
        "role": {"passed", "skipped"},
        "connectivity": {"passed"},
    }
    found = findings(run, "apim-well")
    assert found["role", "aoai-well"]["message"] == f"Cognitive Services OpenAI User on {account_id('aoai-well')}"
    assert found["role", "lit"]["message"] == "it is called with credentials of its own (api_key)"
    assert found["connectivity", "aif-well"]["message"] == (
        "aif-well.cognitiveservices.azure.com:443 is reached from swedencentral"
    )


def test_custom_and_broader_roles_count(run: Run) -> None:
    found = findings(run, "apim-broad-roles")
    assert found["role", "aoai-custom"]["message"] == f"Chat only on {account_id('aoai-custom')}"
    assert found["role", "broad-models"]["outcome"] == "passed"
    assert found["role", "broad-models"]["message"].startswith("Azure AI Developer on ")
    assert found["role", "broad-models"]["message"].endswith("/resourceGroups/rg-broad")


def test_what_cannot_be_judged_is_skipped_with_a_way_to_check(run: Run) -> None:
    found = findings(run, "apim-unjudged")
    roles = {subject: each for (check, subject), each in found.items() if check == "role"}
    assert {each["outcome"] for each in roles.values()} == {"skipped"}
    assert f"no account in subscription {SUBSCRIPTION} " in roles["aoai-elsewhere"]["message"]
    assert OTHER_SUBSCRIPTION not in str(found)
    assert "cannot be read: HTTP 403 AuthorizationFailed: Not yours" in roles["aoai-hidden"]["message"]
    assert f"--assignee {PRINCIPAL} --scope {account_id('aoai-hidden')}" in roles["aoai-hidden"]["remedy"]
    assert "is not an account of Cognitive Services" in roles["serverless"]["message"]


def test_without_an_identity_none_is_asked_for(run: Run) -> None:
    found = findings(run, "apim-keys")
    assert found["identity", "apim-keys"]["message"] == "no backend is shown a managed identity"
    assert found["connectivity", "lit"]["outcome"] == "passed"


def test_a_tier_that_cannot_check_connections_is_skipped(run: Run) -> None:
    found = findings(run, "apim-consumption")["connectivity", "aoai-well"]
    assert found["outcome"] == "skipped"
    assert "MethodNotAllowedInPricingTier" in found["message"]


def test_a_person_reads_what_passed_in_a_line_and_what_was_skipped_in_one_each(run: Run) -> None:
    shown = run.result("Show which prerequisites are met", "apim-well")["msg"].splitlines()
    assert shown == [
        "apim-well: prerequisites",
        "passed: service, tier, identity, role, connectivity",
        "skipped: role of lit: it is called with credentials of its own (api_key)",
    ]


def test_calls_are_no_more_than_needed(run: Run) -> None:
    checks = [each for each in run.arm if (each.service, each.target) == ("apim-unreachable", "connectivityCheck")]
    assert sorted(each.json["destination"]["address"] for each in checks) == [
        "dark.contoso.example",
        "lit.contoso.example",
        "no-name.contoso.example",
    ]
