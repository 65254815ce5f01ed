# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many questions at a time."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.client import ArmClient
from ansible_collections.citadel.ai_gateway.plugins.module_utils._probe.asking import (
    LONGEST_PAUSE,
    MOST_AGAIN,
    Access,
    Asker,
    Patience,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._probe.gateway import GatewayClient
from ansible_collections.citadel.ai_gateway.plugins.module_utils._probe.tracing import Tracer
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.budget import Budget
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.observations import Attempt, Observation
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.questions import (
    listing_questions,
    question,
    unknown_questions,
)

from tests.unit.plugins.module_utils._azure.azure_server import Answer, AzureServer, S, refused
from tests.unit.plugins.module_utils._probe.gateway_server import GatewayServer, reply
from tests.unit.plugins.module_utils._validation.observed import API, AZURE, answer, chat

TRACED = {"traceEntries": {"backend": [{"source": "forward-request", "data": {"request": {"url": "https://a/b"}}}]}}


def test_a_key_is_never_shown() -> None:
    access = Access("the-key", {"an-api": "x-key"})
    assert "the-key" not in f"{access} {access!r} {[access]}"
    assert (access.header("an-api"), access.header("another")) == ({"x-key": "the-key"}, {"api-key": "the-key"})


@pytest.mark.parametrize("concurrency", [1, 8])
def test_answers_come_in_the_order_of_questions(
    arm: AzureServer, connect: Callable[..., ArmClient], client: GatewayClient, server: GatewayServer, concurrency: int
) -> None:
    arm.on("POST", f"{S}/gateways/managed/listDebugCredentials", *[Answer(body={"token": "t"})] * 2)
    arm.on("POST", f"{S}/gateways/managed/listTrace", *[Answer(body=TRACED)] * 12)
    server.on_any([0.01, reply('{"choices": [1]}', "202 Accepted", Apim_Trace_Id="42")])
    asker = Asker(client, Tracer(connect()), concurrency)
    questions = [question(API, f"model-{number}", "chat", {}) for number in range(10)]
    questions += [*listing_questions([AZURE]), *unknown_questions([API])]
    told: list[int] = []
    found = asker.ask_all(questions, Access("the-key", {API["name"]: "api-key", AZURE["name"]: "x-key"}), told.append)
    assert [seen.question for seen in found] == questions
    assert told == list(range(1, 13))
    assert asker.asked == 10
    assert all([attempt.url for attempt in seen.attempts or ()] == ["https://a/b"] for seen in found)
    keys = {(headers.get("api-key"), headers.get("x-key")) for _method, _path, headers, _body in server.requests}
    assert keys == {("the-key", None), (None, "the-key")}


def test_each_request_that_goes_out_is_counted(
    arm: AzureServer, connect: Callable[..., ArmClient], client: GatewayClient, server: GatewayServer
) -> None:
    arm.on("POST", f"{S}/gateways/managed/listDebugCredentials", Answer(403, refused("AuthorizationFailed")))
    server.on_any([reply("{}", "503 Service Unavailable")])
    asker = Asker(client, Tracer(connect()), 2)
    asker.ask_all([chat(), chat(), *unknown_questions([API])], ACCESS)
    assert asker.asked == 2


def test_where_answers_hand_out_credentials_is_kept_by_api(
    arm: AzureServer, connect: Callable[..., ArmClient], client: GatewayClient, server: GatewayServer
) -> None:
    arm.on("POST", f"{S}/gateways/managed/listDebugCredentials", Answer(403, refused("AuthorizationFailed")))
    asker = Asker(client, Tracer(connect()), 2)
    asker.ask_all([chat()], ACCESS)
    assert asker.exposed == {}
    server.on_any([reply(x_debug_auth="sk-0123456789abcdef")])
    asker.ask_all([chat(), chat()], ACCESS)
    assert asker.exposed == {API["name"]: {"header x-debug-auth"}}


def test_a_credential_in_the_path_of_an_attempt_is_not_told(
    arm: AzureServer, connect: Callable[..., ArmClient], server: GatewayServer
) -> None:
    client = GatewayClient(server.url, 1, 0.5, ["pr0vider"])
    sent = {"source": "forward-request", "data": {"request": {"url": "https://a.example/the-key/pr0vider/b"}}}
    arm.on("POST", f"{S}/gateways/managed/listDebugCredentials", Answer(body={"token": "t"}))
    arm.on("POST", f"{S}/gateways/managed/listTrace", Answer(body={"traceEntries": {"backend": [sent]}}))
    server.on_any([reply("{}", "202 Accepted", Apim_Trace_Id="42")])
    seen = Asker(client, Tracer(connect()), 1).ask(chat(), ACCESS)
    assert seen.attempts == [Attempt("https://a.example/********/********/b", carries_key=True)]


ACCESS = Access("the-key", {API["name"]: "api-key"})
GOOD, SLOW_DOWN = reply('{"choices": [1]}'), reply("{}", "429 Too Many Requests", Retry_After="1")
BUSY = reply("{}", "502 Bad Gateway")


class Waited:
    """Patience that waits no time: it notes what it was told, and for how long it would have waited."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, rests_for: float = 0) -> None:
        self.told: list[str] = []
        self.seconds: list[float] = []
        self.patience = Patience("models", lambda _question: rests_for, self.told.append)
        monkeypatch.setattr(time, "sleep", self.seconds.append)


@pytest.fixture
def untraced(arm: AzureServer, connect: Callable[..., ArmClient], client: GatewayClient) -> Asker:
    """An asker that gets no traces, and may ask a few times more than planned."""
    arm.on("POST", f"{S}/gateways/managed/listDebugCredentials", Answer(403, refused("AuthorizationFailed")))
    asker = Asker(client, Tracer(connect()), 1, Budget(100))
    asker.tracer.credential(API["name"])
    return asker


def patient(asker: Asker, waited: Waited, number: int = 1) -> list[Observation]:
    return asker.ask_patiently([chat()] * number, ACCESS, waited.patience)


@pytest.mark.parametrize(
    ("refusals", "seconds"), [([SLOW_DOWN, SLOW_DOWN], [1, 1]), ([BUSY], [1]), ([BUSY, BUSY, BUSY], [1, 2, 4])]
)
def test_what_is_refused_for_the_moment_is_asked_again(
    untraced: Asker, server: GatewayServer, monkeypatch: pytest.MonkeyPatch, refusals: list[bytes], seconds: list[int]
) -> None:
    waited = Waited(monkeypatch)
    server.on_first(*refusals)
    server.on_any([GOOD])
    (seen,) = patient(untraced, waited)
    assert seen.is_good
    assert seen.evidence == [seen]
    assert waited.seconds == seconds
    assert untraced.asked == len(server.requests) == len(refusals) + 1
    assert waited.told[-1] == f"models: {len(refusals)} requests were asked again"


def test_only_what_was_refused_is_asked_again(
    untraced: Asker, server: GatewayServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited = Waited(monkeypatch)
    server.on_first(GOOD, SLOW_DOWN, reply("{}", "401 Unauthorized"), BUSY)
    server.on_any([GOOD])
    seen = patient(untraced, waited, 5)
    assert [each.status for each in seen] == [200, 200, 401, 200, 200]
    assert waited.told[0] == "models: 1 met HTTP 429, 1 met HTTP 502, asked again in 1 seconds"
    assert untraced.asked == 7


def test_a_quota_that_stays_used_up_is_told_as_such(
    untraced: Asker, server: GatewayServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.on_any([SLOW_DOWN])
    (seen,) = patient(untraced, Waited(monkeypatch))
    assert seen.is_throttled
    assert len(seen.evidence) == MOST_AGAIN + 1
    assert seen.outcome == "HTTP 429: Too Many Requests; answered 429 4 times: its quota is used up"


def test_an_open_breaker_does_not_hide_the_quota_that_opened_it(
    untraced: Asker, server: GatewayServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited = Waited(monkeypatch, rests_for=20)
    server.on_first(SLOW_DOWN)
    server.on_any([reply("{}", "503 Service Unavailable")])
    (seen,) = patient(untraced, waited)
    assert (seen.status, [each.status for each in seen.evidence]) == (429, [503, 503, 503, 429])
    assert "answered 429 once" in seen.outcome
    assert waited.seconds == [1, 21, 21]


def test_nothing_is_asked_again_beyond_the_budget(
    untraced: Asker, server: GatewayServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited = Waited(monkeypatch)
    untraced.budget = Budget(3)
    server.on_any([BUSY])
    patient(untraced, waited, 2)
    assert untraced.asked == 5
    assert "models: 1 cannot be asked again within llm_validation_max_calls (max_calls)" in waited.told


@pytest.mark.parametrize(
    ("fields", "rests_for", "seconds"),
    [
        ({"status": 429, "retry_after": 30.0}, 0, 30.0),
        ({"status": 429, "retry_after": 180.0}, 0, 180.0),
        ({"status": 429, "retry_after": 86_400.0}, 0, None),
        ({"status": 503}, 60, 61),
        ({"status": 503, "attempts": [Attempt("https://a.example", 503)]}, 60, 1.0),
        ({"status": 504}, 60, 1.0),
        ({"status": 500}, 60, None),
        ({"status": None}, 60, None),
        ({"status": 200}, 60, None),
    ],
)
def test_who_is_waited_for(fields: dict[str, object], rests_for: float, seconds: float | None) -> None:
    patience = Patience("models", lambda _question: rests_for, print)
    seen = answer()
    for name, value in fields.items():
        setattr(seen, name, value)
    assert patience.wishes(seen, 0) == seconds


def test_no_pause_is_longer_than_the_longest(monkeypatch: pytest.MonkeyPatch) -> None:
    waited = Waited(monkeypatch)
    waited.patience.wait([answer(status=429)], 180.0)
    assert waited.seconds == [LONGEST_PAUSE]
