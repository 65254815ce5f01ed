# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""When circuit breakers open, for how long, and what clients are told when nobody is left to ask."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.gateway.conftest import Onboard
from tests.gateway.gateway import Gateway
from tests.integration.inventory import backend

TRIP_SECONDS = 1.0
INTERVAL_SECONDS = 2.0


@pytest.fixture(scope="module")
def gateway(onboard: Onboard) -> Gateway:
    """Models that one backend each serves, and a pool; trips and intervals are short."""
    return onboard(
        *(backend(f"alone-{number}", f"alone-{number}") for number in range(1, 7)),
        *(backend(f"pooled-{number}", "pooled") for number in (1, 2)),
        *(backend(f"waiting-{number}", "waiting") for number in (1, 2)),
        llm_circuit_breaker={"trip_duration": f"PT{TRIP_SECONDS:.0f}S", "interval": f"PT{INTERVAL_SECONDS:.0f}S"},
    )


@pytest.fixture(scope="module")
def unused() -> Iterator[str]:
    """Names of backends whose breakers no test has touched yet; each is also its model's name."""
    return (f"alone-{number}" for number in range(1, 7))


def _fail(gateway: Gateway, name: str, **behaviour: Any) -> None:
    gateway.provider(f"{name}.openai.azure.com", **behaviour)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_opens_with_the_third_failure_and_not_before(gateway: Gateway, unused: Iterator[str], status: int) -> None:
    name = next(unused)
    _fail(gateway, name, status=status)
    for _ in range(2):
        assert gateway.ask(body=name).status_code == status
        assert not gateway.is_open(name)
    assert gateway.ask(body=name).status_code == status
    opened = time.monotonic()
    assert gateway.is_open(name)
    assert gateway.ask(body=name).status_code == 503
    assert gateway.reached() == {name: 3}, "an open breaker keeps requests from its backend"

    _fail(gateway, name)
    while gateway.ask(body=name).status_code == 503:
        assert time.monotonic() - opened < TRIP_SECONDS + 20
        time.sleep(0.02)
    assert time.monotonic() - opened >= TRIP_SECONDS - 0.1
    assert gateway.statuses(name, 3) == {200: 3}


def test_failures_of_different_intervals_do_not_add_up(gateway: Gateway, unused: Iterator[str]) -> None:
    name = next(unused)
    _fail(gateway, name, status=500)
    assert gateway.statuses(name, 2) == {500: 2}
    time.sleep(INTERVAL_SECONDS + 0.1)
    assert gateway.statuses(name, 2) == {500: 2}
    assert not gateway.is_open(name)


def test_what_the_client_did_wrong_does_not_count(gateway: Gateway, unused: Iterator[str]) -> None:
    name = next(unused)
    _fail(gateway, name, status=400)
    assert gateway.statuses(name, 6) == {400: 6}
    assert not gateway.is_open(name)


def test_stays_open_as_long_as_the_backend_asks(gateway: Gateway, unused: Iterator[str]) -> None:
    name = next(unused)
    _fail(gateway, name, status=429, retry_after=3)
    refused = gateway.ask(body=name)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "3")
    assert gateway.statuses(name, 2) == {429: 2}
    opened = time.monotonic()
    _fail(gateway, name)
    time.sleep(TRIP_SECONDS + 0.5)
    assert gateway.is_open(name)
    assert gateway.ask(body=name).status_code == 503
    time.sleep(max(0.0, 3.1 - (time.monotonic() - opened)))
    assert gateway.ask(body=name).status_code == 200


def test_nobody_left_in_a_pool(gateway: Gateway) -> None:
    for number in (1, 2):
        _fail(gateway, f"pooled-{number}", status=500)
    # The first request meets as many failures as open all breakers but one.
    while not all(gateway.is_open(f"pooled-{number}") for number in (1, 2)):
        assert gateway.ask(body="pooled").status_code in (500, 503)
    assert gateway.reached() == {"pooled-1": 3, "pooled-2": 3}
    refused = gateway.ask(body="pooled")
    assert refused.status_code == 503
    assert refused.headers["Content-Type"].startswith("application/json")
    error = refused.json()["error"]
    assert "pooled" in error["message"]
    assert "unavailable" in error["message"]
    assert gateway.reached().total() == 6


def test_the_last_answer_of_an_exhausted_pool_tells_when_to_come_again(gateway: Gateway) -> None:
    for number in (1, 2):
        _fail(gateway, f"waiting-{number}", status=429, retry_after=30)
    answers = [gateway.ask(body="waiting") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [429, 503, 503]
    # The second request met a 429 itself before the pool was exhausted; the third never reached a backend.
    assert [answer.headers.get("Retry-After") for answer in answers[:2]] == ["30", "30"]
    assert "Retry-After" not in answers[2].headers
