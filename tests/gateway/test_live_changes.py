# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What clients and backends see while a run changes the gateway under them: nothing but the change."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.gateway.conftest import UNIVERSAL, Onboard
from tests.gateway.gateway import Gateway
from tests.integration.harness import Azure
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


def _external(name: str) -> dict[str, Any]:
    """A provider of another company, whose key does not take the place of a token."""
    return backend(
        name,
        "moved",
        backend_type="external",
        endpoint=f"https://{name}.example/v1",
        auth_scheme="api_key",
        credential={"value": f"key-of-{name}", "header": "x-provider-key"},
    )


_SPARE = [backend(f"spare-{number}", "moved", priority=2) for number in (1, 2)]
_AZURE = [backend("same", "moved"), backend("peer", "moved")]


@pytest.mark.parametrize(
    ("scope", "before", "after"),
    [
        ("auto", _SPARE, [*_SPARE, _external("first-1"), _external("first-2")]),
        ("auto", _AZURE, [_external("same"), _external("peer")]),
        ("deployment", _AZURE, [_external("same"), _external("peer")]),
        ("auto", _AZURE[:1], [_external("same")]),
        ("auto", [_external("same")], _AZURE[:1]),
    ],
    ids=["pool-gets-other-members", "backends-of-a-pool", "deployments-of-a-pool", "backend", "back-again"],
)
def test_no_token_reaches_a_provider_that_takes_the_place_of_an_account(
    azure: Azure, onboard: Onboard, playbooks: Playbooks, scope: str, before: list[Any], after: list[Any]
) -> None:
    for name in ("first-1", "first-2", "same", "peer"):
        provider = {"api_keys": [f"key-of-{name}"], "key_header": "x-provider-key"}
        azure.admin("PUT", f"providers/{name}.example", provider)
    variables: dict[str, Any] = {"llm_backend_scope": scope, "llm_universal_api": UNIVERSAL, "llm_prune_delay": 1}
    gateway = onboard(*before, **variables)
    assert gateway.ask(body="moved").status_code == 200
    azure.configure(propagation_ms=300, latency_ms=100)
    with _traffic(gateway, "moved") as traffic:
        playbooks.onboard(inventory(gateway.service, *after, **variables))
        time.sleep(0.4)
    assert traffic.answers["moved", 200]
    met = [
        credential["kind"]
        for entry in gateway.log("provider")
        if entry["host"].endswith(".example")
        for credential in entry["credentials"]
    ]
    assert set(met) == {"api-key"}
    azure.reset()
    assert gateway.statuses("moved", 3) == {200: 3}
