# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Refusals of ARM that pass: a run waits, tries again and succeeds, and nobody notices."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from azure.mgmt.apimanagement.models import BackendUpdateParameters

from tests.integration.harness import Azure, Service
from tests.integration.inventory import FRAGMENTS, backend, host, hosts, inventory
from tests.integration.playbook import Playbooks, Run

pytestmark = pytest.mark.gate

BACKEND = "backends/aoai-a"
POOL = "backends/gpt-4o-backend-pool"
FRAGMENT = "policyFragments/set-llm-usage"
IN_PROGRESS = "Operation on the API is in progress"


@dataclass(frozen=True)
class Trouble:
    """What goes wrong with requests for one object, and the answers that it then gives (0: a lost connection)."""

    target: str
    fault: dict[str, Any]
    answers: list[int]
    method: str = "PUT"
    exists: bool = False

    def faults(self, name: str) -> dict[str, Any]:
        """The fault for the service of that name."""
        return {"times": 1, "method": self.method, "path": f"/service/{name}/{self.target}\\?", **self.fault}


TROUBLES = {
    "throttled": Trouble(BACKEND, {"status": 429, "retry_after": 2}, [429, 201]),
    "busy-409": Trouble(BACKEND, {"status": 409, "code": "ManagementApiRequestFailed", "times": 2}, [409, 409, 201]),
    "busy-422": Trouble(BACKEND, {"status": 422, "code": "ManagementApiRequestFailed"}, [422, 201]),
    "busy-lock": Trouble(BACKEND, {"status": 409, "code": "PessimisticConcurrencyConflict"}, [409, 201]),
    "busy-text": Trouble(POOL, {"status": 409, "code": "Conflict", "message": IN_PROGRESS}, [409, 201]),
    "server-error": Trouble(BACKEND, {"status": 500, "times": 2}, [500, 500, 201]),
    "unavailable": Trouble(POOL, {"status": 503, "retry_after": 1}, [503, 201]),
    "dropped": Trouble(BACKEND, {"drop": True}, [0, 201]),
    # The write had its effect, so the second one finds the object.
    "answer-lost": Trouble(BACKEND, {"drop": True, "after_write": True}, [0, 200]),
    "listing-fails": Trouble("backends", {"status": 500}, [500, 200], method="GET"),
    "listing-dropped": Trouble("policyFragments", {"drop": True}, [0, 200], method="GET"),
    "slow-operation": Trouble(FRAGMENT, {"lro_ms": 1500}, [201]),
    "slow-answer": Trouble(BACKEND, {"latency_ms": 1500}, [201]),
    "changed-412": Trouble(POOL, {"status": 412}, [412, 200], exists=True),
    # The first write had its effect, so the second one is bound to an ETag of the past.
    "update-lost": Trouble(POOL, {"drop": True, "after_write": True}, [0, 412], exists=True),
}


@dataclass(frozen=True)
class Recovered:
    """One run over hosts of which each had its own trouble."""

    run: Run
    services: dict[str, Service]


def wanted(weight: int = 100) -> dict[str, Any]:
    """Variables of a host that gets two backends and a pool."""
    return host(backend("aoai-a", weight=weight), backend("aoai-b"))


@pytest.fixture(scope="module")
def recovered(azure: Azure, module_playbooks: Playbooks, new_service: Callable[[], Service]) -> Recovered:
    """A run in which every host meets one trouble; those that exist already change one weight."""
    services = {name: new_service() for name in TROUBLES}
    existing = {services[name].name: wanted() for name, trouble in TROUBLES.items() if trouble.exists}
    module_playbooks.onboard(hosts(existing))
    azure.fail(*(trouble.faults(services[name].name) for name, trouble in TROUBLES.items()))
    inventories = {each.name: wanted(weight=50) for each in services.values()}
    return Recovered(module_playbooks.onboard(hosts(inventories), "--forks", "15"), services)


@pytest.mark.parametrize("name", TROUBLES)
def test_run_succeeds_after_trouble(recovered: Recovered, name: str) -> None:
    trouble, service = TROUBLES[name], recovered.services[name]
    answers = [
        each.status
        for each in recovered.run.arm
        if (each.service or each.url.partition("/service/")[2].partition("/")[0]) == service.name
        and each.method == trouble.method
        and each.url.partition("?")[0].endswith(f"/{trouble.target}")
    ]
    assert answers == trouble.answers
    assert recovered.run.gateway(service.name)["changed"] is True
    assert sorted(service.backends()) == ["aoai-a", "aoai-b"]
    assert service.pools() == {"gpt-4o-backend-pool": [("aoai-a", 1, 50), ("aoai-b", 1, 100)]}
    assert sorted(service.fragments()) == list(FRAGMENTS)


def test_a_write_whose_answer_was_lost_counts_as_a_change(recovered: Recovered) -> None:
    objects = recovered.run.gateway(recovered.services["update-lost"].name)["objects"]
    assert {"kind": "pool", "name": "gpt-4o-backend-pool", "action": "updated"} in objects


def test_the_wait_that_arm_asks_for_is_kept(recovered: Recovered) -> None:
    name = recovered.services["throttled"].name
    path = f"/service/{name}/{BACKEND}?"
    refused, repeated = (each for each in recovered.run.arm if path in each.url and each.method == "PUT")
    assert 2 <= repeated.started - refused.started < 10


def test_signing_in_is_tried_again(azure: Azure, playbooks: Playbooks, service: Service) -> None:
    azure.fail(
        {"plane": "login", "method": "POST", "status": 503, "times": 1},
        {"plane": "metadata", "status": 500, "times": 1},
    )
    run = playbooks.onboard(inventory(service, backend("aoai-a")))
    assert [each.status for each in run.requests if each.plane == "metadata"] == [500, 200]
    assert [each.status for each in run.requests if each.plane == "login" and each.method == "POST"] == [503, 200]


def test_tokens_that_end_during_a_run_are_renewed(azure: Azure, playbooks: Playbooks, service: Service) -> None:
    azure.configure(token_lifetime_s=3, latency_ms=600)
    run = playbooks.onboard(inventory(service, backend("aoai-a"), backend("aoai-b")))
    assert len([each for each in run.requests if each.plane == "login" and each.method == "POST"]) > 1
    assert run.arm[-1].started - run.arm[0].started > 3
    assert sorted(service.fragments()) == list(FRAGMENTS)


def test_what_another_writer_changed_meanwhile_is_kept(azure: Azure, playbooks: Playbooks, service: Service) -> None:
    """ARM refuses the write for its ETag; the run reads again, keeps the title of the other writer, and writes."""
    playbooks.onboard(hosts({service.name: wanted()}))
    azure.fail({"method": "PUT", "path": f"/service/{service.name}/{POOL}", "latency_ms": 3000, "times": 1})
    with playbooks.started(hosts({service.name: wanted(weight=20)})) as running:
        running.wait_for("GET", POOL)
        title = BackendUpdateParameters(title="set in the portal")
        azure.sdk.backend.update(*service.place, "gpt-4o-backend-pool", "*", title)
    assert running.finished.status == 0, running.finished.output
    ours = [each for each in running.finished.arm if each.target == POOL and each.method == "PUT"]
    assert [each.status for each in ours] == [412, 200]
    assert azure.sdk.backend.get(*service.place, "gpt-4o-backend-pool").title == "set in the portal"
    assert service.pools()["gpt-4o-backend-pool"] == [("aoai-a", 1, 20), ("aoai-b", 1, 100)]


def test_a_run_survives_the_request_limits_of_arm(azure: Azure, playbooks: Playbooks, service: Service) -> None:
    """ARM lets 200 writes through at once and then ten a second (facts: throttling)."""
    azure.configure(throttling=True)
    names = [f"aoai-{number}" for number in range(230)]
    run = playbooks.onboard(inventory(service, *(backend(name, f"model-of-{name}") for name in names)))
    assert [each.status for each in run.arm].count(429) > 0
    assert sorted(service.backends()) == sorted(names)
    assert sorted(service.fragments()) == list(FRAGMENTS)
