# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Traces, as a conversation with ARM."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.client import ArmClient
from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.errors import DeadlineExceeded
from ansible_collections.citadel.ai_gateway.plugins.module_utils._probe import tracing
from ansible_collections.citadel.ai_gateway.plugins.module_utils._probe.tracing import Tracer
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.observations import Observation

from tests.unit.plugins.module_utils._azure.azure_server import Answer, AzureServer, S, refused
from tests.unit.plugins.module_utils._validation.observed import answer

Connect = Callable[..., ArmClient]
CREDENTIALS, TRACE = f"{S}/gateways/managed/listDebugCredentials", f"{S}/gateways/managed/listTrace"
REQUEST = {"source": "forward-request", "data": {"request": {"url": "https://a.example/v1", "headers": []}}}
RESPONSE = {"source": "forward-request", "data": {"response": {"status": {"code": 200}}}}


def trace(*entries: object) -> Answer:
    return Answer(body={"traceEntries": {"backend": list(entries)}})


@pytest.fixture(autouse=True)
def _without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracing, "_PAUSE_SECONDS", 0)


def completed(tracer: Tracer, **fields: object) -> Observation:
    seen = answer(None, **{"trace_id": "42", **fields})
    tracer.complete(seen, "the-key")
    return seen


def test_a_credential_is_asked_for_once_for_each_api(arm: AzureServer, connect: Connect) -> None:
    tracer = Tracer(connect())
    arm.on("POST", CREDENTIALS, Answer(body={"token": "one"}), Answer(body={"token": "two"}))
    assert [tracer.credential(api) for api in ("a", "b", "a")] == ["one", "two", "one"]
    assert [request.json for request in arm.arm_requests()] == [
        {"credentialsExpireAfter": "PT1H", "apiId": f"{S}/apis/{api}", "purposes": ["tracing"]} for api in ("a", "b")
    ]


def test_a_credential_is_renewed_before_it_expires(
    arm: AzureServer, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracing, "_RENEWED_AFTER_SECONDS", 0)
    tracer = Tracer(connect())
    arm.on("POST", CREDENTIALS, Answer(body={"token": "one"}), Answer(body={"token": "two"}))
    assert [tracer.credential("a"), tracer.credential("a")] == ["one", "two"]


@pytest.mark.parametrize(
    ("refusal", "reason"),
    [(Answer(403, refused("AuthorizationFailed", "No.")), "AuthorizationFailed"), (Answer(body={}), "no credential")],
)
def test_a_credential_that_is_refused_is_asked_for_once(
    arm: AzureServer, connect: Connect, refusal: Answer, reason: str
) -> None:
    tracer = Tracer(connect())
    arm.on("POST", CREDENTIALS, refusal)
    assert [tracer.credential("a"), tracer.credential("b")] == ["", ""]
    assert tracer.unavailable.startswith("the gateway does not tell which backend it asked: ")
    assert reason in tracer.unavailable


def test_a_trace_that_comes_late_is_waited_for(arm: AzureServer, connect: Connect) -> None:
    tracer = Tracer(connect())
    absent = Answer(404, refused("ResourceNotFound", "Trace not found."))
    arm.on("POST", TRACE, absent, trace(REQUEST), trace(REQUEST, RESPONSE))
    assert [each.status for each in completed(tracer).attempts or ()] == [200]
    assert tracer.unavailable == ""


def test_a_trace_of_a_request_that_failed_is_taken_as_it_is(arm: AzureServer, connect: Connect) -> None:
    arm.on("POST", TRACE, trace(REQUEST))
    assert [each.status for each in completed(Tracer(connect()), status=503).attempts or ()] == [None]


def test_a_trace_that_never_comes_is_none(arm: AzureServer, connect: Connect) -> None:
    tracer = Tracer(connect())
    arm.on("POST", TRACE, *[Answer(404, refused("ResourceNotFound", "Trace not found."))] * 5)
    assert completed(tracer).attempts is None
    assert tracer.unavailable == ""


def test_a_refusal_in_the_middle_ends_it(arm: AzureServer, connect: Connect) -> None:
    tracer = Tracer(connect())
    arm.on("POST", TRACE, trace(REQUEST, RESPONSE), Answer(403, refused("AuthorizationFailed", "No.")))
    assert [completed(tracer).attempts is None for _ in range(3)] == [False, True, True]
    assert "AuthorizationFailed" in tracer.unavailable


def test_an_answer_without_an_id_has_no_trace(arm: AzureServer, connect: Connect) -> None:
    tracer = Tracer(connect())
    arm.on("POST", TRACE, trace(REQUEST, RESPONSE))
    assert [completed(tracer, trace_id=each).attempts is None for each in ("42", "")] == [False, True]
    assert [request.json for request in arm.arm_requests()] == [{"traceId": "42"}]


def test_throttling_is_waited_out(arm: AzureServer, connect: Connect) -> None:
    tracer = Tracer(connect())
    arm.on("POST", TRACE, Answer(429, refused("TooManyRequests"), {"Retry-After": "0"}), trace(REQUEST, RESPONSE))
    assert completed(tracer).attempts is not None
    assert tracer.unavailable == ""


# ARM's client gives these up at once: they are no answers that another try would change.
ODD = Answer(400, refused("ValidationError", "Not now."))


@pytest.mark.parametrize("status", [400, 409])
def test_another_failure_concerns_its_own_request_only(arm: AzureServer, connect: Connect, status: int) -> None:
    tracer = Tracer(connect())
    arm.on("POST", TRACE, Answer(status, refused("Odd")), trace(REQUEST, RESPONSE))
    assert [completed(tracer).attempts is None for _ in range(2)] == [True, False]
    assert tracer.unavailable == ""


def test_a_credential_that_fails_is_asked_for_again(arm: AzureServer, connect: Connect) -> None:
    tracer = Tracer(connect())
    arm.on("POST", CREDENTIALS, ODD, Answer(body={"token": "one"}))
    assert [tracer.credential("a"), tracer.credential("a"), tracer.credential("a")] == ["", "one", "one"]


def test_many_failures_in_a_row_end_it(arm: AzureServer, connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracing, "_MOST_FAILURES", 3)
    tracer = Tracer(connect())
    arm.on("POST", TRACE, ODD, ODD, trace(REQUEST, RESPONSE), ODD, ODD, ODD)
    assert [completed(tracer).attempts is None for _ in range(7)] == [True, True, False, True, True, True, True]
    assert "Not now" in tracer.unavailable


@pytest.mark.parametrize("path", [CREDENTIALS, TRACE])
def test_the_end_of_the_time_ends_the_run(arm: AzureServer, connect: Connect, path: str) -> None:
    tracer = Tracer(connect(timeout=2))
    arm.on("POST", path, Answer(503, refused("Busy"), {"Retry-After": "60"}))
    with pytest.raises(DeadlineExceeded):
        tracer.credential("a") if path == CREDENTIALS else completed(tracer)
    assert tracer.unavailable == ""
