# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a chat request through the whole Universal LLM API costs.

Processor time of the embedded Azure, its policy engine and its providers is what is measured, not time on the clock: it
says the same on a machine that is busy with something else.
"""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import pytest

from tests.emulator.gateway.load import processor_seconds, send_load
from tests.gateway.conftest import Onboard
from tests.gateway.gateway import CHAT, Gateway
from tests.integration.inventory import backend

# What a request may cost, in units of what parsing its body and writing it again as JSON costs Python on this machine.
UNITS_PER_REQUEST = 700
MESSAGE: Any = [{"role": "user", "content": "x" * 900}]
REQUESTS = 300
ROUNDS = 3


def _models(number: int) -> list[dict[str, Any]]:
    """Two backends that serve the same models: as many pools."""
    names = [f"model-{index}" for index in range(number)]
    return [backend(name, *names) for name in ("one", "two")]


@pytest.fixture(scope="module")
def small(onboard: Onboard) -> Gateway:
    """Ten models."""
    return onboard(*_models(10))


@pytest.fixture(scope="module")
def large(onboard: Onboard) -> Gateway:
    """A thousand models."""
    return onboard(*_models(1000))


def _costs(*targets: tuple[Gateway, str]) -> list[float]:
    """Return the processor seconds of one request for a model of a gateway, for each target.

    Rounds of all targets alternate, after one that warms up, and the best counts: whatever else the machine does can
    only add.
    """
    rounds = [[_round(gateway, model) for gateway, model in targets] for _ in range(1 + ROUNDS)]
    return [min(costs) for costs in zip(*rounds[1:], strict=True)]


def _round(gateway: Gateway, model: str) -> float:
    body = json.dumps({"model": model, "messages": MESSAGE}).encode()
    headers = {"Content-Type": "application/json", "api-key": gateway.key}
    before = processor_seconds(gateway.azure.pid)
    sent = asyncio.run(
        send_load(gateway.url + CHAT, headers, body, requests=REQUESTS, connections=8, ca=gateway.bundle)
    )
    assert sent.statuses == {200: REQUESTS}
    return (processor_seconds(gateway.azure.pid) - before) / REQUESTS


def _unit() -> float:
    """Return the processor seconds of one unit; the best of some rounds."""
    body, number = json.dumps({"model": "model-9", "messages": MESSAGE}), 10_000
    rounds = []
    for _ in range(2 * ROUNDS):
        before = time.process_time()
        for _ in range(number):
            json.dumps(json.loads(body))
        rounds.append((time.process_time() - before) / number)
    return min(rounds)


def test_a_request_costs_no_more_than_some_hundred_bodies(small: Gateway) -> None:
    (cost,) = _costs((small, "model-9"))
    assert cost / _unit() <= UNITS_PER_REQUEST


def test_routing_costs_the_same_with_a_thousand_models(small: Gateway, large: Gateway) -> None:
    # The first and the last model of each: a search would find one of them late.
    targets = [(small, "model-0"), (small, "model-9"), (large, "model-0"), (large, "model-999")]
    costs = _costs(*targets)
    assert sum(costs[2:]) / sum(costs[:2]) <= 1.3, costs
