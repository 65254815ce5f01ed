# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What clients see while a run changes the gateway under them: nothing but the change."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from tests.gateway.conftest import UNIVERSAL, Onboard
from tests.gateway.gateway import Gateway
from tests.integration.inventory import backend, inventory
from tests.integration.playbook import Playbooks

pytestmark = pytest.mark.gate


@dataclass
class Traffic:
    """What clients got, by model and status."""

    answers: Counter[tuple[str, int]] = field(default_factory=Counter)

    @property
    def failures(self) -> dict[tuple[str, int], int]:
        """Answers other than 200."""
        return {key: count for key, count in self.answers.items() if key[1] != 200}


@contextmanager
def _traffic(gateway: Gateway, *models: str) -> Iterator[Traffic]:
    """Ask for these models in turn as long as the context lasts."""
    traffic = Traffic()
    over = threading.Event()

    def ask() -> None:
        # A client of its own: sessions are not shared between threads.
        client = Gateway(gateway.service)
        while not over.is_set():
            for model in models:
                traffic.answers[model, client.ask(body=model).status_code] += 1

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield traffic
    finally:
        over.set()
        thread.join()


@pytest.fixture(scope="module")
def gateway(onboard: Onboard) -> Gateway:
    """A model in a pool, and one that a single backend serves."""
    return onboard(backend("one", "pooled", "single"), backend("two", "pooled"), llm_prune=True)


@pytest.mark.parametrize("propagation_ms", [0, 300])
def test_traffic_goes_on_while_pools_come_and_go(gateway: Gateway, playbooks: Playbooks, propagation_ms: int) -> None:
    gateway.azure.configure(propagation_ms=propagation_ms)
    after = [backend("three", "single", "pooled", "new"), backend("two", "single")]
    before = [backend("one", "pooled", "single"), backend("two", "pooled")]
    for backends in (after, before):
        with _traffic(gateway, "pooled", "single") as traffic:
            run = playbooks.onboard(inventory(gateway.service, *backends, llm_universal_api=UNIVERSAL, llm_prune=True))
            # Writes that the gateway has yet to see belong to the run.
            time.sleep(propagation_ms / 1000 + 0.1)
        assert any(method == "DELETE" for method, _target in run.writes)
        assert traffic.failures == {}
        assert traffic.answers.total() > 20
    gateway.azure.forget()
    assert gateway.ask(body="single").status_code == 200
    assert gateway.reached() == {"one": 1}
