# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where answers hand out credentials, and what in right answers only looks like one."""

from __future__ import annotations

import base64
import json

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._probe.exposure import Exposure

JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJnYXRld2F5In0.c2lnbmF0dXJl-_1"
KNOWN, KEY, RANDOM = "pr0vider/cred", "5ubscr1pt10n-k3y", "9f86d081884c7d659a2feaa0c55ad015"
EXPOSURE = Exposure([f"Bearer {KNOWN}", "short", ""])


def places(body: object = None, **headers: str) -> tuple[str, ...]:
    shown = {name.replace("_", "-"): value for name, value in headers.items()}
    return EXPOSURE.places(shown, json.dumps(body).encode(), [KEY, "1"])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-Debug-Auth", f"Bearer {JWT}"),
        ("x-anything", JWT),
        ("x-anything", KNOWN),
        ("x-anything", "pr0vider%2Fcred"),
        ("x-anything", "sk-0123456789abcdef"),
        ("x-anything", "Bearer 0paque-token-of-somebody"),
        ("x-provider-key", RANDOM),
        ("x-llm-route", KNOWN),
        ("Set-Cookie", f"seen={KNOWN}"),
    ],
)
def test_a_header_that_holds_a_credential_is_named_without_it(name: str, value: str) -> None:
    assert places(**{name: value}) == (f"header {name.lower()}",)


@pytest.mark.parametrize("body", [{"debug": {"token": JWT}}, {"echo": KNOWN}, {"content": f"Bearer {JWT}"}, [KNOWN]])
def test_a_body_that_holds_a_credential_is_told(body: object) -> None:
    assert places(body) == ("the body",)
    assert EXPOSURE.places({}, b'{"echo": "pr0vider\\/cred"}', []) == ("the body",)
    assert EXPOSURE.places({}, b'data: {"x": 1}\n\ndata: {"x": "%b"}' % JWT.encode(), []) == ("the body",)


def test_what_the_client_sent_is_no_news_to_it() -> None:
    assert places({"echo": KEY}, x_api_key=KEY) == ()
    assert EXPOSURE.places({"x-auth": f"Bearer {JWT}"}, JWT.encode(), [f"Bearer {JWT}"]) == ()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("x-request-id", f"req_{RANDOM}"),
        ("apim-request-id", "22222222-2222-2222-2222-222222222222"),
        ("traceparent", f"00-{RANDOM}-b7ad6b7169203331-01"),
        ("Set-Cookie", f"__cf_bm={RANDOM}.{JWT}; HttpOnly"),
        ("ETag", f'"{RANDOM}"'),
        ("x-csrf-token", RANDOM),
        ("x-ratelimit-remaining-tokens", "99999999"),
        ("Access-Control-Allow-Credentials", "true"),
        ("Access-Control-Allow-Headers", "api-key, authorization"),
        ("WWW-Authenticate", 'Bearer realm="azure", error="invalid_token"'),
        ("Content-Language", "sk-SK"),
        ("x-debug-auth", "managed-identity"),
        ("x-llm-model", "sk-embedding-of-slovak"),
        ("x-llm-route", "sk-embedding-of-slovak-backend-pool"),
        ("nel", f'{{"report_to": "https://a.example/report?s={RANDOM}"}}'),
        ("x-anything", "short"),
    ],
)
def test_headers_of_right_answers_are_not_accused(name: str, value: str) -> None:
    assert places(**{name: value}) == ()


@pytest.mark.parametrize(
    "body",
    [
        {"id": f"chatcmpl-{RANDOM}", "system_fingerprint": f"fp_{RANDOM}"},
        {"id": f"resp_{RANDOM}{RANDOM}", "reasoning": {"encrypted_content": f"gAAAAAB{RANDOM}{RANDOM}"}},
        {"data": [{"embedding": base64.b64encode(bytes(range(256)) * 8).decode()}]},
        {"next": base64.b64encode(json.dumps({"cursor": RANDOM}).encode()).decode()},
        {"choices": [{"message": {"content": "Set api-key=hunter2 or Authorization: Bearer sk-your-key-here"}}]},
        {"error": "short"},
    ],
)
def test_bodies_of_right_answers_are_not_accused(body: object) -> None:
    assert places(body) == ()


def test_it_does_not_show_what_it_knows() -> None:
    assert "pr0vider" not in repr(EXPOSURE)
