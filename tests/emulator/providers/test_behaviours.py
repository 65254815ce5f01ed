# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Providers that were told to throttle, fail, refuse, be slow, stall, or cut what they say."""

from __future__ import annotations

import itertools
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from tests.emulator.providers.stand import CHAT, EXTERNAL, EXTERNAL_CHAT, FOUNDRY, KEY, MESSAGES, OPENAI, Stand

STREAM: dict[str, Any] = {"messages": MESSAGES, "stream": True}
PIECES = 14


def statuses(stand: Stand, count: int, url: str = CHAT) -> list[int]:
    """Return the statuses of that many requests."""
    return [stand.post(url).status_code for _ in range(count)]


def test_throttled_azure(stand: Stand) -> None:
    stand.configure(OPENAI, status=429, retry_after=1.5)
    answer = stand.post()
    assert answer.status_code == 429
    assert (answer.headers["Retry-After"], answer.headers["retry-after-ms"]) == ("2", "1500")
    assert answer.json()["error"]["code"] == "429"
    text = answer.json()["error"]["message"]
    assert text.startswith("Requests to the ChatCompletions_Create Operation under Azure OpenAI API version 2024-10-21")
    assert text.endswith("Please retry after 2 seconds.")


def test_throttled_elsewhere(stand: Stand) -> None:
    stand.configure(EXTERNAL, status=429, retry_after=7)
    answer = stand.post(EXTERNAL_CHAT)
    assert (answer.headers["Retry-After"], "retry-after-ms" in answer.headers) == ("7", False)
    assert answer.json()["error"]["code"] == "rate_limit_exceeded"
    stand.configure(FOUNDRY, status=429)
    throttled = stand.post(f"https://{FOUNDRY}/models/chat/completions?api-version=2024-05-01-preview")
    assert ("Retry-After" in throttled.headers, throttled.json()["error"]["code"]) == (False, "RateLimitReached")


@pytest.mark.parametrize(("status", "code"), [(500, "InternalServerError"), (503, "503"), (599, "599"), (410, "410")])
def test_failing(stand: Stand, status: int, code: str) -> None:
    stand.configure(OPENAI, status=status)
    answer = stand.post()
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


def test_another_status_of_success(stand: Stand) -> None:
    stand.configure(OPENAI, status=201)
    answer = stand.post()
    assert (answer.status_code, answer.json()["object"]) == (201, "chat.completion")


def test_so_many_times(stand: Stand) -> None:
    stand.configure(OPENAI, status=500, times=2)
    # What would have been refused anyway does not count.
    assert stand.post(key="wrong").status_code == 401
    assert stand.post(CHAT.partition("?")[0]).status_code == 404
    assert statuses(stand, 4) == [500, 500, 200, 200]
    stand.configure(OPENAI, status=404, times=1)
    assert stand.post(CHAT.partition("?")[0]).json()["error"]["message"] == "Resource not found"
    assert stand.post().json()["error"]["message"] == "Not Found"
    stand.configure(OPENAI, status=503, times=1)
    assert statuses(stand, 2) == [503, 200]


def test_so_many_times_at_once(stand: Stand) -> None:
    stand.configure(OPENAI, status=500, times=3, latency_ms=50)

    def post(_number: int) -> int:
        return requests.post(
            CHAT, json={"messages": MESSAGES}, headers={"api-key": KEY}, verify=stand.bundle, timeout=30
        ).status_code

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(post, range(8))) == [200] * 5 + [500] * 3


def test_what_a_provider_is_outlives_what_it_does(stand: Stand) -> None:
    stand.configure(OPENAI, deployments=["gpt-4o"], status=500)
    stand.configure(OPENAI, latency_ms=1)
    assert statuses(stand, 1) == [200]
    assert statuses(stand, 1, CHAT.replace("gpt-4o", "other")) == [404]


def test_a_deployment_of_its_own_mind(stand: Stand) -> None:
    other = CHAT.replace("gpt-4o", "other")
    stand.configure(OPENAI, per_deployment={"GPT-4o": {"status": 429, "times": 1}})
    assert statuses(stand, 2, other) == [200, 200]
    assert statuses(stand, 2) == [429, 200]
    stand.configure(OPENAI, status=500, per_deployment={"gpt-4o": {}})
    assert statuses(stand, 1, other) == [500]
    assert statuses(stand, 1) == [200]
    in_the_body = f"https://{OPENAI}/openai/v1/chat/completions"
    stand.configure(OPENAI, per_deployment={"gpt-4o": {"status": 503}})
    assert statuses(stand, 1, in_the_body) == [503]


@pytest.mark.parametrize(
    ("url", "deployment"),
    [
        (f"https://{OPENAI}/openai/deployments/a%20b/chat/completions?api-version=2024-10-21", "A b"),
        (f"https://{FOUNDRY}/openai/v1/chat/completions", "A b"),
        (f"https://{FOUNDRY}/models/chat/completions?api-version=2024-05-01-preview", "A b"),
        (EXTERNAL_CHAT, "a b"),
    ],
)
def test_a_throttled_deployment_wherever_it_is_named(stand: Stand, url: str, deployment: str) -> None:
    """As a provisioned deployment at its limit: 429 with both headers, while the others of the host serve."""
    behaviour = {deployment: {"status": 429, "retry_after": 0.35}}
    for host in (OPENAI, FOUNDRY, EXTERNAL):
        stand.configure(host, per_deployment=behaviour)
    throttled = stand.post(url, {"model": "a b", "messages": MESSAGES})
    waits = {"Retry-After": "1"} if url == EXTERNAL_CHAT else {"Retry-After": "1", "retry-after-ms": "350"}
    assert throttled.status_code == 429
    assert {name: throttled.headers.get(name) for name in waits} == waits
    assert stand.post(url.replace("a%20b", "other"), {"model": "other", "messages": MESSAGES}).status_code == 200
    assert stand.entry()["deployment"] == "other"


def test_refused_connections(stand: Stand) -> None:
    stand.configure(OPENAI, refuse=True, times=2)
    for _ in range(2):
        with pytest.raises(requests.ConnectionError):
            stand.post()
        entry = stand.entry()
        assert (entry["status"], entry["outcome"], entry["deployment"]) == (0, "reset", "gpt-4o")
    assert stand.post().status_code == 200


def test_late_answers(stand: Stand) -> None:
    stand.configure(OPENAI, latency_ms=150)
    started = time.monotonic()
    assert stand.post().status_code == 200
    assert time.monotonic() - started >= 0.15
    assert stand.entry()["duration_ms"] >= 150


def events_of(answer: requests.Response) -> tuple[list[bytes], bool]:
    """Return the events of a stream that arrived, and whether it came to its end."""
    events: list[bytes] = []
    try:
        events.extend(line for line in answer.iter_lines(1) if line)
    except requests.exceptions.ChunkedEncodingError:
        return events, False
    return events, True


def arrivals(stand: Stand) -> list[float]:
    """Return when each event of a stream arrived, in seconds since the first."""
    times = [time.monotonic() for line in stand.post(body=STREAM, stream=True).iter_lines(1) if line]
    return [moment - times[0] for moment in times]


def test_slow_streams(stand: Stand) -> None:
    assert len(arrivals(stand)) == PIECES
    stand.configure(OPENAI, token_delay_ms=20)
    times = arrivals(stand)
    assert times[-1] >= 0.02 * (PIECES - 1)
    assert times[1] < times[-1] / 2


def test_stalled_streams(stand: Stand) -> None:
    stand.configure(OPENAI, stall_ms=300)
    times = arrivals(stand)
    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert max(gaps) >= 0.25
    assert gaps.index(max(gaps)) == PIECES // 2 - 1


def test_streams_are_not_measured_beforehand(stand: Stand) -> None:
    assert stand.post(body=STREAM).headers["Transfer-Encoding"] == "chunked"
    assert "Content-Length" in stand.post().headers


@pytest.mark.parametrize("delay", [0, 10])
def test_cut_streams(stand: Stand, delay: int) -> None:
    stand.configure(OPENAI, cut_after=3, token_delay_ms=delay)
    events, whole = events_of(stand.post(body=STREAM, stream=True))
    assert (len(events), whole) == (3, False)
    assert (stand.entry()["status"], stand.entry()["outcome"]) == (200, "cut")
    stand.configure(OPENAI, cut_after=PIECES, token_delay_ms=delay)
    events, whole = events_of(stand.post(body=STREAM, stream=True))
    assert (len(events), events[-1], whole) == (PIECES, b"data: [DONE]", True)
    assert stand.entry()["outcome"] == "answered"


def test_cut_and_stalled_bodies(stand: Stand) -> None:
    stand.configure(OPENAI, cut_after=0)
    with pytest.raises(requests.exceptions.RequestException):
        stand.post()
    assert stand.entry()["outcome"] == "cut"
    stand.configure(OPENAI, stall_ms=1000, status=500)
    answer = stand.post()
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "InternalServerError")
    # The head is there before the body stalls.
    assert answer.elapsed.total_seconds() < 0.95
    assert stand.entry()["duration_ms"] >= 1000


def test_callers_who_go_away(stand: Stand) -> None:
    stand.configure(OPENAI, token_delay_ms=50)
    answer = stand.post(body=STREAM, stream=True)
    next(answer.iter_lines(1))
    answer.close()
    assert stand.entry()["outcome"] == "abandoned"
    stand.configure(OPENAI, latency_ms=5000)
    with pytest.raises(requests.Timeout):
        stand.http.post(CHAT, json=STREAM, headers={"api-key": KEY}, timeout=0.2)
    entry = stand.entry()
    assert entry["outcome"] == "abandoned"
    assert entry["duration_ms"] < 4000


def test_a_waiting_caller_holds_up_nobody(stand: Stand) -> None:
    stand.configure(OPENAI, per_deployment={"slow": {"latency_ms": 3000}})
    slow = threading.Thread(
        target=requests.post,
        args=(CHAT.replace("gpt-4o", "slow"),),
        kwargs={"json": STREAM, "headers": {"api-key": KEY}, "verify": stand.bundle, "timeout": 30},
    )
    slow.start()
    assert statuses(stand, 5) == [200] * 5
    assert slow.is_alive()
    slow.join()
