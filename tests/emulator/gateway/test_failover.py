# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pools, breakers and retries through a running gateway."""

from __future__ import annotations

import time
from collections import Counter

import pytest

from tests.emulator.gateway.site import ONCE_MORE, TO_BACKEND, Site
from tests.emulator.harness import Azure

FIRST, SECOND = "first.example", "second.example"


@pytest.fixture
def site(azure: Azure) -> Site:
    """Two backends in a pool, the second with a lower priority, and one retry."""
    site = Site(azure)
    site.backend("one", FIRST, trips_after=1)
    site.backend("two", SECOND, trips_after=1)
    put_pool(site, (1, 100), (2, 100))
    site.policy(inbound=TO_BACKEND.format("p"), backend=ONCE_MORE.format(2, "true"))
    return site


def put_pool(site: Site, *places: tuple[int, int]) -> None:
    members = zip(("one", "two"), places, strict=True)
    services = [
        {"id": f"/backends/{name}", "priority": priority, "weight": weight} for name, (priority, weight) in members
    ]
    site.put("backends/p", {"type": "Pool", "pool": {"services": services}})


def states(site: Site) -> dict[str, str]:
    return {item["backend"]: item["state"] for item in site.azure.admin("GET", "breakers").json()}


def test_weights(site: Site) -> None:
    put_pool(site, (1, 70), (1, 30))
    assert {site.ask().status_code for _ in range(100)} == {200}
    assert Counter(entry["backend"] for entry in site.log("gateway")) == {"one": 70, "two": 30}


@pytest.mark.parametrize(
    "failure", [{"status": 429, "retry_after": 1}, {"status": 429, "retry_after": 0}, {"status": 429}]
)
def test_a_throttled_member_gives_way_within_the_request(site: Site, failure: dict[str, int]) -> None:
    site.provider(FIRST, **failure)
    assert site.ask().status_code == 200
    (entry,) = site.log("gateway")
    assert [(item["backend"], item["status"]) for item in entry["attempts"]] == [("one", 429), ("two", 200)]
    assert entry["backend"] == "two"
    assert states(site) == {"one": "open", "two": "closed"}
    assert site.ask().status_code == 200
    assert len(site.log("gateway")[-1]["attempts"]) == 1


def test_recovery_after_retry_after(site: Site) -> None:
    site.provider(FIRST, status=429, retry_after=1, times=1)
    site.ask()
    (state,) = (item for item in site.azure.admin("GET", "breakers").json() if item["state"] == "open")
    assert 0 < state["open_s"] <= 1
    time.sleep(1.05)
    assert set(states(site).values()) == {"closed"}
    site.ask()
    assert [entry["backend"] for entry in site.log("gateway")] == ["two", "one"]


def test_refused_connections_are_retried_and_trip_nothing(site: Site) -> None:
    site.provider(FIRST, refuse=True, times=2)
    assert site.ask().status_code == 200
    (entry,) = site.log("gateway")
    assert [item["status"] for item in entry["attempts"]] == [None, None, 200]
    assert all("BackendConnectionFailure" in item["error"] for item in entry["attempts"][:2])
    assert set(states(site).values()) == {"closed"}


def test_exhausted_pool(site: Site) -> None:
    for host in (FIRST, SECOND):
        site.provider(host, status=429, retry_after=9)
    exhausted = site.ask()
    assert exhausted.status_code == 503
    assert "Backend pool 'p' is temporarily unavailable" in exhausted.text
    assert exhausted.headers["Retry-After"] == "9"
    assert len(site.log("provider")) == 2
    again = site.ask()
    assert again.status_code == 503
    assert "Retry-After" not in again.headers
    assert len(site.log("provider")) == 2
    handled = '<return-response><set-status code="503" reason="Busy" /><set-body>@({})</set-body></return-response>'
    said = 'context.Response.StatusCode + " " + context.LastError.Source'
    site.policy(inbound=TO_BACKEND.format("p"), backend=ONCE_MORE.format(2, "true"), on_error=handled.format(said))
    assert site.ask().text == "503 forward-request"


def test_open_single_backend(site: Site) -> None:
    site.policy(inbound=TO_BACKEND.format("one"))
    site.provider(FIRST, status=429, retry_after=9)
    leaked = site.ask()
    assert (leaked.status_code, leaked.headers["Retry-After"]) == (429, "9")
    refused = site.ask()
    assert refused.status_code == 503
    assert "Backend 'one' is temporarily unavailable" in refused.text
    assert len(site.log("provider")) == 1


def test_a_changed_backend_starts_with_a_closed_breaker(site: Site) -> None:
    site.provider(FIRST, status=429, retry_after=60)
    site.ask()
    assert states(site)["one"] == "open"
    site.backend("one", FIRST, trips_after=2)
    assert states(site)["one"] == "closed"


def test_dead_backend(site: Site) -> None:
    site.provider(FIRST, refuse=True)
    site.policy(inbound=TO_BACKEND.format("one"))
    failed = site.ask()
    assert (failed.status_code, failed.json()["message"]) == (500, "Internal server error")
    said = "<return-response><set-body>@(context.LastError.Reason)</set-body></return-response>"
    site.policy(inbound=TO_BACKEND.format("one"), on_error=said)
    assert site.ask().text == "BackendConnectionFailure"
