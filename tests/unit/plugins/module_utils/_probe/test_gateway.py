# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the client of a gateway notes of answers, the odd ones above all."""

from __future__ import annotations

import json

import pytest
import trustme
from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.errors import ConfigurationError
from ansible_collections.citadel.ai_gateway.plugins.module_utils._probe.gateway import GatewayClient
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.observations import Observation
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.questions import (
    Question,
    listing_questions,
    question,
)

from tests.unit.plugins.module_utils._probe.gateway_server import GatewayServer, chunk, reply, stream_head

API = {"name": "universal-llm-api", "path": "models", "type": "openai"}
KEY = "5ubscr1pt10n-k3y"
CHAT = question(API, "gpt-4o", "chat", {"max_completion_tokens": 5})
STREAM = question(API, "gpt-4o", "chat", {}, streams=True)


def ask(client: GatewayClient, asked: Question = CHAT, trace: str = "") -> Observation:
    return client.ask(asked, {"api-key": KEY}, trace)


def test_a_question_goes_out_as_it_is(client: GatewayClient, server: GatewayServer) -> None:
    ask(client, trace="debug-token")
    ((method, path, headers, body),) = server.requests
    assert (method, path) == ("POST", "/models/chat/completions")
    assert (headers["api-key"], headers["Apim-Debug-Authorization"]) == (KEY, "debug-token")
    sent = json.loads(body)
    assert (sent["model"], sent["max_completion_tokens"]) == ("gpt-4o", 5)


def test_without_a_trace_none_is_asked_for(client: GatewayClient, server: GatewayServer) -> None:
    ask(client, listing_questions([API])[0])
    ((method, path, headers, body),) = server.requests
    assert (method, path, body) == ("GET", "/models/deployments", b"")
    assert "Apim-Debug-Authorization" not in headers


def test_an_answer_is_noted_with_what_its_headers_tell(client: GatewayClient, server: GatewayServer) -> None:
    server.on_any([reply('{"choices": [1], "error": null}', x_llm_route="the-pool", Apim_Trace_Id="42")])
    seen = ask(client)
    assert seen.is_good
    assert (seen.content, seen.route, seen.trace_id) == ({"choices": [1], "error": None}, "the-pool", "42")
    assert seen.duration_ms > 0


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        (
            '{"error": {"code": "unsupported_model", "message": "No\\nsuch  model"}}',
            "HTTP 400 unsupported_model: No such model",
        ),
        ('{"statusCode": 401, "message": "Access denied"}', "HTTP 400: Access denied"),
        ('{"error": "text"}', "HTTP 400: text"),
        ('["list"]', "HTTP 400: Bad Request"),
        ("<html>sorry</html>", "HTTP 400: Bad Request"),
        ("", "HTTP 400: Bad Request"),
        ("[" * 100_000, "HTTP 400: Bad Request"),
        ('{"error": {"message": "\\u001b[31mred\\u0007"}}', "HTTP 400: [31mred"),
    ],
    ids=["OpenAI", "API Management", "text", "list", "HTML", "empty", "too deep", "escapes of a terminal"],
)
def test_a_refusal_is_told(client: GatewayClient, server: GatewayServer, body: str, outcome: str) -> None:
    server.on_any([reply(body, "400 Bad Request")])
    seen = ask(client)
    assert (seen.is_good, seen.outcome) == (False, outcome)


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (reply("<html>sign in</html>", kind="text/html"), "HTTP 200: the answer is not JSON but text/html"),
        (reply("", kind=""), "HTTP 200: the answer is not JSON but of no type"),
        (reply('{"error": {"code": "x", "message": "broken"}}'), "HTTP 200 x: broken"),
        (reply('{"error": true}'), "HTTP 200: True"),
        (
            reply("", "302 Found", Location="https://login.example/?token=secret"),
            "HTTP 302: it leads to login.example",
        ),
        (reply("", "307 Temporary Redirect", Location="/elsewhere"), "HTTP 307: it leads to another path"),
        (reply("", "302 Found", Location="https://me:pass@login.example/"), "HTTP 302: it leads to login.example"),
        (reply("", "302 Found", Location="https://[::1"), "ValueError: Invalid IPv6 URL"),
    ],
    ids=[
        "HTML",
        "nothing",
        "error under 200",
        "error without a text",
        "redirect",
        "redirect to a path",
        "redirect with a password",
        "redirect to no URL",
    ],
)
def test_what_is_no_answer_of_an_llm_is_not_good(
    client: GatewayClient, server: GatewayServer, answer: bytes, outcome: str
) -> None:
    server.on_any([answer])
    seen = ask(client)
    assert (seen.is_good, seen.outcome) == (False, outcome)
    assert len(server.requests) == 1


def test_a_stream_is_noted_piece_by_piece(client: GatewayClient, server: GatewayServer) -> None:
    pieces: list[bytes | float] = [
        chunk('data: {"choices": [], "prompt_filter_results": []}\n\n'),
        0.1,
        chunk('data: {"choices": [{"delta": {"content": "one"}}]}\r\n\r\n: a comment\n\n'),
        chunk(
            'data: {"choices": [{"delta": {}, "finish_reason": "length"}]}\n\ndata: {"choices": [], "usage": {}}\n\n'
        ),
    ]
    server.on_any([stream_head(), *pieces, chunk("data: [DONE]\n\n"), chunk("")])
    seen = ask(client, STREAM)
    assert seen.is_good
    assert seen.was_cut_short
    assert [piece.has_text for piece in seen.pieces] == [False, True, False, False]
    assert [piece.size for piece in seen.pieces][:2] == [50, 50]
    assert seen.pieces[0].at_ms + 50 < seen.parts[0].at_ms <= seen.duration_ms


def test_a_stream_of_a_response_ends_with_its_own_event(client: GatewayClient, server: GatewayServer) -> None:
    kinds = ("created", "output_text.delta", "completed")
    events = [f'event: response.{kind}\ndata: {{"type": "response.{kind}", "delta": "x"}}\n\n' for kind in kinds]
    server.on_any([stream_head(), *map(chunk, events), chunk("")])
    seen = ask(client, STREAM)
    assert (seen.is_good, len(seen.pieces), len(seen.parts)) == (True, 3, 1)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry_After": "7"}, 7.0),
        ({"Retry_After": "7", "retry_after_ms": "1500"}, 1.5),
        ({"Retry_After": "Thu, 01 Jan 1970 00:00:00 GMT"}, 0.0),
        ({"Retry_After": "soon"}, None),
        ({"Retry_After": "-1"}, None),
        ({"Retry_After": "9" * 400}, None),
    ],
)
def test_when_to_come_again_is_read(
    client: GatewayClient, server: GatewayServer, headers: dict[str, str], seconds: float | None
) -> None:
    server.on_any([reply("{}", "429 Too Many Requests", **headers)])
    assert ask(client).retry_after == seconds


@pytest.mark.parametrize(
    ("pieces", "error"),
    [
        ([chunk("data: {}\n\n"), chunk("")], "the stream ended before its end"),
        ([chunk('data: {"error": {"message": "overloaded"}}\n\n'), chunk("data: [DONE]\n\n"), chunk("")], "overloaded"),
        ([chunk("data: {}\n\n"), b"ff\r\ncut"], "ChunkedEncodingError"),
        ([chunk("data: {}\n\n"), 0.8], "ConnectionError: Read timed out."),
    ],
    ids=["without its end", "with an error in it", "cut", "stalled"],
)
def test_a_stream_that_breaks_is_not_good(
    client: GatewayClient, server: GatewayServer, pieces: list[bytes | float], error: str
) -> None:
    head: list[bytes | float] = [stream_head()]
    server.on_any(head + pieces)
    seen = ask(client, STREAM)
    assert not seen.is_good
    assert error in seen.error


def test_a_gateway_that_does_not_answer_in_time_is_told(client: GatewayClient, server: GatewayServer) -> None:
    server.on_any([0.8])
    seen = ask(client)
    assert (seen.status, seen.error.partition(" (")[0]) == (None, "ReadTimeout: Read timed out.")


def test_a_gateway_that_hangs_up_is_told_without_its_url(client: GatewayClient, server: GatewayServer) -> None:
    server.on_any([])
    seen = ask(client)
    assert seen.status is None
    assert seen.error.startswith("ConnectionError: ")
    assert server.url not in seen.outcome


def test_nobody_there_is_told() -> None:
    seen = ask(GatewayClient("https://127.0.0.1:9", 1, 1))
    assert (seen.status, "Connection refused" in seen.error) == (None, True)


def test_a_certificate_of_nobody_known_is_refused() -> None:
    with GatewayServer(trustme.CA()) as stranger:
        seen = ask(GatewayClient(stranger.url, 1, 1))
    assert seen.status is None
    assert seen.error.startswith("SSLError: unable to get local issuer certificate")
    assert stranger.requests == []


def test_a_bundle_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", __file__)
    with pytest.raises(ConfigurationError, match="REQUESTS_CA_BUNDLE"):
        GatewayClient("https://127.0.0.1:9", 1, 1)


def test_no_cookie_pins_what_follows_to_one_backend(client: GatewayClient, server: GatewayServer) -> None:
    server.on_any([reply("{}", Set_Cookie="ARRAffinity=one; Path=/")])
    ask(client)
    ask(client)
    assert [headers.get("Cookie") for _method, _path, headers, _body in server.requests] == [None, None]


@pytest.mark.parametrize("filler", ["", "x" * 290], ids=["whole", "where the text is cut"])
def test_an_answer_that_repeats_the_key_does_not_tell_it(
    client: GatewayClient, server: GatewayServer, filler: str
) -> None:
    error = {"code": KEY, "message": f"{filler}the key {KEY} and the token debug-token are wrong"}
    server.on_any([reply(json.dumps({"error": error}), "401 Unauthorized", x_llm_route=KEY)])
    seen = ask(client, trace="debug-token")
    told = f"{seen.outcome} {seen.route}"
    assert "***" in told
    assert KEY[:6] not in told
    assert "debug-token" not in told
    assert len(seen.message) <= 300


@pytest.mark.parametrize("repeated", ["pr0vider-cred", "Bearer pr0vider-cred", "pr0vider%2Fcred?", "Bearer sk-other-9"])
def test_an_answer_that_repeats_a_credential_of_the_gateway_does_not_tell_it(
    server: GatewayServer, repeated: str
) -> None:
    client = GatewayClient(server.url, 1, 0.5, ["Bearer pr0vider-cred", "pr0vider/cred", ""])
    server.on_any([reply(json.dumps({"error": {"message": f"Incorrect key: {repeated}"}}), "401 Unauthorized")])
    seen = ask(client)
    assert seen.outcome.startswith("HTTP 401: Incorrect key: ")
    assert "***" in seen.outcome
    assert not any(part in seen.outcome for part in ("pr0vider", "cred", "sk-"))


def test_the_model_that_an_answer_names_is_noted(client: GatewayClient, server: GatewayServer) -> None:
    assert ask(client).model == ""
    server.on_any([reply('{"choices": [1]}', x_llm_model="gpt-4o")])
    assert ask(client).model == "gpt-4o"


def test_an_answer_that_hands_out_a_credential_is_noted_without_it(server: GatewayServer) -> None:
    client = GatewayClient(server.url, 1, 0.5, ["pr0vider-cred"], ["contoso-client"])
    server.on_any([reply('{"choices": ["pr0vider-cred contoso-client"]}', x_debug_auth="Bearer pr0vider-cred")])
    seen = ask(client)
    assert seen.exposes == ("header x-debug-auth", "the body")
    server.on_any([stream_head(), chunk('data: {"x": "pr0vider-cred"}\n\n')])
    assert ask(client, STREAM).exposes == ("the body",)
    server.on_any([reply('{"choices": ["contoso-client"]}', x_tenant="contoso-client", x_echo=KEY)])
    assert ask(client).exposes == ()


def test_the_name_of_a_route_stays_as_it_is(client: GatewayClient, server: GatewayServer) -> None:
    name = "gpt4o" + "x" * 40
    server.on_any([reply('{"choices": [1]}', x_llm_route=name)])
    assert ask(client).route == name
