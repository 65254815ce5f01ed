# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a chat request through the whole Universal LLM API costs.

Processor time of the embedded Azure, its policy engine and its providers is what is measured, not time on the clock.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from tests.emulator.gateway.load import send_load
from tests.emulator.processor import processor_seconds, processor_units
from tests.gateway.conftest import Onboard
from tests.gateway.gateway import CHAT, Gateway
from tests.integration.inventory import backend

pytestmark = pytest.mark.timed

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
    """Return the processor units of one request for a model of a gateway, for each target.

    Rounds of all targets alternate, after one that warms up, and the best counts: whatever else the machine does can
    only add.
    """
    rounds = [[_round(gateway, model) for gateway, model in targets] for _ in range(1 + ROUNDS)]
    return [min(costs) for costs in zip(*rounds[1:], strict=True)]


def _round(gateway: Gateway, model: str) -> float:
    body = json.dumps({"model": model, "messages": MESSAGE}).encode()
    headers = {"Content-Type": "application/json", "api-key": gateway.key}

    def ask() -> None:
        sent = send_load(gateway.url + CHAT, headers, body, requests=REQUESTS, connections=8, ca=gateway.bundle)
        assert asyncio.run(sent) == {200: REQUESTS}

    return processor_units(lambda: processor_seconds(gateway.azure.pid), ask) / REQUESTS


def test_a_request_costs_no_more_than_some_hundred_bodies(small: Gateway) -> None:
    (cost,) = _costs((small, "model-9"))
    assert cost <= UNITS_PER_REQUEST


def test_routing_costs_the_same_with_a_thousand_models(small: Gateway, large: Gateway) -> None:
    # The first and the last model of each: a search would find one of them late.
    targets = [(small, "model-0"), (small, "model-9"), (large, "model-0"), (large, "model-999")]
    costs = _costs(*targets)
    assert sum(costs[2:]) / sum(costs[:2]) <= 1.3, costs
