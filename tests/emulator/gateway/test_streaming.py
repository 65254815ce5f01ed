# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Server-sent events through a running gateway."""

from __future__ import annotations

import time

import pytest
import requests

from tests.emulator.gateway.site import ONCE_MORE, TO_BACKEND, Site
from tests.emulator.harness import Azure

HOST = "slow.example"
STREAM = {"stream": True}


@pytest.fixture
def site(azure: Azure) -> Site:
    site = Site(azure)
    site.backend("slow", HOST)
    site.policy(inbound=TO_BACKEND.format("slow"), backend=ONCE_MORE.format(2, "false"))
    assert site.ask().status_code == 200
    site.azure.admin("DELETE", "requests")
    return site


def test_the_first_event_arrives_before_the_last_is_sent(site: Site) -> None:
    site.provider(HOST, token_delay_ms=100)
    started = time.monotonic()
    response = site.ask(body=STREAM, stream=True)
    arrivals = [time.monotonic() - started for _ in response.iter_content(None)]
    assert response.headers["Content-Type"].startswith("text/event-stream")
    assert arrivals[-1] - arrivals[0] > 0.3
    assert len(arrivals) > 3


def test_buffered_events_come_together(site: Site) -> None:
    site.policy(inbound=TO_BACKEND.format("slow"), backend=ONCE_MORE.format(2, "true"))
    site.provider(HOST, token_delay_ms=50)
    pieces = list(site.ask(body=STREAM, stream=True).iter_content(None))
    assert len(pieces) == 1
    assert pieces[0].endswith(b"data: [DONE]\n\n")


def test_a_failure_after_the_first_byte_is_the_clients(site: Site) -> None:
    site.provider(HOST, cut_after=2)
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        list(site.ask(body=STREAM, stream=True).iter_content(None))
    (entry,) = site.log("gateway")
    assert len(entry["attempts"]) == 1
    assert entry["status"] == 0
    assert "broke off" in entry["error"]


def test_a_client_that_goes_takes_the_backend_call_with_it(site: Site) -> None:
    site.provider(HOST, token_delay_ms=200)
    with site.ask(body=STREAM, stream=True) as response:
        next(response.iter_content(None))
    deadline = time.monotonic() + 30
    while "outcome" not in (entry := site.log("provider")[-1]) or entry["outcome"] == "answering":
        assert time.monotonic() < deadline, entry
        time.sleep(0.05)
    assert entry["outcome"] != "answered"
    assert site.log("gateway")[0]["status"] == 499
