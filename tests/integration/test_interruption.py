# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that is killed in the middle: the gateway goes on serving, and the next run finishes the work."""

from __future__ import annotations

import signal
import time

import pytest

from tests.integration.harness import Azure, Service
from tests.integration.inventory import FRAGMENTS, backend, inventory
from tests.integration.playbook import Playbooks

HELD_MS = 1500
# What a model is routed to before or after the run that is killed.
CANDIDATES = ("gpt-4o-backend-pool", "gpt-4o-mini-backend-pool", "gpt-5-backend-pool", "aoai-c")


def referred_to(service: Service) -> set[str]:
    """Names of pools and backends that the stored routes, and the members of pools, refer to."""
    place = service.place
    routes = service.azure.sdk.policy_fragment.get(*place, "set-backend-pools", format="rawxml").value
    named = {name for name in CANDIDATES if name in routes}
    assert "gpt-4o-backend-pool" in named, "the routes are written in another way than this test reads them"
    return named | {member for pool in service.pools().values() for member, _, _ in pool}


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
        running.kill()
    assert running.finished.status == -signal.SIGKILL
    # What was on its way when the run died may still arrive.
    time.sleep(HELD_MS / 1000)

    assert referred_to(service) <= {*service.pools(), *service.backends()}
    assert sorted(service.fragments()) == list(FRAGMENTS)

    azure.reset()
    playbooks.onboard(after)
    assert set(service.backends()) == {"aoai-b", "aoai-c"}
    assert set(service.pools()) == {"gpt-4o-backend-pool", "gpt-5-backend-pool"}
