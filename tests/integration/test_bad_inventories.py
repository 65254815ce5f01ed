# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Inventories that cannot be onboarded: all problems in one message, nothing asked of ARM, other hosts go on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.integration.harness import IDENTITY_CLIENT_ID, Service
from tests.integration.inventory import backend, host, hosts, inventory
from tests.integration.playbook import Playbooks, Run

EVERYTHING_WRONG: list[dict[str, Any]] = [
    backend("aoai-a", backend_type="azure_openai"),
    backend("aoai-a", "", {"name": "o3", "capacity": -1}, priority=6, weight=1001),
    {"backendId": "aoai-c", "backend_type": "external", "auth_scheme": "managed_identity"},
    backend("aoai-d", endpoint="http://user:hunter2@aoai-d.openai.azure.com"),
    backend("1aoai", endpoint="not a url", circuit_breaker={"count": 0, "tripDuration": "PT1S"}),
]
EXPECTED = [
    "llm_backends[0].backend_type: is 'azure_openai'; write azure-openai",
    "llm_backends[1].supported_models[0].name: is empty; write the model's name, such as gpt-4o",
    "llm_backends[1].supported_models[1].capacity: is -1; write an integer from 0 to 1000000000",
    "llm_backends[1].priority: is 6; write an integer from 1 to 5",
    "llm_backends[1].weight: is 1001; write an integer from 1 to 1000",
    "llm_backends[2].backendId: is not a known field; write backend_id",
    "llm_backends[2].backend_id: is missing; write a name of 1 to 80 letters",
    "llm_backends[2].auth_scheme: is managed_identity, but a token of Microsoft Entra never goes to an external",
    "llm_backends[2].endpoint: is missing; write an https URL such as",
    "llm_backends[2].supported_models: is missing; list at least one model",
    "llm_backends[3].endpoint: is '***', which is not https: tokens and prompts would travel in clear",
    "llm_backends[4].backend_id: is '1aoai'; use 1 to 80 letters, digits and hyphens, starting with a letter",
    "llm_backends[4].endpoint: is '***', which is not a URL of a host; write an https URL",
    "llm_backends[4].circuit_breaker.tripDuration: is not a known field; write trip_duration",
    "llm_backends[4].circuit_breaker.count: is 0; write an integer from 1 to 10000",
    "llm_backends[1].backend_id: 'aoai-a' is already the id of llm_backends[0]; give each backend an id of its own",
    "apim_managed_identity: is missing, but 'aoai-a' authenticates with it; give either client_id, or resource_group",
    "llm_owner: is ''; write 1 to 64 letters",
    "llm_adopt: is 'perhaps'; write true or false",
    "llm_prune: is 'maybe'; write true or false",
    "llm_prune_delay: is 'soon'; write a number of seconds from 0 to 86400",
    "llm_preflight: is 'perhaps'; write true or false",
    "llm_univeral_api: is not a known variable; write llm_universal_api",
]


@dataclass(frozen=True)
class Mixed:
    """One run over hosts with bad inventories and one with a good one."""

    run: Run
    good: Service


# One problem per host: name of the host to its variables and what has to be said.
SINGLE_PROBLEMS: dict[str, tuple[dict[str, Any], str]] = {
    "apim-without-subscription": (
        host(backend("aoai-a"), apim_subscription_id=""),
        "apim_subscription_id: is missing; write a GUID such as 00000000-0000-0000-0000-000000000000, or set AZURE_",
    ),
    "apim-without-group": (
        host(backend("aoai-a"), apim_resource_group=""),
        "apim_resource_group: is missing; write the name of the APIM service's resource group",
    ),
    "apim_underscore": (
        host(backend("aoai-a")),
        "apim_service_name: is 'apim_underscore'; write the name of the APIM service",
    ),
    "apim-two-identities": (
        host(backend("aoai-a"), apim_managed_identity={"client_id": IDENTITY_CLIENT_ID, "name": "id-apim-citadel"}),
        "apim_managed_identity: has client_id and name; give either client_id, or resource_group and name",
    ),
    "apim-31-members": (
        host(*(backend(f"aoai-{number}") for number in range(31))),
        "llm_backends[30].supported_models: 31 backends serve 'gpt-4o', but a pool holds 30; list the model in at most",
    ),
    "apim-no-list": (
        host(llm_backends={"aoai-a": {}}),
        "llm_backends: is a mapping, not a list; list the LLM backends",
    ),
    "apim-emptied": (
        host(llm_backends=[], llm_prune=True),
        "llm_backends: is empty, so that llm_prune would remove every backend, pool and API of llm_owner; list the",
    ),
    "apim-mixed-pool": (
        host(
            backend("aoai-a"),
            backend("openai", backend_type="external", endpoint="https://api.openai.com", auth_scheme="api_key"),
            llm_backend_scope="backend",
        ),
        "llm_backends[1].auth_scheme: gives 'gpt-4o' other credentials than aoai-a, and llm_backend_scope is backend;",
    ),
    "apim-alias": (
        host(backend("aoai-a", {"name": "gpt-4o", "aliases": ["Phi-4"]}, "phi-4")),
        "llm_backends[0].supported_models[0].aliases[0]: is 'Phi-4', the name of another model ('phi-4'); give each",
    ),
    "apim-fallback": (
        host(backend("aoai-a", {"name": "gpt-4o", "fallbacks": ["gpt-40"]}, "o3")),
        "llm_backends[0].supported_models[0].fallbacks[0]: is 'gpt-40', which is no model, alias or pool of the",
    ),
    "apim-retired": (
        host(backend("aoai-a", {"name": "o1", "retirement_date": "2026-01-31"}), llm_retirement={"retired": "fail"}),
        "llm_backends[0].supported_models[0].retirement_date: ",
    ),
}


@pytest.fixture(scope="module")
def mixed(module_playbooks: Playbooks, new_service: Callable[[], Service]) -> Mixed:
    """A run in which every host but one has a bad inventory."""
    good = new_service()
    flags = {"llm_adopt": "perhaps", "llm_prune": "maybe", "llm_preflight": "perhaps", "llm_prune_delay": "soon"}
    odd = {"llm_univeral_api": {"deploy": True}, "llm_backends_europe": []}
    everything = host(*EVERYTHING_WRONG, apim_managed_identity={}, llm_owner="", **flags, **odd)
    variables = {name: values for name, (values, _) in SINGLE_PROBLEMS.items()}
    wanted = hosts({"apim-everything": everything, **variables, good.name: host(backend("aoai-a"))})
    return Mixed(module_playbooks.onboard(wanted, succeeds=False), good)


def test_all_problems_are_in_one_message(mixed: Mixed) -> None:
    message = mixed.run.message("apim-everything")
    missing = [line for line in EXPECTED if f"  - {line}" not in message]
    assert not missing, message
    assert f"The inventory has {len(EXPECTED)} problems; nothing was written:" in message


def test_no_problem_shows_a_password(mixed: Mixed) -> None:
    assert "hunter2" not in mixed.run.message("apim-everything")


@pytest.mark.parametrize("name", SINGLE_PROBLEMS)
def test_problem_is_named_with_place_and_remedy(mixed: Mixed, name: str) -> None:
    message = mixed.run.message(name)
    assert "The inventory has 1 problem; nothing was written:" in message
    assert f"  - {SINGLE_PROBLEMS[name][1]}" in message


def test_nothing_is_asked_of_arm_for_a_bad_inventory(mixed: Mixed) -> None:
    assert {each.service for each in mixed.run.arm} == {mixed.good.name}


def test_a_bad_host_does_not_stop_the_others(mixed: Mixed) -> None:
    assert mixed.run.status == 2
    assert mixed.run.totals[mixed.good.name]["failures"] == 0
    assert list(mixed.good.backends()) == ["aoai-a"]
    failed = {name for name, totals in mixed.run.totals.items() if totals["failures"]}
    assert failed == {"apim-everything", *SINGLE_PROBLEMS}


def test_a_bad_inventory_alone_does_not_even_sign_in(playbooks: Playbooks, service: Service) -> None:
    run = playbooks.onboard(inventory(service, backend("aoai-a", priority=0)), succeeds=False)
    assert run.requests == []
    assert "llm_backends[0].priority: is 0; write an integer from 1 to 5" in run.output


def test_a_misspelled_list_of_backends_takes_no_model_off_a_gateway(playbooks: Playbooks, service: Service) -> None:
    playbooks.onboard(inventory(service, backend("aoai-a")))
    variables = host(backend("aoai-a"))
    variables["llm_backend"] = variables.pop("llm_backends")
    run = playbooks.onboard(hosts({service.name: variables}), succeeds=False)
    assert run.requests == []
    message = run.message(service.name)
    assert "The inventory has 2 problems; nothing was written:" in message
    assert "  - llm_backend: is not a known variable; write llm_backends" in message
    assert "  - llm_backends: is missing; list the LLM backends" in message
    assert "aoai-a" in service.fragments()["set-backend-pools"].value

    emptied = playbooks.onboard(inventory(service))
    assert ("PUT", "policyFragments/set-backend-pools") in emptied.writes, "an empty list is one on purpose"
