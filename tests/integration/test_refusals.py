# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Refusals of ARM that stay: one clear error per object, what was done stays, and the next run does the rest."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.integration.harness import Azure, Service
from tests.integration.inventory import FRAGMENTS, backend, host, hosts
from tests.integration.playbook import Playbooks, Run

POOL = "backends/gpt-4o-backend-pool"
REQUEST_ID = r"\(request id [0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\)"
ROLE = r"Grant the signed-in identity the role 'API Management Service Contributor' on the service"
EVERYTHING = {
    "named value uami-client-id",
    "backend aoai-a",
    "backend aoai-b",
    "pool gpt-4o-backend-pool",
    *(f"policy fragment {name}" for name in FRAGMENTS),
}


@dataclass(frozen=True)
class Refusal:
    """A write that ARM refuses for good, what the user reads, what does not exist then, and how often ARM was asked."""

    target: str
    fault: dict[str, Any]
    message: str
    lacking: set[str]
    asked: int = 1
    error: dict[str, Any] = field(default_factory=dict)
    exists: bool = False


_AFTER_BACKENDS = {"pool gpt-4o-backend-pool", *(f"policy fragment {name}" for name in FRAGMENTS)}
_AFTER_POOLS = {f"policy fragment {name}" for name in FRAGMENTS}

REFUSALS = {
    "forbidden": Refusal(
        "backends/aoai-a",
        {"status": 403, "message": "The client does not have authorization."},
        r"backend aoai-a: cannot write backends/aoai-a of .*: HTTP 403 AuthorizationFailed: The client does not have "
        rf"authorization {REQUEST_ID}\. {ROLE}",
        {"backend aoai-a", *_AFTER_BACKENDS},
        error={"kind": "backend", "name": "aoai-a", "action": "write", "status": 403, "code": "AuthorizationFailed"},
    ),
    "conflict": Refusal(
        POOL,
        {"status": 409, "message": "Link already exists."},
        rf"pool gpt-4o-backend-pool: cannot write .*: HTTP 409 Conflict: Link already exists {REQUEST_ID}",
        {"pool gpt-4o-backend-pool", *_AFTER_POOLS},
        error={"kind": "pool", "name": "gpt-4o-backend-pool", "status": 409, "code": "Conflict"},
    ),
    "server-error": Refusal(
        "backends/aoai-a",
        {"status": 500, "message": "It broke."},
        rf"backend aoai-a: cannot write .*: HTTP 500 InternalServerError: It broke {REQUEST_ID}",
        {"backend aoai-a", *_AFTER_BACKENDS},
        asked=6,
        error={"kind": "backend", "name": "aoai-a", "status": 500, "code": "InternalServerError"},
    ),
    "dropped": Refusal(
        POOL,
        {"drop": True},
        r"pool gpt-4o-backend-pool: cannot write .*: ConnectionLost: no whole answer came: .* Check name resolution",
        {"pool gpt-4o-backend-pool", *_AFTER_POOLS},
        asked=4,
        error={"kind": "pool", "name": "gpt-4o-backend-pool", "status": None, "code": "ConnectionLost"},
    ),
    "failed-operation": Refusal(
        "policyFragments/set-llm-usage",
        {"status": 400, "code": "ValidationError", "message": "Not here.", "asynchronous": True, "lro_ms": 300},
        rf"policy fragment set-llm-usage: cannot write .*: ValidationError: Not here {REQUEST_ID}",
        {"policy fragment set-llm-usage"},
        error={"kind": "policy fragment", "name": "set-llm-usage", "code": "ValidationError"},
    ),
    "endless-412": Refusal(
        POOL,
        {"status": 412, "message": "Resource was modified since last retrieval."},
        rf"pool gpt-4o-backend-pool: cannot write .*: HTTP 412 PreconditionFailed: Resource was .*{REQUEST_ID}",
        set(),
        asked=5,
        error={"kind": "pool", "name": "gpt-4o-backend-pool", "status": 412, "code": "PreconditionFailed"},
        exists=True,
    ),
}


@dataclass(frozen=True)
class Refused:
    """A run over hosts of which each was refused one write, what then existed, and the next run."""

    first: Run
    existing: dict[str, set[str]]
    second: Run
    services: dict[str, Service]


def wanted(weight: int = 100) -> dict[str, Any]:
    """Variables of a host that gets two backends and a pool."""
    return host(backend("aoai-a", weight=weight), backend("aoai-b"))


def objects_of(service: Service) -> set[str]:
    """Kind and name of everything that a service holds."""
    return {
        *(f"named value {name}" for name in service.named_values()),
        *(f"backend {name}" for name in service.backends()),
        *(f"pool {name}" for name in service.pools()),
        *(f"policy fragment {name}" for name in service.fragments()),
    }


@pytest.fixture(scope="module")
def refused(azure: Azure, module_playbooks: Playbooks, new_service: Callable[[], Service]) -> Refused:
    """Onboard every host while one of its writes is refused, then all of them once more without faults."""
    services = {name: new_service() for name in REFUSALS}
    existing = {services[name].name: wanted() for name, refusal in REFUSALS.items() if refusal.exists}
    module_playbooks.onboard(hosts(existing))
    azure.fail(
        *(
            {"method": "PUT", "path": f"/service/{services[name].name}/{refusal.target}\\?", **refusal.fault}
            for name, refusal in REFUSALS.items()
        )
    )
    inventories = hosts({each.name: wanted(weight=50) for each in services.values()})
    first = module_playbooks.onboard(inventories, "--forks", "6", succeeds=False)
    azure.reset()
    found = {name: objects_of(each) for name, each in services.items()}
    second = module_playbooks.onboard(inventories, "--forks", "6")
    return Refused(first, found, second, services)


@pytest.mark.parametrize("name", REFUSALS)
def test_error_names_object_code_and_request(refused: Refused, name: str) -> None:
    refusal, service = REFUSALS[name], refused.services[name]
    message = refused.first.message(service.name)
    assert len(re.findall(r"(?m)^  - ", message)) == 1, message
    assert re.search(f"(?m)^  - {refusal.message}", message), message
    (error,) = refused.first.gateway(service.name)["errors"]
    assert error | refusal.error == error
    assert error["message"]
    assert bool(error["request_id"]) == (error["code"] != "ConnectionLost")


@pytest.mark.parametrize("name", REFUSALS)
def test_refused_write_is_repeated_only_where_that_can_help(refused: Refused, name: str) -> None:
    url = f"/service/{refused.services[name].name}/{REFUSALS[name].target}?"
    asked = [each for each in refused.first.arm if each.method == "PUT" and url in each.url]
    assert len(asked) == REFUSALS[name].asked


@pytest.mark.parametrize("name", REFUSALS)
def test_what_was_done_stays_and_is_reported(refused: Refused, name: str) -> None:
    refusal, service = REFUSALS[name], refused.services[name]
    assert refused.existing[name] == EVERYTHING - refusal.lacking
    result = refused.first.gateway(service.name)
    actions = {f"{entry['kind']} {entry['name']}": entry["action"] for entry in result["objects"]}
    assert actions.keys() == EVERYTHING
    done = {title for title, action in actions.items() if action == "created"}
    assert done == (set() if refusal.exists else EVERYTHING - refusal.lacking)
    assert result["changed"] is bool(done)
    failed = f"{refusal.error['kind']} {refusal.error['name']}"
    assert [title for title, action in actions.items() if action == "failed"] == [failed]
    skipped = {title for title, action in actions.items() if action == "skipped"}
    assert skipped == refusal.lacking - {failed}
    assert f"{len(done)} were made and stay, {len(skipped)} were not tried" in refused.first.message(service.name)


@pytest.mark.parametrize("name", REFUSALS)
def test_next_run_does_the_rest(refused: Refused, name: str) -> None:
    refusal, service = REFUSALS[name], refused.services[name]
    assert objects_of(service) == EVERYTHING
    assert service.pools()["gpt-4o-backend-pool"] == [("aoai-a", 1, 50), ("aoai-b", 1, 100)]
    objects = refused.second.gateway(service.name)["objects"]
    written = {f"{entry['kind']} {entry['name']}" for entry in objects if entry["action"] != "unchanged"}
    assert written == (refusal.lacking or {"pool gpt-4o-backend-pool"})
