# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that is killed in the middle: the gateway goes on serving, and the next run finishes the work."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

from tests.integration.harness import Azure, Service
from tests.integration.inventory import FRAGMENTS, backend, inventory
from tests.integration.playbook import OFFBOARD, ONBOARD, Playbooks, Running

pytestmark = pytest.mark.gate

HELD_MS = 2400
# What a model is routed to before or after the run that is killed.
CANDIDATES = ("gpt-4o-backend-pool", "gpt-4o-mini-backend-pool", "gpt-5-backend-pool", "aoai-c")


def referred_to(service: Service) -> set[str]:
    """Names of pools and backends that the stored routes, and the members of pools, refer to."""
    place = service.place
    routes = service.azure.sdk.policy_fragment.get(*place, "set-backend-pools", format="rawxml").value
    named = {name for name in CANDIDATES if name in routes}
    assert "gpt-4o-backend-pool" in named, "the routes are written in another way than this test reads them"
    return named | {member for pool in service.pools().values() for member, _, _ in pool}


def kill(running: Running, azure: Azure) -> None:
    """Kill a run; what was on its way to ARM may still arrive within a second, but nothing else does."""
    running.kill()
    over = time.time() + 1
    time.sleep(2 * HELD_MS / 1000)
    assert [each.target for each in azure.requests() if each.started > over] == []


@pytest.mark.parametrize(
    ("written", "held"),
    [
        ("backends/aoai-c", "backends/gpt-4o-backend-pool"),
        ("backends/gpt-5-backend-pool", "policyFragments/"),
        ("policyFragments/set-backend-pools", "backends/gpt-4o-mini-backend-pool"),
    ],
    ids=["before-pools", "before-fragments", "before-removals"],
)
def test_a_killed_run_leaves_a_gateway_that_serves(
    azure: Azure, playbooks: Playbooks, service: Service, written: str, held: str
) -> None:
    before = inventory(service, backend("aoai-a", "gpt-4o", "gpt-4o-mini"), backend("aoai-b", "gpt-4o", "gpt-4o-mini"))
    after = inventory(
        service,
        backend("aoai-b", "gpt-4o", "gpt-5"),
        backend("aoai-c", "gpt-4o", "gpt-5", "gpt-4o-mini"),
        llm_prune=True,
    )
    playbooks.onboard(before)
    azure.fail({"path": f"/service/{service.name}/{held}", "latency_ms": HELD_MS})
    with playbooks.started(after) as running:
        running.wait_for("PUT", written)
        kill(running, azure)
    assert running.finished.status == -signal.SIGKILL

    assert referred_to(service) <= {*service.pools(), *service.backends()}
    assert sorted(service.fragments()) == list(FRAGMENTS)

    azure.reset()
    playbooks.onboard(after)
    assert set(service.backends()) == {"aoai-b", "aoai-c"}
    assert set(service.pools()) == {"gpt-4o-backend-pool", "gpt-5-backend-pool"}


FRAGMENT = "policyFragments/set-backend-pools"
POOL = "backends/gpt-4o-backend-pool"


@pytest.mark.parametrize("playbook", [ONBOARD, OFFBOARD], ids=["prune", "offboard"])
@pytest.mark.parametrize(
    ("delay", "held", "answered", "left"),
    [
        (30, "", FRAGMENT, {POOL, "backends/aoai-b", "backends/aoai-c"}),
        (0, POOL, FRAGMENT, {"backends/aoai-b", "backends/aoai-c"}),
        (0, "backends/aoai-b", "backends/aoai-c", {"namedValues/aoai-b-credential"}),
    ],
    ids=["while-it-waits", "among-pools", "among-backends"],
)
def test_the_next_run_removes_what_a_killed_one_left(
    azure: Azure,
    playbooks: Playbooks,
    service: Service,
    playbook: Path,
    delay: int,
    held: str,
    answered: str,
    left: set[str],
) -> None:
    key = {"auth_scheme": "api_key", "credential": {"value": "the-key"}}
    kept = [backend("aoai-a", "gpt-5")]
    playbooks.onboard(inventory(service, *kept, *(backend(name, "gpt-4o", **key) for name in ("aoai-b", "aoai-c"))))
    if held:
        azure.fail({"method": "DELETE", "path": f"/service/{service.name}/{held}", "latency_ms": HELD_MS})
    is_update = playbook == ONBOARD and answered == FRAGMENT
    wanted = inventory(service, *kept, llm_prune=True, llm_prune_delay=delay)
    with playbooks.started(wanted, playbook=playbook) as running:
        running.wait_for("PUT" if is_update else "DELETE", answered)
        # The fragments are written in parallel, and the wait or the next deletion begins behind the last of them.
        time.sleep(HELD_MS / 3000)
        kill(running, azure)
    assert running.finished.status == -signal.SIGKILL
    assert left <= names(service)
    assert not {held} & names(service)

    azure.reset()
    finished = playbooks.run(playbook, inventory(service, *kept, llm_prune=True))
    assert finished.status == 0, finished.output
    assert set(service.backends()) == ({"aoai-a"} if playbook == ONBOARD else set())
    assert (service.pools(), len(service.fragments())) == ({}, len(FRAGMENTS) if playbook == ONBOARD else 0)
    assert "aoai-b-credential" not in service.named_values()


def names(service: Service) -> set[str]:
    """Paths of the backends, pools and named values of a service."""
    backends = {f"backends/{name}" for name in (*service.backends(), *service.pools())}
    return backends | {f"namedValues/{name}" for name in service.named_values()}
