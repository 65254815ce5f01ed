# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What expressions see as `context`, and how its messages behave."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest
from apim_emulator.runtime import Answer

from .conftest import Evaluate, ScriptedIo, call

Value = Callable[..., Any]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("context.Api.Name + context.Operation.Id + context.Product.Name", "ChatcompleteGold"),
        ("context.User == null && context.LastError == null && context.Response == null", True),
        ("context.Request.MatchedParameters[\"deployment-id\"]", "gpt-4o"),
        ("context.Request.MatchedParameters.ContainsKey(\"other\")", False),
        ("context.Deployment.Region + context.Deployment.Gateway.IsManaged", "West EuropeTrue"),
        ("context.Request.IpAddress + context.Request.Method", "10.0.0.7POST"),
        ("context.Request.Headers.GetValueOrDefault(\"X-MANY\", \"\")", "a,b"),
        ("context.Request.Headers[\"x-Many\"].Length", 2),
        ("context.Request.Headers.GetValueOrDefault(\"none\", \"d\")", "d"),
        ("context.Request.Headers.GetValueOrDefault(\"none\") == null", True),
        ("context.Variables.GetValueOrDefault<int>(\"none\", 4)", 4),
        ("context.Variables.ContainsKey(\"V\") || context.Variables.ContainsKey(\"x\")", False),
        ("context.RequestId.ToString().Length + (context.Elapsed.TotalSeconds >= 0 ? 0 : 1)", 36),
        ("context.Timestamp.Year > 2000", True),
    ],
)  # fmt: skip
def test_members(value: Value, expression: str, expected: Any) -> None:
    assert value(expression) == expected


def test_product_subscription_and_user_are_null_without_a_key(value: Value) -> None:
    anonymous = call(context={"Api": {"Id": "a"}, "Product": None})
    expression = 'context.Product?.Name ?? (context.Subscription == null && context.User == null ? "none" : "")'
    assert value(expression, call=anonymous) == "none"


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("context.Request.Url.Path", "/a%2Fb/c"),
        ("context.Request.OriginalUrl.Path", "/openai/a%2Fb/c"),
        ("context.Request.Url.QueryString", "?q=x%20y&Q=z&e="),
        ("context.Request.Url.Query.GetValueOrDefault(\"q\", \"\")", "x y,z"),
        ("context.Request.Url.Query[\"e\"][0] + context.Request.Url.Query.Count", "2"),
        ("context.Request.OriginalUrl.Scheme + context.Request.Url.Host + context.Request.Url.Port", "httpsgw8443"),
    ],
)  # fmt: skip
def test_urls(value: Value, expression: str, expected: str) -> None:
    query = "?q=x%20y&Q=z&e="
    request = call(url=f"/a%2Fb/c{query}", original_url=f"https://gw:8443/openai/a%2Fb/c{query}")
    assert value(expression, call=request) == expected


@pytest.mark.parametrize(
    ("written", "type_name", "expected"),
    [
        ("1", "string", "1"),
        ("@(1)", "int", 1),
        ("@(1L)", "long", 1),
        ("@(true)", "bool", True),
        ('@(new JArray(1, "a"))', "JArray", [1, "a"]),
        ("@(new byte[] { 65 })", "byte[]", "A"),
        ("@((string)null)", "object", None),
    ],
)
def test_variables_keep_their_types(evaluate: Evaluate, written: str, type_name: str, expected: Any) -> None:
    set_it = f"<set-variable name='v' value='{written}' />"
    look = f"<set-variable name='is' value='@(context.Variables[\"v\"] is {type_name})' />"
    variables = evaluate(inbound=set_it + look + "<return-response />").variables
    assert variables == {"v": expected, "is": expected is not None}


def test_a_variable_of_another_type_fails(evaluate: Evaluate) -> None:
    read = "<set-variable name='b' value='@(context.Variables.GetValueOrDefault<int>(\"a\"))' />"
    error = evaluate(inbound=read, variables={"a": "1"}).outcome.error
    assert error
    assert error["Reason"] == "ExpressionValueEvaluationFailure"


def test_a_body_that_is_preserved_travels_on(value: Value, io: ScriptedIo) -> None:
    read = '(string)context.Request.Body.As<JObject>(true)["model"] + context.Request.Body.As<string>(true).Length'
    assert value(read, backend="<forward-request />") == "gpt-4o19"
    assert io.forwards[0].body == b'{"model": "gpt-4o"}'


def test_a_body_that_is_read_without_preserving_is_gone(value: Value, io: ScriptedIo) -> None:
    assert value("context.Request.Body.As<string>().Length", backend="<forward-request />") == 19
    assert io.forwards[0].body == b""


def test_a_second_read_of_a_consumed_body_fails(evaluate: Evaluate) -> None:
    read = "<set-variable name='{}' value='@(context.Request.Body.As<string>())' />"
    found = evaluate(inbound=read.format("a") + read.format("b"))
    assert "a" in found.variables
    assert "b" not in found.variables
    assert found.outcome.status == 500


def test_no_body_is_null_and_an_empty_one_is_not(value: Value, io: ScriptedIo) -> None:
    assert value("context.Request.Body == null", call=call(body=None), backend="<forward-request />") is True
    assert value("context.Request.Body == null", call=call(body=b"")) is False
    assert io.forwards[0].body is None


@pytest.mark.parametrize(
    ("expression", "body", "expected"),
    [
        ("context.Request.Body.As<byte[]>(true).Length", b"\x00\xff\xfe", 3),
        ("context.Request.Body.As<JToken>(true).Type.ToString()", b"[1]", "Array"),
        ("context.Request.Body.As<JArray>(true).Count", b"[1, 2]", 2),
        ("context.Request.Body.As<XElement>(true).Name.LocalName", b"<a/>", "a"),
        ("context.Request.Body.As<string>(true)", "é模🚀".encode(), "é模🚀"),
        ('context.Request.Body.AsFormUrlEncodedContent(true)["a"][1]', b"a=1&b=2&a=x%20y", "x y"),
    ],
)
def test_forms_of_a_body(value: Value, expression: str, body: bytes, expected: Any) -> None:
    assert value(expression, call=call(body=body)) == expected


def test_the_charset_of_a_body_counts(value: Value) -> None:
    latin = call(body="é".encode("latin-1"), headers=[("Content-Type", "text/plain; charset=iso-8859-1")])
    assert value("context.Request.Body.As<string>(true)", call=latin) == "é"


def test_a_response_stays_a_stream_unless_a_policy_reads_it(evaluate: Evaluate, io: ScriptedIo) -> None:
    io.replies = [Answer(200, "OK", [("Content-Type", "text/event-stream")], stream=7)]
    change = "<set-header name='X-Status'><value>@(context.Response.StatusCode)</value></set-header>"
    outcome = evaluate(outbound=change).outcome
    assert (outcome.stream, outcome.body, io.read_streams) == (7, None, [])
    assert ("X-Status", "200") in outcome.headers


def test_reading_a_streamed_response_fetches_it(evaluate: Evaluate, io: ScriptedIo) -> None:
    io.replies = [Answer(200, "OK", [("Content-Length", "9")], stream=7)]
    io.streams = {7: b'{"a": 12}'}
    read = "<set-variable name='a' value='@((int)context.Response.Body.As<JObject>(true)[\"a\"])' />"
    found = evaluate(outbound=read)
    assert (found.variables["a"], found.outcome.body, found.outcome.stream) == (12, b'{"a": 12}', None)
    assert io.read_streams == [7]


def test_changing_a_streamed_response_drops_it_and_its_length(evaluate: Evaluate, io: ScriptedIo) -> None:
    io.replies = [Answer(200, "OK", [("Content-Length", "9"), ("X-A", "1")], stream=7)]
    outcome = evaluate(outbound="<set-body>new</set-body>").outcome
    assert (outcome.stream, outcome.body, outcome.headers) == (None, b"new", [("X-A", "1")])


def test_bodies_are_bytes_on_the_way(evaluate: Evaluate, io: ScriptedIo) -> None:
    body = bytes(range(256)) * 8192
    io.replies = [Answer(200, "OK", [], body[::-1])]
    found = evaluate(call=call(body=body))
    assert io.forwards[0].body == body
    assert found.outcome.body == body[::-1]
    assert base64.b64decode(found.state["body"]) == b""


def test_messages_of_expressions_are_traced(evaluate: Evaluate, io: ScriptedIo) -> None:
    trace = "<trace source='s' severity='error'><message>@(\"m\" + 1)</message><metadata name='k' value='v' /></trace>"
    evaluate(inbound="<set-variable name='x' value='@{ context.Trace(\"told\"); return 1; }' />" + trace)
    assert io.events == [
        {"kind": "trace", "source": "context.Trace", "message": "told"},
        {"kind": "trace", "source": "s", "severity": "error", "message": "m1", "metadata": {"k": "v"}},
    ]
