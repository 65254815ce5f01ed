# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What traces of API Management tell of requests to backends."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.observations import (
    Attempt,
    Observation,
    attempts_of,
)
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.plugins.module_utils._validation.observed import chat

URL = "https://a.example/v1/chat/completions"


def entry(source: str = "forward-request", **data: Any) -> dict[str, Any]:
    """An entry of a trace, as the documentation of request tracing shows them; its time span may have no fraction."""
    return {"source": source, "timestamp": "2026-11-30T10:00:00Z", "elapsed": "00:00:01", "data": data}


def request(url: str = URL, **headers: str) -> dict[str, Any]:
    shown = [{"name": name.replace("_", "-"), "value": value} for name, value in headers.items()]
    return entry(message="Request is being forwarded", request={"method": "POST", "url": url, "headers": shown})


def response(code: Any) -> dict[str, Any]:
    return entry(response={"status": {"code": code, "reason": ""}, "headers": []})


def read(*entries: Any, key: str = "the-key") -> list[Attempt]:
    return attempts_of({"serviceName": "apim", "traceId": "1", "traceEntries": {"backend": list(entries)}}, key)


def test_each_request_gets_the_response_that_follows_it() -> None:
    other = URL.replace("a.", "b.")
    assert read(request(), response(429), request(other), response(200)) == [Attempt(URL, 429), Attempt(other, 200)]


def test_a_request_without_response_had_no_answer() -> None:
    messages = entry(messages=["Error occured while calling backend service.", "No route to host"])
    first, second = read(request(), messages, request(), response(200))
    assert (first.status, first.failed) == (None, True)
    assert (second.status, second.failed) == (200, False)


def test_what_found_every_breaker_open_asked_nobody() -> None:
    assert read(entry(messages=["Backend pool 'p' is temporarily unavailable."])) == []


def test_entries_of_other_policies_count_for_nothing() -> None:
    other = entry("set-header", request={"url": "https://elsewhere.example"})
    text = {"source": "forward-request", "elapsed": "00:00:01", "data": "a text"}
    assert read(other, text, request(), other, response(201)) == [Attempt(URL, 201)]


def test_names_of_headers_are_told_and_values_are_not() -> None:
    (attempt,) = read(request(Api_Key="secret-of-a-backend", Host="a.example", HOST="a.example"))
    assert attempt.headers == ("api-key", "host")
    assert "secret" not in repr(attempt)


@pytest.mark.parametrize(
    "forwarded",
    [
        request(Anything="the-key"),
        request(Authorization="Bearer the-key"),
        request(f"{URL}?subscription-key=the-key"),
        request(f"{URL}?subscription-key=the%2Dkey"),
        request(f"{URL}/the-key"),
    ],
    ids=["header", "part of a header", "query", "encoded query", "path"],
)
def test_the_key_of_the_caller_is_found_wherever_it_is(forwarded: dict[str, Any]) -> None:
    assert [each.carries_key for each in read(forwarded)] == [True]
    assert [each.carries_key for each in read(forwarded, key="")] == [False]


def test_a_url_is_told_without_what_may_hold_credentials() -> None:
    (attempt,) = read(request("https://user:pass@a.example:8443/v1/chat?code=secret#part"))
    assert attempt.url == "https://a.example:8443/v1/chat"


@pytest.mark.parametrize("url", ["http://[::1", "https://a:port/x", "://", "", "no url", None])
def test_a_url_that_is_none_is_told_as_it_is(url: Any) -> None:
    assert [each.status for each in read(request(url), response(200))] == [200]


@pytest.mark.parametrize(
    ("status", "read_as"), [(200, 200), ("404", 404), (True, None), ("OK", None), (None, None), ([], None), (99, None)]
)
def test_a_status_that_is_none_counts_as_no_answer(status: Any, read_as: int | None) -> None:
    assert [each.status for each in read(request(), response(status))] == [read_as]
    assert [each.status for each in read(request(), entry(response={"status": status}))] == [read_as]


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["traceEntries", "backend", "source", "data", "request", "response", "status", "code", "headers", "url"]
            ),
            inner | st.just("forward-request"),
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(JUNK, JUNK)
def test_no_trace_makes_it_fall(trace: Any, data: Any) -> None:
    attempts_of(trace if isinstance(trace, dict) else {"traceEntries": trace}, "the-key")
    assert all(isinstance(each, Attempt) for each in read(entry(request=data), entry(response=data), data))


def test_an_outcome_says_what_came() -> None:
    assert Observation(chat(), error="ConnectionError: refused").outcome == "ConnectionError: refused"
    assert Observation(chat()).outcome == "no answer came"
    assert Observation(chat(), status=503).outcome == "HTTP 503"
    refused = Observation(chat(), status=429, code="throttled", message="Slow down")
    assert refused.outcome == "HTTP 429 throttled: Slow down; answered 429 once: its quota is used up"


@pytest.mark.parametrize(
    ("status", "error", "is_good"), [(200, "", True), (200, "cut", False), (201, "", False), (None, "x", False)]
)
def test_only_a_whole_200_is_the_answer_of_an_llm(status: int | None, error: str, is_good: bool) -> None:
    assert Observation(chat(), status=status, error=error).is_good is is_good


def test_an_outcome_says_how_often_it_came() -> None:
    others = (Observation(chat(), status=503), Observation(chat(), status=429))
    assert Observation(chat(), status=503, others=others).outcome == "HTTP 503; answered so 2 times"
    throttled = Observation(chat(), status=429, others=others)
    assert throttled.outcome == "HTTP 429; answered 429 2 times: its quota is used up"
    assert Observation(chat(), status=200, others=others).outcome == "HTTP 200"


def test_all_answers_tell_of_backends_when_none_is_good() -> None:
    others = (Observation(chat(), status=502), Observation(chat(), status=502))
    bad, good = (Observation(chat(), status=status, others=others) for status in (502, 200))
    assert (bad.evidence, good.evidence) == ([*others, bad], [good])


@pytest.mark.parametrize(
    ("status", "throttled", "failed"), [(429, True, True), (503, False, True), (None, False, True), (200, False, False)]
)
def test_a_throttled_attempt_is_told_from_a_dead_one(status: int | None, throttled: bool, failed: bool) -> None:
    attempt = Attempt(URL, status)
    assert (attempt.throttled, attempt.failed) == (throttled, failed)
