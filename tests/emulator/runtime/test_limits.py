# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Policies that count, remember, or let a caller in."""

from __future__ import annotations

import json
import time
import uuid
from typing import Any

import pytest
from apim_emulator.runtime import Answer, Call, Evaluation

from .conftest import Evaluate, Prepare, ScriptedIo, call, policies


@pytest.fixture
def key() -> str:
    """A counter of this test's own."""
    return uuid.uuid4().hex


def refusal(found: Evaluation) -> tuple[int, Any, Any]:
    error = found.outcome.error
    assert error
    return found.outcome.status, error["Reason"], json.loads(found.outcome.body or b"")["message"]


def test_rate_limit_by_key(evaluate: Evaluate, prepare: Prepare, key: str) -> None:
    limit = (
        "<rate-limit-by-key calls='2' renewal-period='1' counter-key='@(context.Request.IpAddress + \"{}\")'"
        " remaining-calls-header-name='X-Left' total-calls-header-name='X-All' retry-after-variable-name='wait' />"
    ).replace("{}", key)
    program = prepare(policies(inbound=limit))
    first, second, third = (evaluate(program=program) for _ in range(3))
    assert [dict(found.outcome.headers)["X-Left"] for found in (first, second)] == ["1", "0"]
    assert dict(first.outcome.headers)["X-All"] == "2"
    assert refusal(third) == (429, "RateLimitExceeded", "Rate limit is exceeded. Try again in 1 seconds.")
    assert dict(third.outcome.headers)["Retry-After"] == "1"
    assert third.variables == {"wait": 1}
    other = call(context=call().context | {"IpAddress": "10.0.0.8"})
    assert evaluate(program=program, call=other).outcome.status == 200
    time.sleep(1.05)
    assert evaluate(program=program).outcome.status == 200


def test_a_limit_may_count_by_the_response(evaluate: Evaluate, prepare: Prepare, io: ScriptedIo, key: str) -> None:
    limit = (
        f"<rate-limit-by-key calls='1' renewal-period='60' counter-key='{key}'"
        " increment-condition='@(context.Response.StatusCode == 201)' />"
    )
    program = prepare(policies(inbound=limit))
    io.replies = [Answer(200, "OK", []), Answer(201, "Created", []), Answer(200, "OK", [])]
    assert [evaluate(program=program).outcome.status for _ in range(3)] == [200, 201, 429]


def test_quota_by_key(evaluate: Evaluate, prepare: Prepare, key: str) -> None:
    program = prepare(policies(inbound=f"<quota-by-key calls='1' renewal-period='3600' counter-key='{key}' />"))
    assert evaluate(program=program).outcome.status == 200
    status, reason, message = refusal(evaluate(program=program))
    assert (status, reason) == (403, "QuotaExceeded")
    assert message.startswith("Out of call volume quota. Quota will be replenished in 0")


def completion(prompt: int, completed: int) -> Answer:
    usage = {"prompt_tokens": prompt, "completion_tokens": completed, "total_tokens": prompt + completed}
    return Answer(200, "OK", [("Content-Type", "application/json")], json.dumps({"usage": usage}).encode())


def test_token_limit_counts_what_the_backend_reports(
    evaluate: Evaluate, prepare: Prepare, io: ScriptedIo, key: str
) -> None:
    limit = (
        f"<llm-token-limit counter-key='{key}' tokens-per-minute='100' estimate-prompt-tokens='false'"
        " remaining-tokens-header-name='X-Left' />"
    )
    program = prepare(policies(inbound=limit))
    io.replies = [completion(10, 50), completion(10, 50)]
    left = [dict(evaluate(program=program).outcome.headers)["X-Left"] for _ in range(2)]
    assert left == ["100", "40"]
    found = evaluate(program=program)
    status, reason, message = refusal(found)
    assert (status, reason) == (429, "TokenLimitExceeded")
    wait = dict(found.outcome.headers)["Retry-After"]
    assert 55 <= int(wait) <= 60
    assert message == f"Token limit is exceeded. Try again in {wait} seconds."


def prompt(characters: int) -> Call:
    body = {"model": "m", "messages": [{"role": "user", "content": "x" * characters}]}
    return call(body=json.dumps(body).encode())


def test_token_limit_may_estimate_the_prompt_first(
    evaluate: Evaluate, prepare: Prepare, io: ScriptedIo, key: str
) -> None:
    limit = f"<llm-token-limit counter-key='{key}' tokens-per-minute='100' estimate-prompt-tokens='true' />"
    program = prepare(policies(inbound=limit))
    assert evaluate(program=program, call=prompt(401)).outcome.status == 429
    io.replies = [Answer(500, "Broken", []), completion(80, 10), completion(1, 1)]
    assert evaluate(program=program, call=prompt(400)).outcome.status == 500
    assert evaluate(program=program, call=prompt(400)).outcome.status == 200
    assert evaluate(program=program, call=prompt(44)).outcome.status == 429
    assert evaluate(program=program, call=prompt(40)).outcome.status == 200


def test_token_quota(evaluate: Evaluate, prepare: Prepare, io: ScriptedIo, key: str) -> None:
    limit = (
        f"<azure-openai-token-limit counter-key='{key}' token-quota='60' token-quota-period='Monthly'"
        " estimate-prompt-tokens='false' />"
    )
    program = prepare(policies(inbound=limit))
    io.replies = [completion(10, 50)]
    assert evaluate(program=program).outcome.status == 200
    assert refusal(evaluate(program=program))[:2] == (403, "TokenQuotaExceeded")


def test_cached_values(evaluate: Evaluate, prepare: Prepare, key: str) -> None:
    look = f"<cache-lookup-value key='{key}' variable-name='found' default-value='none' />"
    store = prepare(policies(inbound=f"{look}<cache-store-value key='{key}' value='@(new JArray(1))' duration='1' />"))
    read = prepare(policies(inbound=look))
    assert evaluate(program=store).variables == {"found": "none"}
    assert evaluate(program=read).variables == {"found": [1]}
    elsewhere = call(context={"Deployment": {"ServiceId": "other"}})
    assert evaluate(program=read, call=elsewhere).variables == {"found": "none"}
    time.sleep(1.05)
    assert evaluate(program=read).variables == {"found": "none"}
    evaluate(program=store)
    evaluate(inbound=f"<cache-remove-value key='{key}' />")
    assert evaluate(program=read).variables == {"found": "none"}


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("<ip-filter action='allow'><address>10.0.0.7</address></ip-filter>", None),
        ("<ip-filter action='allow'><address-range from='10.0.0.1' to='10.0.0.9' /></ip-filter>", None),
        ("<ip-filter action='allow'><address>10.0.0.8</address></ip-filter>", (403, "CallerIpNotAllowed")),
        ("<ip-filter action='forbid'><address>@(\"10.0.0.7\")</address></ip-filter>", (403, "CallerIpBlocked")),
        ("<check-header name='x-many' {}><value>A,B</value></check-header>", None),
        ("<check-header name='x-many' {}><value>a</value></check-header>", (402, "HeaderValueNotAllowed")),
        ("<check-header name='x-none' {} />", (402, "HeaderNotFound")),
    ],
)  # fmt: skip
def test_who_may_call(evaluate: Evaluate, policy: str, expected: tuple[int, str] | None) -> None:
    check = "failed-check-httpcode='402' failed-check-error-message='no' ignore-case='true'"
    found = evaluate(inbound=policy.replace("{}", check))
    assert (refusal(found)[:2] if expected else found.outcome.error) == expected


CORS = (
    "<cors allow-credentials='true'><allowed-origins><origin>https://ai.azure.com</origin></allowed-origins>"
    "<allowed-methods preflight-result-max-age='300'><method>GET</method><method>POST</method></allowed-methods>"
    "<allowed-headers><header>*</header></allowed-headers><expose-headers><header>X-Id</header></expose-headers></cors>"
)


def from_origin(origin: str, method: str = "POST", **asked: str) -> Call:
    headers = [("Origin", origin), *((f"Access-Control-Request-{name}", value) for name, value in asked.items())]
    return call(method=method, headers=headers)


def test_preflight_runs_cors_alone(evaluate: Evaluate, io: ScriptedIo) -> None:
    preflight = from_origin("https://ai.azure.com", "OPTIONS", Method="POST", Headers="x-a")
    found = evaluate(inbound="<set-variable name='ran' value='1' />" + CORS, call=preflight)
    assert not found.variables
    assert not io.forwards
    assert dict(found.outcome.headers) == {
        "Access-Control-Allow-Origin": "https://ai.azure.com",
        "Access-Control-Allow-Credentials": "true",
        "Access-Control-Expose-Headers": "X-Id",
        "Access-Control-Allow-Methods": "GET,POST",
        "Access-Control-Allow-Headers": "x-a",
        "Access-Control-Max-Age": "300",
    }


@pytest.mark.parametrize(("origin", "method"), [("https://evil", "POST"), ("https://ai.azure.com", "DELETE")])
def test_preflight_that_is_not_allowed_gets_an_empty_200(
    evaluate: Evaluate, io: ScriptedIo, origin: str, method: str
) -> None:
    outcome = evaluate(inbound=CORS, call=from_origin(origin, "OPTIONS", Method=method)).outcome
    assert (outcome.status, outcome.headers, outcome.body) == (200, [], None)
    assert not io.forwards


def test_cors_marks_the_response_whoever_made_it(evaluate: Evaluate) -> None:
    allowed = from_origin("https://ai.azure.com")
    for inner in ("", "<return-response />", "<set-variable name='x' value='@(((string)null).Length)' />"):
        headers = dict(evaluate(inbound=CORS + inner, call=allowed).outcome.headers)
        assert headers["Access-Control-Allow-Origin"] == "https://ai.azure.com"
    foreign = evaluate(inbound=CORS, call=from_origin("https://evil")).outcome
    assert "Access-Control-Allow-Origin" not in dict(foreign.headers)


def test_limit_concurrency_frees_its_place(evaluate: Evaluate, prepare: Prepare, key: str) -> None:
    inner = f"<limit-concurrency key='{key}' max-count='1'><forward-request /></limit-concurrency>"
    program = prepare(policies(backend=inner))
    assert [evaluate(program=program).outcome.status for _ in range(2)] == [200, 200]
    nested = inner.replace("<forward-request />", inner)
    assert refusal(evaluate(backend=nested))[0] == 429
    assert evaluate(program=program).outcome.status == 200


def test_a_quota_may_last_for_ever(evaluate: Evaluate, prepare: Prepare, key: str) -> None:
    program = prepare(policies(inbound=f"<quota-by-key calls='1' renewal-period='0' counter-key='{key}' />"))
    assert evaluate(program=program).outcome.status == 200
    assert refusal(evaluate(program=program))[2].startswith("Out of call volume quota. Quota will be replenished in 29")


def test_a_condition_that_throws_after_the_answer_is_an_error(evaluate: Evaluate, key: str) -> None:
    limit = (
        f"<rate-limit-by-key calls='1' renewal-period='60' counter-key='{key}'"
        " increment-condition='@(((string)null).Length == 0)' />"
    )
    outcome = evaluate(inbound=limit).outcome
    assert (outcome.status, (outcome.error or {})["Reason"]) == (500, "ExpressionValueEvaluationFailure")


def test_rate_limit_counts_by_subscription(evaluate: Evaluate, prepare: Prepare, key: str) -> None:
    program = prepare(policies(inbound="<rate-limit calls='1' renewal-period='60' />"))
    mine, other = (call(context=call().context | {"Subscription": {"Id": name + key}}) for name in ("a", "b"))
    assert [evaluate(program=program, call=each).outcome.status for each in (mine, mine, other)] == [200, 429, 200]
