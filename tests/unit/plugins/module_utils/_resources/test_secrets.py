# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What in a text is a credential, by its name and by its looks, and what only looks a little like one."""

from __future__ import annotations

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.secrets import (
    MASK,
    credential_spans,
    is_credential_name,
    masked,
)
from hypothesis import given
from hypothesis import strategies as st

GUID = "22222222-2222-2222-2222-222222222222"
# Generated once, so that they stay what they are.
BASE64 = "g1IkMzNrPgmlz9nZyIL0y+bSz2Cs1gYGhF6cLk3NY7M="
BASE64URL = "nC4kB9y0Qm_1vPZ3sXwTf7Lr-2aHj8DeUo5gKtRi6bE"
HEXADECIMAL = "3f9c1e07ab5d42886e0f1c9b7a34d2e5"
JWT = "eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJhcGkifQ.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    "name",
    [
        "Authorization", "Proxy-Authorization", "api-key", "apikey", "x-api-key", "X-API-Key", "x-api-key-2",
        "Ocp-Apim-Subscription-Key", "x-functions-key", "X-Provider-Key", "access_token", "x-ops-token",
        "client_secret", "x-goog-api-key", "clientSecret", "password", "Cookie", "Set-Cookie", "backend-a-credential",
        "openaiKey",
    ],
)  # fmt: skip
def test_names_of_credentials(name: str) -> None:
    assert is_credential_name(name)
    assert is_credential_name(name, of_request=False)


@pytest.mark.parametrize("name", ["key", "code", "sig", "X-Provider-Auth"])
def test_names_of_credentials_in_requests_alone(name: str) -> None:
    assert is_credential_name(name)
    assert not is_credential_name(name, of_request=False)


@pytest.mark.parametrize(
    "name",
    [
        "", "--", "Accept", "anthropic-version", "OpenAI-Organization", "OpenAI-Project", "HTTP-Referer", "x-tenant-id",
        "x-ms-client-id", "uami-client-id", "api-version", "max-tokens", "x-token-limit", "useApiKey", "hasToken",
        "Idempotency-Key", "cacheKey", "continuationToken", "authorizationUrl", "tokenType", "x-error-code", "signal",
        "WWW-Authenticate", "monkey", "targetTokens", "secretName",
    ],
)  # fmt: skip
def test_names_of_other_things(name: str) -> None:
    assert not is_credential_name(name)
    assert not is_credential_name(name, of_request=False)


@pytest.mark.parametrize(
    "token",
    [
        "sk-live-abc1", "sk-live-abcdef", "sk-proj-0123456789", "gsk_0123456789abcdefGHIJ", "ghp_0123456789abcdefGHIJ",
        "xai-0123456789abcdefGHIJ", BASE64, BASE64URL, HEXADECIMAL, HEXADECIMAL.upper(), JWT,
        "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----",
    ],
)  # fmt: skip
@pytest.mark.parametrize("around", ["{}", "before {} after", '"{}"', "x={};", "Bearer {}"])
def test_tokens_are_known_by_their_looks(token: str, around: str) -> None:
    assert masked(around.format(token)) == around.format(MASK)


@pytest.mark.parametrize(
    "text",
    [
        "", "application/json", GUID, GUID.upper(), f"/subscriptions/{GUID}/resourceGroups/rg-apim-prod-01/providers/X",
        f"https://sts.windows.net/{GUID}/v2.0", "0123456789ABCDEF0123456789ABCDEF01234567", "risk-score-12345678",
        "text-embedding-3-large-deployment-westeurope-001", "Meta-Llama-3-1-405B-Instruct-fine-tuned-v2",
        "gpt-4o-mini-2024-07-18-global-standard-01", "xai-grok-4-fast-reasoning", "pplx-7b-online-chat",
        "SubscriptionKeyParameterNamesForOpenAI2024", "0" * 40, "a" * 40, 'Bearer realm="x", error="invalid_token"',
        'Bearer authorization_uri="https://login.example/1234567890"', "Bearer ", "Bearer {{named}}",
        "api-key={{named}}", "https://a.example?api-version=2024-10-21&key={{named}}", "https://a.example?code=",
        "use_token=true",
        '{"code": "invalid_api_key", "max_tokens": 5, "token": null}', "key=value", "error?reason=expired",
    ],
)  # fmt: skip
def test_what_only_resembles_a_token_stays(text: str) -> None:
    assert masked(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://a.example/x?api-key=hunter2&v=1", f"https://a.example/x?api-key={MASK}&v=1"),
        ("https://a.example/x?v=1&code=hunter2", f"https://a.example/x?v=1&code={MASK}"),
        ("https://me:hunter2@a.example/x", f"https://me:{MASK}@a.example/x"),
        ("grant_type=c&client_secret=hunter2", f"grant_type=c&client_secret={MASK}"),
        ("Endpoint=https://a;SharedAccessKey=hunter2", f"Endpoint=https://a;SharedAccessKey={MASK}"),
        ('{"api_key": "hunter2", "n": 1}', f'{{"api_key": "{MASK}", "n": 1}}'),
        (r"{\"api_key\":\"hunter2\"}", rf"{{\"api_key\":\"{MASK}\"}}"),
        ('{""api_key"": ""hunter2""}', f'{{""api_key"": ""{MASK}""}}'),
    ],
)
def test_values_behind_names_of_credentials_are_masked(text: str, shown: str) -> None:
    assert masked(text) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("hunter2", MASK),
        ("Bearer hunter2 ", f"Bearer {MASK} "),
        ("Basic bWU6cHc=", f"Basic {MASK}"),
        ("two words", MASK),
        ("Bearer ", "Bearer "),
        ("Bearer {{named}}", "Bearer {{named}}"),
        ("sk-live-abcdef{{named}}", f"{MASK}{{{{named}}}}"),
        ("true", "true"),
        ("", ""),
    ],
)
def test_under_the_name_of_a_credential_every_literal_is_one(value: str, shown: str) -> None:
    assert masked(value, named=True) == shown


@given(st.text("ab1-_=&?:/\"'\\{}. @;Bearsk", max_size=60), st.booleans())
def test_places_are_in_order_and_apart(text: str, named: bool) -> None:
    spans = credential_spans(text, named=named)
    ends = [position for span in spans for position in span]
    assert ends == sorted(ends)
    assert all(start < end <= len(text) for start, end in spans)
    assert masked(masked(text)) == masked(text)
