# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What clients see when backends fail: nothing, as long as another one serves the model."""

from __future__ import annotations

import re
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.gateway.conftest import Onboard
from tests.gateway.gateway import CHAT, HELLO, Gateway, error_of
from tests.integration.inventory import backend

FAULTS: dict[str, dict[str, Any]] = {"throttled": {"status": 429}, "broken": {"status": 500}, "gone": {"refuse": True}}
TRIP_SECONDS = 1.0
# The policy's own times are too long for a test.
SHORT_SECONDS = {"240": "4", "120": "2"}


def _host(name: str) -> str:
    return f"{name}.openai.azure.com"


@pytest.fixture(scope="module")
def gateway(onboard: Onboard) -> Gateway:
    """A model with a primary and a spare backend for each fault, whose breakers soon close again."""
    pairs = [(backend(f"{fault}-1", fault), backend(f"{fault}-2", fault, priority=2)) for fault in FAULTS]
    return onboard(
        *(each for pair in pairs for each in pair), llm_circuit_breaker={"trip_duration": f"PT{TRIP_SECONDS:.0f}S"}
    )


@pytest.fixture(scope="module")
def default_gateway(onboard: Onboard) -> Gateway:
    """Pools of which all settings are the defaults; the members of `level` are of one tier."""
    return onboard(
        *(backend(f"tier-{number}", "stairs", priority=number) for number in (1, 2, 3)),
        *(backend(f"peer-{number}", "level") for number in (1, 2, 3)),
        *(backend(f"busy-{number}", "crowd", priority=number) for number in (1, 2)),
        *(backend(f"post-{number}", "body", priority=number) for number in (1, 2)),
    )


@pytest.fixture(scope="module")
def hasty_gateway(onboard: Onboard) -> Gateway:
    """A pool and a backend alone, behind an API whose policy waits shorter than the shipped one."""
    found = onboard(*(backend(f"lazy-{number}", "lazy") for number in (1, 2)), backend("alone", "alone"))
    policies, place = found.azure.sdk.api_policy, found.service.place
    (api,) = (api.name for api in found.azure.sdk.api.list_by_service(*place) if api.path == "models")
    shipped = policies.get(*place, api, "policy", format="rawxml").value
    hasty, replaced = re.subn(r"\b(240|120)\b", lambda seconds: SHORT_SECONDS[seconds[0]], shipped)
    assert replaced
    policies.create_or_update(*place, api, "policy", {"properties": {"format": "rawxml", "value": hasty}})
    return found


@pytest.mark.parametrize("fault", FAULTS)
def test_failover_and_recovery(gateway: Gateway, fault: str) -> None:
    primary, spare = f"{fault}-1", f"{fault}-2"
    behaviour = FAULTS[fault]
    assert gateway.statuses(fault, 5) == {200: 5}
    assert gateway.reached() == {primary: 5}

    gateway.azure.forget()
    gateway.provider(_host(primary), **behaviour)
    assert gateway.statuses(fault, 20) == {200: 20}
    reached = gateway.reached()
    assert reached[spare] == 20
    assert reached[primary] % 3 == 0, "three failures open the breaker, and an open one lets nothing through"

    gateway.provider(_host(primary))
    time.sleep(TRIP_SECONDS + 0.1)
    gateway.azure.forget()
    assert gateway.statuses(fault, 5) == {200: 5}
    assert gateway.reached() == {primary: 5}


def test_defaults_never_leak_a_429_while_another_tier_is_healthy(default_gateway: Gateway) -> None:
    for number in (1, 2):
        default_gateway.provider(_host(f"tier-{number}"), status=429, retry_after=30)
    answer = default_gateway.ask(body="stairs")
    assert answer.status_code == 200
    attempts = [(each["backend"], each["status"]) for each in default_gateway.only("gateway")["attempts"]]
    assert attempts == [("tier-1", 429)] * 3 + [("tier-2", 429)] * 3 + [("tier-3", 200)]
    assert default_gateway.statuses("stairs", 10) == {200: 10}
    assert default_gateway.reached() == {"tier-1": 3, "tier-2": 3, "tier-3": 11}


def test_defaults_never_leak_a_429_while_a_peer_is_healthy(default_gateway: Gateway) -> None:
    for number in (1, 2):
        default_gateway.provider(_host(f"peer-{number}"), status=429, retry_after=30)
    assert default_gateway.statuses("level", 12) == {200: 12}
    assert default_gateway.reached()["peer-3"] == 12


def test_a_crowd_at_the_moment_of_failure(default_gateway: Gateway) -> None:
    default_gateway.provider(_host("busy-1"), status=429, retry_after=30, latency_ms=20)

    def ask(_number: int) -> int:
        content = {"model": "crowd", "messages": HELLO}
        return default_gateway.ask(CHAT, content).status_code

    with ThreadPoolExecutor(8) as pool:
        assert Counter(pool.map(ask, range(40))) == {200: 40}
    assert default_gateway.reached()["busy-2"] == 40


def test_a_retry_sends_the_whole_body_again(default_gateway: Gateway) -> None:
    default_gateway.provider(_host("post-1"), status=503, retry_after=30)
    content = {"model": "body", "messages": [{"role": "user", "content": "2024-01-01T00:00:00Z " + "x" * 100_000}]}
    assert default_gateway.ask(CHAT, content).status_code == 200
    bodies = [entry["body"] for entry in default_gateway.log("provider")]
    assert len(bodies) == 4
    assert set(bodies) == {default_gateway.only("gateway")["body"]}


def test_what_is_the_clients_fault_is_not_retried(default_gateway: Gateway) -> None:
    answer = default_gateway.ask(CHAT, {"model": "stairs"})
    assert answer.status_code == 400
    assert default_gateway.reached().total() == 1


def test_a_member_that_stalls_leaves_time_for_its_peer(hasty_gateway: Gateway) -> None:
    hasty_gateway.provider(_host("lazy-1"), latency_ms=10_000)
    assert hasty_gateway.statuses("lazy", 2) == {200: 2}
    attempts = [[each["backend"] for each in entry["attempts"]] for entry in hasty_gateway.log("gateway")]
    assert ["lazy-1", "lazy-2"] in attempts


def test_all_attempts_together_wait_no_longer_than_one_alone(hasty_gateway: Gateway) -> None:
    for name in ("lazy-1", "lazy-2", "alone"):
        hasty_gateway.provider(_host(name), latency_ms=10_000)
    for model, attempts in {"lazy": 2, "alone": 1}.items():
        hasty_gateway.azure.forget()
        started = time.monotonic()
        assert error_of(hasty_gateway.ask(body=model)) == (504, "backend_timeout")
        assert 3.5 < time.monotonic() - started < 7.5
        assert len(hasty_gateway.only("gateway")["attempts"]) == attempts


def test_a_backend_alone_may_take_the_whole_time(hasty_gateway: Gateway) -> None:
    hasty_gateway.provider(_host("alone"), latency_ms=2_500)
    assert hasty_gateway.ask(body="alone").status_code == 200
