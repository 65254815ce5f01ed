# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""When a breaker opens, for how long, and what resets it."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from apim_emulator.arm.view import BackendView
from apim_emulator.gateway.backends import Backends, BackendUnavailable
from apim_emulator.gateway.breakers import Breaker, BreakerRule, retry_after_seconds, seconds
from apim_emulator.runtime import ForwardError

from tests.emulator.gateway.views import backend, breaker, etags, pool, snapshot


class Clock:
    """Monotonic time that passes when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    controlled = Clock()
    monkeypatch.setattr(time, "monotonic", controlled)
    return controlled


def made(**changes: Any) -> Breaker:
    return Breaker(BreakerRule.of(breaker(**changes)))


def fail(tested: Breaker, times: int, status: int = 500, retry_after: str | None = None) -> None:
    for _ in range(times):
        tested.responded(status, retry_after)


def test_opens_with_the_third_failure_and_closes_after_the_trip(clock: Clock) -> None:
    tested = made()
    fail(tested, 2)
    assert not tested.is_open()
    fail(tested, 1)
    assert tested.is_open()
    clock.now += 59.9
    assert tested.is_open()
    assert tested.open_seconds() == pytest.approx(0.1)
    clock.now += 0.2
    assert not tested.is_open()
    fail(tested, 2)
    assert not tested.is_open(), "failures from before the trip must not count again"


def test_the_window_slides(clock: Clock) -> None:
    tested = made()
    fail(tested, 2)
    clock.now += 10
    fail(tested, 2)
    assert not tested.is_open()
    clock.now += 9.9
    fail(tested, 1)
    assert tested.is_open()


@pytest.mark.parametrize(("status", "opens"), [(429, True), (500, True), (599, True), (428, False), (404, False)])
def test_only_the_ranges_count(status: int, opens: bool) -> None:
    tested = made()
    fail(tested, 5, status)
    assert tested.is_open() is opens


@pytest.mark.parametrize(
    ("header", "accepted", "expected"),
    [
        ("7", True, 7),
        ("7", False, 60),
        (None, True, 60),
        ("", True, 60),
        ("soon", True, 60),
        ("²", True, 60),
        ("0", True, 60),
        ("-5", True, 60),
        ("Wed, 21 Oct 2015 07:28:00 GMT", True, 60),
        ("86400", True, 86400),
    ],
)
def test_retry_after_takes_the_place_of_the_trip_duration(header: str | None, accepted: bool, expected: float) -> None:
    tested = made(acceptRetryAfter=accepted)
    fail(tested, 3, 429, header)
    assert tested.open_seconds() == pytest.approx(expected)


def test_what_was_sent_before_the_trip_does_not_extend_it(clock: Clock) -> None:
    tested = made()
    fail(tested, 3)
    clock.now += 30
    fail(tested, 3, 429, "600")
    assert tested.open_seconds() == pytest.approx(30)


def test_percentage() -> None:
    tested = made(condition={"count": None, "percentage": 50})
    tested.responded(200, None)
    tested.responded(200, None)
    fail(tested, 1)
    assert not tested.is_open()
    fail(tested, 1)
    assert tested.is_open()


def test_transport_failures_count_only_by_reason() -> None:
    tested = made()
    for _ in range(5):
        tested.failed("BackendConnectionFailure")
    assert not tested.is_open()
    by_reason = made(condition={"statusCodeRanges": None, "errorReasons": ["Timeout"]})
    for _ in range(3):
        by_reason.failed("BackendConnectionFailure")
    assert not by_reason.is_open()
    for _ in range(3):
        by_reason.failed("Timeout")
    assert by_reason.is_open()


def test_durations_and_dates() -> None:
    assert [seconds(text) for text in ("PT10S", "PT1M", "P1DT1H", "PT1.5S")] == [10, 60, 90_000, 1.5]
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    assert retry_after_seconds(later) == pytest.approx(30, abs=2)
    assert retry_after_seconds("Wed, 21 Oct 2015 07:28:00 GMT") is None


def serve(backends: Backends, views: list[BackendView], **changed: str) -> None:
    shown = snapshot(backends=views)
    backends.update(shown, {**etags(shown), **changed})


def trip(backends: Backends, name: str) -> None:
    chosen = backends.choose(name)
    guarding = backends.breaker(chosen)
    assert guarding is not None
    fail(guarding, 3)


def test_open_backends_and_exhausted_pools(clock: Clock) -> None:
    backends = Backends()
    views = [backend("a", breaker=breaker()), backend("b", breaker=breaker()), pool("P", ("A", 1, 1), ("b", 2, 1))]
    serve(backends, views)
    assert backends.choose("p").id == "a"
    trip(backends, "a")
    assert backends.choose("P").id == "b"
    with pytest.raises(BackendUnavailable) as single:
        backends.choose("A")
    assert (single.value.status, str(single.value)) == (503, "Backend 'a' is temporarily unavailable.")
    trip(backends, "P")
    with pytest.raises(BackendUnavailable) as exhausted:
        backends.choose("p")
    assert str(exhausted.value) == "Backend pool 'P' is temporarily unavailable."
    clock.now += 60.1
    assert backends.choose("p").id == "a"


def test_a_breaker_lives_as_long_as_its_backend_is_the_same() -> None:
    backends = Backends()
    first, other = backend("a", breaker=breaker()), backend("o")
    serve(backends, [first, other])
    trip(backends, "a")
    serve(backends, [first])
    assert [(name, state.is_open()) for name, state in backends.breakers()] == [("a", True)]
    serve(backends, [backend("a", "https://moved.example", breaker=breaker())])
    assert [(name, state.is_open()) for name, state in backends.breakers()] == [("a", False)]
    trip(backends, "a")
    serve(backends, [backend("a", "https://moved.example", breaker=breaker())], a="made again")
    assert [(name, state.is_open()) for name, state in backends.breakers()] == [("a", False)]
    trip(backends, "a")
    serve(backends, [])
    with pytest.raises(ForwardError, match="could not be found"):
        backends.choose("a")
    serve(backends, [first])
    assert backends.choose("a") == first
