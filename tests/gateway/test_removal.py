# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What clients see while routes are removed on gateways that learn of a write seconds later."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.gateway.conftest import UNIVERSAL, Onboard
from tests.gateway.gateway import CHAT, Gateway
from tests.integration.inventory import backend, inventory
from tests.integration.playbook import Playbooks, Run
from tests.integration.test_offboard import offboard

pytestmark = pytest.mark.gate

_PROPAGATION_SECONDS = 2
_BEFORE = [backend("one", "moved"), backend("two", "moved"), backend("three", "moved-too")]
_AFTER = [backend("four", "moved", "moved-too")]


@contextmanager
def _traffic(gateway: Gateway, *models: str, path: str = CHAT) -> Iterator[Counter[int]]:
    """Ask for these models in turn as long as the context lasts; what it gives counts answers by status."""
    statuses: Counter[int] = Counter()
    over = threading.Event()

    def ask() -> None:
        # A client of its own: sessions are not shared between threads.
        client = Gateway(gateway.service)
        while not over.is_set():
            statuses.update(client.ask(path, model).status_code for model in models)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield statuses
    finally:
        over.set()
        thread.join()


def _late(gateway: Gateway, run: Run) -> Counter[str]:
    """How many requests still went to each backend that ARM had removed by then."""
    gone = {
        each.target.removeprefix("backends/"): each.started + each.seconds
        for each in run.arm
        if each.method == "DELETE"
    }
    asked = [(entry["host"].partition(".")[0], entry["time"]) for entry in gateway.log("provider")]
    return Counter(name for name, moment in asked if moment > gone.get(name, float("inf")))


@pytest.mark.parametrize(("delay", "waits"), [(_PROPAGATION_SECONDS + 2, True), (0, False)])
def test_nothing_is_removed_that_a_gateway_still_routes_to(
    onboard: Onboard, playbooks: Playbooks, delay: int, waits: bool
) -> None:
    gateway = onboard(*_BEFORE)
    gateway.azure.configure(propagation_ms=1000 * _PROPAGATION_SECONDS)
    variables: dict[str, Any] = {"llm_universal_api": UNIVERSAL, "llm_prune": True, "llm_prune_delay": delay}

    with _traffic(gateway, "moved", "moved-too") as statuses:
        run = playbooks.onboard(inventory(gateway.service, *_AFTER, **variables))
        time.sleep(_PROPAGATION_SECONDS + 0.5)

    removed = [target for method, target in run.writes if method == "DELETE"]
    assert removed[0] == "backends/moved-backend-pool"
    assert set(removed[1:]) == {"backends/one", "backends/two", "backends/three"}
    assert set(statuses) == {200}
    assert statuses[200] > 20
    assert gateway.reached()["four"] > 0
    # A gateway that sees removals before the rest would have had nowhere to send these.
    assert bool(_late(gateway, run)) != waits


def test_an_owner_that_leaves_takes_nothing_from_the_traffic_of_another(onboard: Onboard, playbooks: Playbooks) -> None:
    gateway = onboard(backend("staying", "stays"), llm_owner="staying", llm_universal_api={**UNIVERSAL, "path": "stay"})
    leaving = inventory(gateway.service, backend("leaving", "leaves"), llm_owner="leaving", llm_prune_delay=1)
    playbooks.onboard(leaving)
    assert gateway.ask("/stay/chat/completions", "leaves").status_code == 200

    with _traffic(gateway, "stays", path="/stay/chat/completions") as statuses:
        offboard(playbooks, leaving)

    assert set(statuses) == {200}
    gone = gateway.ask("/stay/chat/completions", "leaves")
    assert gone.status_code == 400
    assert "stays" in gone.text
