# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Metrics, and how the tokens of a response are counted."""

from __future__ import annotations

import json
from typing import Any

import pytest
from apim_emulator.runtime import Answer
from apim_emulator.runtime.tokens import TokenMeter, Usage, estimate_prompt

from .conftest import Evaluate, ScriptedIo

METRIC = (
    "<llm-emit-token-metric namespace='llm-usage'><dimension name='Backend ID' /><dimension name='API ID' />"
    "<dimension name='Location' /><dimension name='who' value='@(context.Product.Name)' /></llm-emit-token-metric>"
)
EVENTS = "text/event-stream; charset=utf-8"


def measure(content_type: str, chunks: list[bytes], request: bytes = b"") -> Usage:
    found: list[Usage] = []
    meter = TokenMeter(request, content_type, found.append)
    for chunk in chunks:
        meter.feed(chunk)
    meter.close()
    meter.close()
    (usage,) = found
    return usage


def event(**members: Any) -> bytes:
    return b"data: " + json.dumps(members).encode() + b"\n\n"


STREAM = [
    event(choices=[{"delta": {"content": "Hello "}}]),
    event(choices=[{"delta": {"content": "world!"}}], usage=None),
]


def test_the_count_of_a_document() -> None:
    body = b'{"usage": {"prompt_tokens": 5, "completion_tokens": 7}}'
    assert measure("application/json", [body[:20], body[20:]]) == Usage(5, 7, estimated=False)
    embedding = b'{"usage": {"prompt_tokens": 5, "total_tokens": 5}}'
    assert measure("application/json", [embedding]) == Usage(5, 0, estimated=False)
    assert measure("application/json", [b'{"usage": {"input_tokens": 1, "output_tokens": 2}}']).completion == 2


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_the_count_in_a_stream_wherever_it_is_cut(size: int) -> None:
    usage = event(choices=[], usage={"prompt_tokens": 3, "completion_tokens": 4})
    data = b"".join([*STREAM, usage, b"data: [DONE]\n\n"])
    chunks = [data[at : at + size] for at in range(0, len(data), size)]
    assert measure(EVENTS, chunks) == Usage(3, 4, estimated=False)


def test_the_count_in_the_last_event_of_a_response() -> None:
    whole = {"usage": {"input_tokens": 5, "output_tokens": 6}}
    data = [event(type="response.created", response={"usage": None}), event(type="response.completed", response=whole)]
    assert measure(EVENTS, data) == Usage(5, 6, estimated=False)


def test_a_stream_without_a_count_is_estimated() -> None:
    request = json.dumps({"messages": [{"role": "user", "content": "x" * 9}], "user": "not counted"}).encode()
    assert measure(EVENTS, STREAM, request) == Usage(3, 3, estimated=True)


@pytest.mark.parametrize("body", [b"", b"not json", b"[1]", b'{"usage": []}', b"\xff\x00", b'"text"'])
def test_a_response_that_counts_nothing(body: bytes) -> None:
    assert measure("application/json", [body]) == Usage(0, 0, estimated=True)


@pytest.mark.parametrize(
    ("body", "tokens"),
    [
        ({"prompt": "12345678"}, 2),
        ({"input": ["1234", "5678"]}, 2),
        ({"messages": [{"content": [{"type": "text", "text": "1"}]}]}, 2),
        ({"model": "1234"}, 0),
    ],
)
def test_estimate_of_a_prompt(body: Any, tokens: int) -> None:
    assert estimate_prompt(json.dumps(body).encode()) == tokens


def test_the_metric_of_a_document(evaluate: Evaluate, io: ScriptedIo) -> None:
    body = b'{"usage": {"prompt_tokens": 5, "completion_tokens": 7}}'
    io.replies = [Answer(200, "OK", [("content-type", "application/json")], body, backend_id="b1")]
    assert evaluate(inbound=METRIC).outcome.watcher is None
    assert io.events == [{
        "kind": "llm-token-metric",
        "namespace": "llm-usage",
        "dimensions": {"Backend ID": "b1", "API ID": "chat", "Location": "West Europe", "who": "Gold"},
        "promptTokens": 5,
        "completionTokens": 7,
        "totalTokens": 12,
        "estimated": False,
    }]  # fmt: skip


def test_the_metric_of_a_stream_comes_at_its_end(evaluate: Evaluate, io: ScriptedIo) -> None:
    io.replies = [Answer(200, "OK", [("Content-Type", EVENTS)], stream=3, backend_id="b2")]
    watcher = evaluate(inbound=METRIC).outcome.watcher
    assert watcher
    assert not io.events
    for chunk in STREAM:
        watcher.feed(chunk)
    watcher.close()
    (metric,) = io.events
    assert (metric["dimensions"]["Backend ID"], metric["completionTokens"], metric["estimated"]) == ("b2", 3, True)


def test_a_stream_that_a_policy_read_is_counted_too(evaluate: Evaluate, io: ScriptedIo) -> None:
    io.replies = [Answer(200, "OK", [("Content-Type", "application/json")], stream=3)]
    io.streams = {3: b'{"usage": {"prompt_tokens": 5, "completion_tokens": 7}}'}
    read = '<set-body>@(context.Response.Body.As<string>() + "!")</set-body>'
    assert evaluate(inbound=METRIC, outbound=read).outcome.watcher is None
    assert io.events[0]["totalTokens"] == 12


def test_a_refused_request_has_no_metric(evaluate: Evaluate, io: ScriptedIo) -> None:
    io.replies = [Answer(429, "Too Many Requests", [], b"{}")]
    evaluate(inbound=METRIC)
    evaluate(inbound=METRIC + "<return-response />")
    assert not io.events


def test_a_metric_of_the_policy_s_own(evaluate: Evaluate, io: ScriptedIo) -> None:
    metric = "<emit-metric name='calls' namespace='n' value='@(2)'><dimension name='Subscription ID' /></emit-metric>"
    evaluate(outbound=metric)
    assert io.events == [
        {"kind": "metric", "namespace": "n", "name": "calls", "value": 2, "dimensions": {"Subscription ID": "sub-1"}}
    ]
