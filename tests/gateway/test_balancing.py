# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How requests are spread over the backends of a model: by weight within a priority, by priority before that."""

from __future__ import annotations

import asyncio
import json
from collections import Counter

import pytest

from tests.emulator.gateway.load import send_load
from tests.gateway.conftest import Onboard
from tests.gateway.gateway import CHAT, HELLO, Gateway
from tests.integration.inventory import backend

REQUESTS = 1000


@pytest.fixture(scope="module")
def gateway(onboard: Onboard) -> Gateway:
    """Two weighted backends, two tiers, and a model that one backend alone serves."""
    return onboard(
        backend("seventy", "weighted", weight=70),
        backend("thirty", "weighted", weight=30),
        backend("heavy", "scaled", weight=700),
        backend("light", "scaled", weight=300),
        backend("first-a", "tiered"),
        backend("first-b", "tiered"),
        backend("second", "tiered", "alone", priority=2, weight=1000),
    )


def _load(gateway: Gateway, model: str, requests: int) -> Counter[str]:
    """Send requests over several connections at once; return how many reached which provider."""
    body = json.dumps({"model": model, "messages": HELLO}).encode()
    headers = {"Content-Type": "application/json", "api-key": gateway.key}
    sent = send_load(gateway.url + CHAT, headers, body, requests=requests, connections=8, ca=gateway.bundle)
    assert asyncio.run(sent) == {200: requests}
    return gateway.reached()


def test_seventy_to_thirty(gateway: Gateway) -> None:
    reached = _load(gateway, "weighted", REQUESTS)
    assert set(reached) == {"seventy", "thirty"}
    assert reached["seventy"] / REQUESTS == pytest.approx(0.7, abs=0.03)


def test_weights_above_those_of_arm_keep_their_ratio(gateway: Gateway) -> None:
    reached = _load(gateway, "scaled", 200)
    assert reached["heavy"] / 200 == pytest.approx(0.7, abs=0.03)


def test_the_second_tier_gets_nothing_while_the_first_is_healthy(gateway: Gateway) -> None:
    reached = _load(gateway, "tiered", 200)
    assert set(reached) == {"first-a", "first-b"}
    assert reached["first-a"] == pytest.approx(100, abs=10)


def test_half_a_tier_serves_alone(gateway: Gateway) -> None:
    gateway.provider("first-a.openai.azure.com", status=503)
    reached = _load(gateway, "tiered", 50)
    assert set(reached) == {"first-a", "first-b"}
    # Requests that were on their way when the breaker opened may be more than the three that opened it.
    assert 3 <= reached["first-a"] <= 3 + 8
    assert reached["first-b"] == 50


def test_a_model_of_one_backend_goes_there(gateway: Gateway) -> None:
    assert _load(gateway, "alone", 10) == {"second": 10}
