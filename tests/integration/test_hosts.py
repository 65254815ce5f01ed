# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Several hosts in one run, and the managed identity of each."""

from __future__ import annotations

from collections.abc import Callable

from tests.integration.harness import IDENTITY_CLIENT_ID, IDENTITY_NAME, RESOURCE_GROUP, SUBSCRIPTION, Azure, Service
from tests.integration.inventory import backend, host, hosts, inventory
from tests.integration.playbook import Playbooks

IDENTITIES = "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/"


def test_hosts_are_onboarded_at_the_same_time(
    azure: Azure, playbooks: Playbooks, new_service: Callable[[], Service]
) -> None:
    """Of three hosts whose backends take two seconds each to write, all are at it at one moment."""
    services = [new_service() for _ in range(3)]
    azure.fail({"method": "PUT", "path": "/backends/", "latency_ms": 2000})
    run = playbooks.onboard(hosts({each.name: host(backend(f"aoai-{each.name}")) for each in services}))
    writes = [each for each in run.arm if each.method == "PUT" and "/backends/" in each.url]
    assert len(writes) == len(services)
    assert max(each.started for each in writes) < min(each.started + each.seconds for each in writes)
    for each in services:
        assert list(each.backends()) == [f"aoai-{each.name}"]


def test_one_service_under_two_names(playbooks: Playbooks, service: Service) -> None:
    """The name of a host need not be that of its service."""
    run = playbooks.onboard(inventory("production", backend("aoai-a"), apim_service_name=service.name))
    assert list(service.backends()) == ["aoai-a"]
    assert list(run.custom_stats["llm_onboarding"]) == ["production"]


def test_a_named_identity_is_looked_up(playbooks: Playbooks, service: Service) -> None:
    named = {"subscription_id": SUBSCRIPTION, "resource_group": RESOURCE_GROUP, "name": IDENTITY_NAME}
    run = playbooks.onboard(inventory(service, backend("aoai-a"), apim_managed_identity=named))
    lookups = [each for each in run.arm if IDENTITIES in each.target]
    assert [(each.method, each.target.partition(IDENTITIES)[2]) for each in lookups] == [("GET", IDENTITY_NAME)]
    assert service.named_values()["uami-client-id"].value == IDENTITY_CLIENT_ID
    assert run.gateway()["managed_identity_client_id"] == IDENTITY_CLIENT_ID


def test_a_given_client_id_is_not_looked_up(playbooks: Playbooks, service: Service) -> None:
    run = playbooks.onboard(inventory(service, backend("aoai-a")))
    assert [each for each in run.arm if IDENTITIES in each.target] == []
    assert service.named_values()["uami-client-id"].value == IDENTITY_CLIENT_ID


def test_backends_with_keys_need_no_identity(playbooks: Playbooks, service: Service) -> None:
    external = backend(
        "openai", "gpt-4.1", backend_type="external", endpoint="https://api.openai.com/v1", auth_scheme="api_key"
    )
    playbooks.onboard(inventory(service, external, apim_managed_identity={}))
    assert service.named_values() == {}
    assert service.backends()["openai"].url == "https://api.openai.com/v1"
