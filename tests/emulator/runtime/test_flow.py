# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""In which order what runs, and what an error does."""

from __future__ import annotations

import json
import time

import pytest
from apim_emulator.runtime import Answer, ForwardError

from .conftest import Evaluate, ScriptedIo

REFUSED = ForwardError("forward-request", "BackendConnectionFailure", "Connection refused.")
OPEN = ForwardError("forward-request", "BackendUnavailable", "Backend pool 'p' is temporarily unavailable.", 503)
NOTE = '<set-variable name=\'log\' value=\'@(context.Variables.GetValueOrDefault<string>("log", "") + "{}")\' />'
BROKEN = "<set-variable name='x' value='@(((string)null).Length)' />"
RETRY = (
    "<retry condition='@(context.Response == null || context.Response.StatusCode == 429 || context.Response.StatusCode"
    " >= 500)' count='2' interval='0'>{}</retry>"
)
FORWARD = "<forward-request buffer-request-body='true' />"


def note(letter: str) -> str:
    return NOTE.replace("{}", letter)


def throttled() -> Answer:
    return Answer(429, "Too Many Requests", [("Retry-After", "5")], b"slow down")


def test_sections_run_in_order(evaluate: Evaluate) -> None:
    sections = {name: note(name[0]) for name in ("inbound", "outbound", "on_error")}
    found = evaluate(**sections)
    assert found.variables["log"] == "io"
    assert found.outcome.status == 200


def test_return_response_ends_everything(evaluate: Evaluate, io: ScriptedIo) -> None:
    answer = (
        "<return-response><set-status code='403' reason='No' /><set-header name='X-A'><value>1</value></set-header>"
        '<set-body>@("b" + 1)</set-body></return-response>'
    )
    nested = f"<choose><when condition='@(true)'>{answer}{note('n')}</when></choose>"
    found = evaluate(inbound=nested + note("i"), outbound=note("o"), on_error=note("e"))
    assert (found.outcome.status, found.outcome.reason, found.outcome.body) == (403, "No", b"b1")
    assert found.outcome.headers == [("X-A", "1")]
    assert "log" not in found.variables
    assert not io.forwards


def test_choose_takes_the_first_branch_that_applies(evaluate: Evaluate) -> None:
    choose = (
        f"<choose><when condition='@(false)'>{note('a')}</when><when condition='@(1 == 1)'>{note('b')}</when>"
        f"<when condition='true'>{note('c')}</when><otherwise>{note('d')}</otherwise></choose>"
    )
    otherwise = f"<choose><when condition='false'>{note('e')}</when><otherwise>{note('f')}</otherwise></choose>"
    assert evaluate(inbound=choose + otherwise).variables["log"] == "bf"


def test_without_forward_request_the_answer_is_an_empty_200(evaluate: Evaluate, io: ScriptedIo) -> None:
    outcome = evaluate(backend="<choose><when condition='false' /></choose>").outcome
    assert (outcome.status, outcome.body, outcome.stream) == (200, None, None)
    assert not io.forwards


def test_an_expression_that_throws_skips_to_on_error(evaluate: Evaluate, io: ScriptedIo) -> None:
    nested = f"<choose><when condition='true'><choose><when condition='true'>{BROKEN}</when></choose></when></choose>"
    show = "<set-variable name='shown' value='@(context.LastError.Reason + context.Response.StatusCode)' />"
    found = evaluate(inbound=nested + note("i"), on_error=note("e") + show)
    assert found.variables["log"] == "e"
    assert found.variables["shown"] == "ExpressionValueEvaluationFailure500"
    assert found.outcome.error == {
        "Source": "set-variable",
        "Reason": "ExpressionValueEvaluationFailure",
        "Message": "Expression evaluation failed. Object reference not set to an instance of an object",
        "Scope": "api",
        "Section": "inbound",
        "Path": "choose[1]/when[1]/choose[1]/when[1]",
        "PolicyId": None,
    }
    assert not io.forwards


def test_an_error_that_nobody_answers_is_an_internal_one(evaluate: Evaluate) -> None:
    outcome = evaluate(inbound=BROKEN.replace("name=", "id='mine' name=")).outcome
    body = json.loads(outcome.body or b"")
    assert (outcome.status, body["statusCode"], body["message"]) == (500, 500, "Internal server error")
    assert body["activityId"]
    assert outcome.error
    assert outcome.error["PolicyId"] == "mine"


def test_on_error_may_answer(evaluate: Evaluate) -> None:
    answer = (
        "<return-response><set-status code='418' /><set-body>@(context.LastError.Source)</set-body></return-response>"
    )
    outcome = evaluate(inbound=BROKEN, on_error=answer + note("e")).outcome
    assert (outcome.status, outcome.body, outcome.error) == (418, b"set-variable", None)


def test_on_error_may_change_the_response_of_the_error(evaluate: Evaluate) -> None:
    header = "<set-header name='X-E'><value>1</value></set-header>"
    change = f"<set-status code='502' reason='Bad' />{header}<set-body>b</set-body>"
    outcome = evaluate(inbound=BROKEN, on_error=change).outcome
    assert (outcome.status, outcome.reason, outcome.body) == (502, "Bad", b"b")
    assert ("X-E", "1") in outcome.headers
    assert outcome.error


def test_an_error_in_on_error_replaces_the_first(evaluate: Evaluate) -> None:
    broken = "<set-header name='x'><value>@(((string)null).Trim())</value></set-header>"
    error = evaluate(inbound=BROKEN, on_error=broken + note("e")).outcome.error
    assert error
    assert (error["Source"], error["Section"]) == ("set-header", "on-error")


def test_error_statuses_of_a_backend_are_responses(evaluate: Evaluate, io: ScriptedIo) -> None:
    io.replies = [Answer(503, "Gone", [], b"x")]
    found = evaluate(outbound=note("o"), on_error=note("e"))
    assert (found.outcome.status, found.outcome.body, found.variables["log"]) == (503, b"x", "o")


def test_unless_forward_request_is_to_fail(evaluate: Evaluate, io: ScriptedIo) -> None:
    io.replies = [Answer(404, "Not Found", [], b"x")]
    found = evaluate(backend="<forward-request fail-on-error-status-code='true' />", on_error=note("e"))
    assert (found.outcome.status, found.outcome.body, found.variables["log"]) == (404, b"x", "e")


def test_a_failed_connection_is_an_error(evaluate: Evaluate, io: ScriptedIo) -> None:
    io.replies = [REFUSED]
    found = evaluate(outbound=note("o"), on_error=note("e"))
    assert found.variables["log"] == "e"
    assert found.outcome.status == 500
    assert found.outcome.error
    assert (found.outcome.error["Reason"], found.outcome.error["Section"]) == ("BackendConnectionFailure", "backend")


def test_an_open_breaker_answers_503_and_says_so(evaluate: Evaluate, io: ScriptedIo) -> None:
    io.replies = [OPEN]
    show = "<set-variable name='status' value='@(context.Response.StatusCode)' />"
    found = evaluate(on_error=show)
    assert found.variables["status"] == 503
    assert json.loads(found.outcome.body or b"") == {"statusCode": 503, "message": OPEN.message}


def test_retry_forwards_again_until_it_succeeds(evaluate: Evaluate, io: ScriptedIo) -> None:
    io.replies = [throttled(), throttled(), Answer(200, "OK", [], b"at last")]
    found = evaluate(backend=RETRY.format(FORWARD + note("r")))
    assert (found.outcome.status, found.outcome.body) == (200, b"at last")
    assert found.variables["log"] == "rrr"
    assert [forward.body for forward in io.forwards] == [b'{"model": "gpt-4o"}'] * 3


def test_retry_gives_up_after_count_and_one(evaluate: Evaluate, io: ScriptedIo) -> None:
    io.replies = [throttled()]
    outcome = evaluate(backend=RETRY.format(FORWARD)).outcome
    assert (outcome.status, outcome.body, len(io.forwards)) == (429, b"slow down", 3)
    assert ("Retry-After", "5") in outcome.headers


def test_retry_survives_a_failed_connection_with_a_null_response(evaluate: Evaluate, io: ScriptedIo) -> None:
    io.replies = [throttled(), REFUSED, Answer(200, "OK", [], b"x")]
    seen = "<set-variable name='seen' value='@(context.Response == null)' />"
    found = evaluate(
        backend=RETRY.format(seen + FORWARD), outbound="<set-variable name='e' value='@(context.LastError == null)' />"
    )
    assert found.outcome.status == 200
    assert found.variables["seen"] is True
    assert found.variables["e"] is True


def test_retry_passes_an_error_on_in_the_end(evaluate: Evaluate, io: ScriptedIo) -> None:
    io.replies = [REFUSED]
    found = evaluate(backend=RETRY.format(FORWARD), on_error=note("e"))
    assert (len(io.forwards), found.variables["log"], found.outcome.status) == (3, "e", 500)


def test_a_condition_that_does_not_guard_a_null_response_fails(evaluate: Evaluate, io: ScriptedIo) -> None:
    io.replies = [REFUSED]
    retry = f"<retry condition='@(context.Response.StatusCode == 429)' count='2' interval='0'>{FORWARD}</retry>"
    error = evaluate(backend=retry).outcome.error
    assert error
    assert (error["Source"], error["Reason"], len(io.forwards)) == ("retry", "ExpressionValueEvaluationFailure", 1)


def test_the_condition_sees_the_status_of_an_exhausted_pool(evaluate: Evaluate, io: ScriptedIo) -> None:
    io.replies = [OPEN]
    retry = f"<retry condition='@(context.Response.StatusCode != 503)' count='2' interval='0'>{FORWARD}</retry>"
    outcome = evaluate(backend=retry).outcome
    assert (outcome.status, len(io.forwards)) == (503, 1)


def test_a_body_that_is_not_buffered_leaves_once(evaluate: Evaluate, io: ScriptedIo) -> None:
    io.replies = [throttled(), Answer(200, "OK", [])]
    evaluate(backend=RETRY.format("<forward-request />"))
    assert [forward.body for forward in io.forwards] == [b'{"model": "gpt-4o"}', b""]


@pytest.mark.parametrize(
    ("attributes", "least", "most"),
    [
        ("interval='1'", 2.0, 2.9),
        ("interval='1' first-fast-retry='true'", 1.0, 1.9),
        ("interval='0' delta='1'", 1.0, 1.9),
        ("interval='0' delta='5' max-interval='1'", 2.0, 2.9),
    ],
)
def test_retry_waits(evaluate: Evaluate, attributes: str, least: float, most: float) -> None:
    backend = f"<retry condition='@(true)' count='2' {attributes}>{note('r')}</retry>"
    evaluate(backend="<retry condition='@(false)' count='1' interval='0'><set-variable name='r' value='' /></retry>")
    started = time.monotonic()
    found = evaluate(backend=backend)
    assert least <= time.monotonic() - started < most + 1.0
    assert found.variables["log"] == "rrr"
