# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fragment set-llm-requested-model."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.gateway.fragments.gateway import Gateway, Result

_FRAGMENT = "set-llm-requested-model"


def _send(gateway: Gateway, **request: Any) -> Result:
    return partial(gateway.send, fragments=[_FRAGMENT])(**request)


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "DELETE"])
@pytest.mark.parametrize("body", [None, "", '{"model": "gpt-4o"}'])
def test_a_method_without_body_asks_for_no_model(gateway: Gateway, method: str, body: str | None) -> None:
    result = _send(gateway, method=method, body=body, parameters={"deployment-id": "gpt-4o"})
    assert result.variables["requestedModel"] == "non-llm-request"
    assert result.response is None


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_the_body_names_the_model_and_stays_as_it_is(gateway: Gateway, method: str) -> None:
    body = '{ "created":"2026-01-02T03:04:05+06:00", "n": 1.0, "model" :"GPT-4o"}'
    result = _send(gateway, method=method, body=body)
    assert result.variables["requestedModel"] == "GPT-4o"
    assert result.sent["body"] == body


@pytest.mark.parametrize(
    "body",
    [
        '{"n": {"model": "inner"}, "model": "gpt-4o", "list": [{"model": "inner"}, "model"]}',
        '{"text": "\\"model\\": \\\\", "model": "gpt-4o", "x": "{[\\\\\\"", "models": "other"}',
        '\r\n{"a": -1.5E+3, "b": [true, false, null, NaN, -Infinity], "model"\t:\n"gpt-4o", "c": "model"}\n',
        json.dumps({"text": '\\"' * 200_000 + "x" * 2_000_000, "model": "gpt-4o"}),
        '{"mod\\u0065l": "gpt\\u002D4o"}',
        '{"at": "/Date(253402300800000)/", "n": 1e999, "model": "gpt-4o"}',
        '{"n": ' + "9" * 400 + ', "model": "gpt-4o"}',
        '{"deep": ' + "[" * 500 + "]" * 500 + ', "model": "gpt-4o"}',
        json.dumps(
            {"model": "gpt-4o", "input": list(range(-50_000, 50_000)), "x": {"y": [[], {}, [{"z": [1, "2", 3]}]]}}
        ),
    ],
    ids=range(9),
)
def test_only_the_members_at_the_top_count(gateway: Gateway, body: str) -> None:
    assert _send(gateway, body=body).variables["requestedModel"] == "gpt-4o"


def test_the_deployment_of_the_path_comes_first(gateway: Gateway) -> None:
    result = _send(gateway, model="gpt-4o", parameters={"deployment-id": "gpt-5"})
    assert result.variables["requestedModel"] == "gpt-5"


def test_the_deployment_of_the_path_needs_no_json(gateway: Gateway) -> None:
    result = _send(gateway, body="--boundary\r\n", parameters={"deployment-id": "whisper"})
    assert result.variables["requestedModel"] == "whisper"


@pytest.mark.parametrize(
    "body",
    [
        None,
        "",
        " ",
        "null",
        "[]",
        '[{"model": "gpt-4o"}]',
        '"gpt-4o"',
        "{}",
        '{"model": null}',
        '{"model": 4}',
        '{"model": ["gpt-4o"]}',
        '{"model": {"name": "gpt-4o"}}',
        '{"model": ""}',
        '{"model": " \\t"}',
        '{"model": "gpt-4o"',
        '{"model": "gpt-4o"} {"model": "gpt-5"}',
        '{"model": "gpt-4o", "model": "gpt-5"}',
        '{"model": "gpt-4o", "n": [{"x": "}"}], "mod\\u0065l" : "gpt-4o"}',
        '{"model": ["gpt-4o"], "model": "gpt-5"}',
        '{model: "gpt-4o", "model": "gpt-5"}',
        '{\'model\': "gpt-4o", "model": "gpt-5"}',
        '{/* " */ "model": "gpt-4o", /* " */ "model": "gpt-5"}',
        '{"model": "gpt-5"} /* the end */',
        '{"model": "gpt-5", "MODEL": "gpt-4o"}',
        '{"MODEL": "gpt-4o"}',
        '\ufeff\ufeff{"model": "gpt-4o"}',
        '{"model": "gpt-4o",}',
        '{,"model": "gpt-4o"}',
        '{"a" "model": "gpt-4o"}',
        '{"a": "b" "model": "gpt-4o"}',
        '{"a": 1 2, "model": "gpt-4o"}',
        '{"a": 1, 2, "model": "gpt-4o"}',
        '{"a": [1, ], "model": "gpt-4o"}',
        '{"a": [1}, "model": "gpt-4o"]',
        '{"a": 01, "model": "gpt-4o"}',
        '{"a": +1, "model": "gpt-4o"}',
        '{"a": "\\x", "model": "gpt-4o"}',
        '{"a": "line\n", "model": "gpt-4o"}',
        '{"a": \u00a0 1, "model": "gpt-4o"}',
        "model=gpt-4o",
        '--boundary\r\nContent-Disposition: form-data; name="model"\r\n\r\ngpt-4o\r\n--boundary--\r\n',
        "\x00\x01",
    ],
)
def test_a_body_that_names_no_model_is_answered(gateway: Gateway, body: str | None) -> None:
    result = _send(gateway, body=body)
    assert result.response is not None
    assert result.response["status"] == 400
    assert result.error["type"] == "invalid_request_error"
    assert result.error["code"] == "missing_model_parameter"
    assert result.error["param"] == "model"


def _model_of(body: str) -> str | None:
    """Return the model that a strict parser of another maker finds; None where it finds no single one."""
    try:
        pairs = json.loads(body, object_pairs_hook=lambda members: ("object", members))
    except ValueError:
        return None
    models = [each for each in pairs[1] if each[0].lower() == "model"] if pairs[:1] == ("object",) else []
    (name, model), *others = models or [("", None)]
    return model if name == "model" and not others and isinstance(model, str) and model.strip() else None


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text('mode\\l"{}[],: \n\u00e9', max_size=6),
    lambda each: st.lists(each, max_size=3) | st.dictionaries(st.sampled_from(["model", "a", "MODEL"]), each),
    max_leaves=6,
)


@settings(max_examples=600, deadline=None)
@given(
    members=st.lists(st.tuples(st.sampled_from(["model", "a", "b"]), _VALUES), max_size=4),
    model=st.sampled_from(["gpt-4o", '"', "\\", "\u00e9"]),
    position=st.integers(0, 80),
    change=st.sampled_from(["", "", *'{}[]",:\\0-.e \t\n\u00a0n', "//", "null"]),
    removed=st.integers(0, 2),
)
def test_a_body_is_read_as_any_strict_parser_reads_it(
    gateway: Gateway, members: list[tuple[str, Any]], model: str, position: int, change: str, removed: int
) -> None:
    texts = [f"{json.dumps(name)}: {json.dumps(value)}" for name, value in [*members, ("model", model)]]
    body = "{" + ", ".join(texts) + "}"
    body = body[:position] + change + body[position + removed :]
    result = _send(gateway, body=body)
    assert (None if result.response else result.variables["requestedModel"]) == _model_of(body)


@pytest.mark.parametrize("name", ["non-llm-request", "NON-LLM-Request", " non-llm-request\t"])
@pytest.mark.parametrize("where", ["body", "path"])
def test_a_client_cannot_send_the_sentinel(gateway: Gateway, name: str, where: str) -> None:
    request: dict[str, Any] = {"model": name} if where == "body" else {"parameters": {"deployment-id": name}}
    result = _send(gateway, **request)
    assert result.response is not None
    assert result.response["status"] == 400
    assert result.error["code"] == "unsupported_model"


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_running_twice_is_running_once(gateway: Gateway, method: str) -> None:
    once = _send(gateway, method=method, model="gpt-4o")
    twice = gateway.send(method=method, model="gpt-4o", fragments=[_FRAGMENT, _FRAGMENT])
    assert twice == once


@pytest.mark.parametrize("name", ['a"; return context; \\ {{x}} 🚀', "/Date(0)/", "2026-01-02T03:04:05Z", "\u2028"])
def test_a_name_is_not_interpreted(gateway: Gateway, name: str) -> None:
    assert _send(gateway, body=json.dumps({"model": name})).variables["requestedModel"] == name
