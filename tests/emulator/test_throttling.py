# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""ARM's token buckets, over HTTP with the wall clock and by themselves with a clock of the test."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor

import pytest
from apim_emulator.arm.errors import ArmError
from apim_emulator.arm.throttling import Throttle

from tests.emulator.harness import serving


class Clock:
    """Seconds that pass when the test says so."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def _passes(throttle: Throttle, method: str, principal: str) -> bool:
    try:
        throttle.take("s", principal, method, enforced=True)
    except ArmError as error:
        if error.code != "SubscriptionRequestsThrottled":
            raise
        return False
    return True


def _drain(throttle: Throttle, method: str, principal: str = "p") -> int:
    """Return how many calls pass until one is refused."""
    return next(taken for taken in itertools.count() if not _passes(throttle, method, principal))


def test_refusal_says_when_to_come_again() -> None:
    throttle = Throttle(Clock())
    _drain(throttle, "PUT")
    with pytest.raises(ArmError) as refused:
        throttle.take("s", "p", "PUT", enforced=True)
    assert (refused.value.status, refused.value.headers) == (429, {"Retry-After": "1"})


@pytest.mark.parametrize(
    ("method", "size", "rate"), [("GET", 250, 25), ("PUT", 200, 10), ("POST", 200, 10), ("DELETE", 200, 10)]
)
def test_size_and_inflow(method: str, size: int, rate: int) -> None:
    clock = Clock()
    throttle = Throttle(clock)
    assert _drain(throttle, method) == size
    clock.now += 2
    assert _drain(throttle, method) == 2 * rate
    clock.now += 3600
    assert _drain(throttle, method) == size


def test_principals_and_kinds_have_their_own_buckets() -> None:
    throttle = Throttle(Clock())
    assert _drain(throttle, "PUT", "one") == 200
    assert _drain(throttle, "PUT", "two") == 200
    assert _drain(throttle, "DELETE", "one") == 200


def test_all_principals_share_fifteen_times_as_much() -> None:
    throttle = Throttle(Clock())
    assert sum(_drain(throttle, "PUT", str(index)) for index in range(20)) == 15 * 200


def test_headers_count_down() -> None:
    throttle = Throttle(Clock())
    first = throttle.take("s", "p", "PUT", enforced=False)
    assert first == {
        "x-ms-ratelimit-remaining-subscription-writes": "199",
        "x-ms-ratelimit-remaining-subscription-global-writes": "2999",
    }
    assert throttle.take("s", "p", "GET", enforced=False)["x-ms-ratelimit-remaining-subscription-reads"] == "249"


def test_over_http() -> None:
    with serving() as azure:
        with ThreadPoolExecutor(8) as threads:
            quiet = list(threads.map(lambda _: azure.arm("GET", "").status_code, range(300)))
        assert set(quiet) == {200}
        azure.configure(throttling=True)
        with ThreadPoolExecutor(8) as threads:
            answers = list(threads.map(lambda _: azure.arm("POST", "backends/none/reconnect"), range(260)))
        refused = [answer for answer in answers if answer.status_code == 429]
        assert refused
        assert int(refused[0].headers["Retry-After"]) >= 1
        assert {answer.status_code for answer in answers} == {404, 429}
