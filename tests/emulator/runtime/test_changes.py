# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Policies that change the request or the response, and those that send requests of their own."""

from __future__ import annotations

import pytest
from apim_emulator.runtime import Answer, ForwardError, ScopedPolicy

from .conftest import Evaluate, Prepare, ScriptedIo, call, policies

MANY = [("X-Many", "a"), ("x-many", "b")]


def header(action: str, *values: str, name: str = "X-Many") -> str:
    inner = "".join(f"<value>{value}</value>" for value in values)
    return f"<set-header name='{name}' exists-action='{action}'>{inner}</set-header>"


def parameter(action: str, value: str) -> str:
    return f"<set-query-parameter name='v' exists-action='{action}'><value>{value}</value></set-query-parameter>"


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (header("override", "c", "@(1 + 1)"), [("X-Many", "c,2")]),
        (header("skip", "c"), MANY),
        (header("append", "c"), [("X-Many", "a,b,c")]),
        (header("delete"), []),
        (header("skip", "c", name="X-New"), [*MANY, ("X-New", "c")]),
        (header("override", "c", "d", name="Cookie"), [*MANY, ("Cookie", "c"), ("Cookie", "d")]),
        (header("override", "1", name="Content-Length"), MANY),
    ],
)  # fmt: skip
def test_set_header(evaluate: Evaluate, io: ScriptedIo, policy: str, expected: list[tuple[str, str]]) -> None:
    evaluate(inbound=policy)
    assert [pair for pair in io.forwards[0].headers if pair[0] != "Content-Type"] == expected


def test_headers_of_the_response_change_after_it_came(evaluate: Evaluate, io: ScriptedIo) -> None:
    io.replies = [Answer(200, "OK", [("X-B", "1")])]
    outcome = evaluate(outbound=header("override", "2", name="x-b")).outcome
    assert outcome.headers == [("x-b", "2")]


@pytest.mark.parametrize(
    ("url", "policy", "expected"),
    [
        ("/p", parameter("override", "a b"), "/p?v=a%20b"),
        ("/p?V=1", parameter("skip", "2"), "/p?V=1"),
        ("/p?v=1", parameter("append", "2"), "/p?v=1&v=2"),
        ("/p?v=1&w=%2F+x", "<set-query-parameter name='v' exists-action='delete' />", "/p?w=%2F%20x"),
        ("/p?v=1", "<set-query-parameter name='v' exists-action='delete' />", "/p"),
        ("/p?w=+x", "<set-query-parameter name='v' exists-action='delete' />", "/p?w=+x"),
        ("/p?b=1", "<rewrite-uri template='/put' />", "/put?b=1"),
        ("/p?a=1&c=2", "<rewrite-uri template='/put' />", "/put?c=2"),
        ("/p?b=1", "<rewrite-uri template='put?x=1' copy-unmatched-params='false' />", "/put?x=1"),
        ("/p?b=1", "<rewrite-uri template='/put?b=2&amp;x=1' />", "/put?b=2&x=1"),
        ("/p", "<rewrite-uri template='/m/{deployment-id}/x' />", "/m/gpt-4o/x"),
        ("/p", "<rewrite-uri template='@(\"/m/{deployment-id}\")' />", "/m/{deployment-id}"),
    ],
)  # fmt: skip
def test_urls(evaluate: Evaluate, io: ScriptedIo, url: str, policy: str, expected: str) -> None:
    evaluate(inbound=policy, call=call(url=url))
    assert io.forwards[0].path_and_query == expected


def test_a_template_with_an_unknown_parameter_fails(evaluate: Evaluate, io: ScriptedIo) -> None:
    assert evaluate(inbound="<rewrite-uri template='/m/{other}' />").outcome.error
    assert not io.forwards


def test_method_and_bodies(evaluate: Evaluate, io: ScriptedIo) -> None:
    io.replies = [Answer(200, "OK", [], b"one two")]
    replace = "<find-and-replace from='two' to='@(\"3\")' />"
    inbound = '<set-method>@("PU" + "T")</set-method><set-body>@(context.Request.Body.As<string>() + "!")</set-body>'
    outcome = evaluate(inbound=inbound, outbound=replace).outcome
    assert (io.forwards[0].method, io.forwards[0].body) == ("PUT", b'{"model": "gpt-4o"}!')
    assert outcome.body == b"one 3"


def test_what_forward_request_asks_for(evaluate: Evaluate, io: ScriptedIo) -> None:
    evaluate(backend="<forward-request timeout-ms='1500' follow-redirects='true' buffer-response='false' />")
    evaluate(backend="<forward-request timeout='@(3 + 4)' />")
    first, second = io.forwards
    assert (first.timeout, first.follow_redirects, first.buffer_response) == (1.5, True, False)
    assert (second.timeout, second.follow_redirects, second.buffer_response) == (7, False, True)


SET = "<set-backend-service {} />"


@pytest.mark.parametrize(
    ("outer", "inner", "expected"),
    [
        ("", "", (None, None)),
        (SET.format("backend-id='b1'"), "", ("b1", None)),
        (SET.format("backend-id='b1'"), SET.format("backend-id='@(\"b2\")'"), ("b2", None)),
        (SET.format("backend-id='b1'"), SET.format("base-url='https://x'"), ("b1", None)),
        (SET.format("base-url='https://y'"), SET.format("base-url='https://x'"), (None, "https://x")),
        ("", SET.format("backend-id='b1'") + SET.format("base-url='https://x'"), (None, "https://x")),
    ],
)
def test_a_backend_id_of_an_outer_scope_yields_to_ids_only(
    evaluate: Evaluate, prepare: Prepare, io: ScriptedIo, outer: str, inner: str, expected: tuple[str | None, ...]
) -> None:
    product = ScopedPolicy("product", "/products/gold", policies(inbound=outer))
    evaluate(program=prepare(product, policies(inbound="<base />" + inner)))
    assert (io.forwards[0].backend_id, io.forwards[0].base_url) == expected


def test_managed_identity_sets_the_header_or_a_variable(evaluate: Evaluate, io: ScriptedIo) -> None:
    one = "<authentication-managed-identity resource='@(\"https://a\")' client-id='c' />"
    other = "<authentication-managed-identity resource='https://b' output-token-variable-name='t' />"
    found = evaluate(inbound=one + other)
    assert io.tokens == [("https://a", "c"), ("https://b", None)]
    assert ("Authorization", "Bearer token-for-https://a") in io.forwards[0].headers
    assert found.variables["t"] == "token-for-https://b"


def test_a_missing_identity_is_an_error_unless_ignored(evaluate: Evaluate, io: ScriptedIo) -> None:
    policy = "<authentication-managed-identity resource='r' client-id='unknown' {} />"
    error = evaluate(inbound=policy.format("")).outcome.error
    assert error
    assert (error["Source"], error["Reason"]) == ("authentication-managed-identity", "IdentityNotFound")
    assert evaluate(inbound=policy.format("ignore-error='true'")).outcome.error is None
    assert len(io.forwards) == 1


def test_send_request_keeps_the_response_in_a_variable(evaluate: Evaluate, io: ScriptedIo) -> None:
    io.replies = [Answer(201, "Created", [("X-A", "1")], b'{"k": 1}'), Answer(200, "OK", [], b"")]
    send = (
        "<send-request mode='new' response-variable-name='r' timeout='3'><set-url>@(\"https://x/\" + 1)</set-url>"
        "<set-method>PUT</set-method><set-header name='A'><value>b</value></set-header><set-body>c</set-body>"
        "<authentication-managed-identity resource='m' /></send-request>"
    )
    read = (
        "<set-variable name='v' value='@{ var r = (IResponse)context.Variables[\"r\"]; return r.StatusCode"
        ' + r.Headers.GetValueOrDefault("x-a", "") + r.Body.As<JObject>()["k"]; }\' />'
    )
    found = evaluate(inbound=send + read)
    (sent,) = io.sent
    assert (sent.method, sent.url, sent.body, sent.timeout) == ("PUT", "https://x/1", b"c", 3)
    assert sent.headers == [("A", "b"), ("Authorization", "Bearer token-for-m")]
    assert found.variables["v"] == "20111"
    assert "Authorization" not in dict(io.forwards[0].headers)


def test_a_copied_request_and_a_returned_response(evaluate: Evaluate, io: ScriptedIo) -> None:
    io.replies = [Answer(202, "Accepted", [("X-A", "1")], b"body")]
    send = "<send-request mode='copy' response-variable-name='r'><set-url>https://x</set-url></send-request>"
    outcome = evaluate(inbound=send + "<return-response response-variable-name='r' />").outcome
    assert (outcome.status, outcome.headers, outcome.body) == (202, [("X-A", "1")], b"body")
    assert (io.sent[0].method, io.sent[0].body) == ("POST", b'{"model": "gpt-4o"}')


def test_a_request_that_fails_may_be_ignored(evaluate: Evaluate, io: ScriptedIo) -> None:
    io.replies = [ForwardError("send-request", "Timeout", "Too late.")]
    send = "<send-request response-variable-name='r' ignore-error='{}'><set-url>https://x</set-url></send-request>"
    end = "<return-response />"
    assert evaluate(inbound=send.format("true") + end).variables == {"r": None}
    error = evaluate(inbound=send.format("false") + end).outcome.error
    assert error
    assert error["Reason"] == "Timeout"


def test_a_one_way_request_is_sent(evaluate: Evaluate, io: ScriptedIo) -> None:
    policy = (
        "<send-one-way-request><set-url>https://x/log</set-url><set-method>POST</set-method></send-one-way-request>"
    )
    evaluate(inbound=policy)
    assert [(sent.method, sent.url) for sent in io.sent] == [("POST", "https://x/log")]


def test_basic_authentication_and_mock_response(evaluate: Evaluate, io: ScriptedIo) -> None:
    evaluate(inbound="<authentication-basic username='u' password='@(\"p\")' />")
    assert ("Authorization", "Basic dTpw") in io.forwards[0].headers
    outcome = evaluate(inbound="<mock-response status-code='201' content-type='text/plain' />").outcome
    assert (outcome.status, outcome.headers) == (201, [("Content-Type", "text/plain")])
