# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the request log tells of what reached a provider: enough to prove that no credential went astray."""

from __future__ import annotations

import json
from typing import Any

import jwt
import orjson
from apim_emulator.requestlog import MASK

from tests.emulator.providers.stand import CHAT, COGNITIVE, EXTERNAL, EXTERNAL_CHAT, KEY, MESSAGES, VERSION, Stand


def kinds(entry: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Return place, name (lower case) and kind of each credential in an entry."""
    return sorted((item["in"], item["name"].lower(), item["kind"]) for item in entry["credentials"])


def test_an_entry(stand: Stand) -> None:
    stand.post()
    entry = stand.entry()
    assert (entry["plane"], entry["method"], entry["url"], entry["status"]) == ("provider", "POST", CHAT, 200)
    assert (entry["host"], entry["family"], entry["operation"]) == (
        "model.openai.azure.com",
        "azure-openai",
        "chat/completions",
    )
    assert (entry["deployment"], entry["api_version"], entry["outcome"]) == ("gpt-4o", VERSION, "answered")
    assert json.loads(entry["body"]) == {"model": "gpt-4o", "messages": MESSAGES}
    assert kinds(entry) == [("header", "api-key", "api-key")]


def test_what_is_refused_is_logged(stand: Stand) -> None:
    stand.post("https://model.openai.azure.com/nothing", {"model": "m"}, key=None)
    entry = stand.entry()
    assert (entry["status"], entry["operation"], entry["deployment"], entry["api_version"]) == (404, None, "m", None)
    assert entry["credentials"] == []


def test_kinds_of_credentials(stand: Stand) -> None:
    token = stand.token()
    stand.post(
        f"{CHAT}&subscription-key=query-secret&code=other-secret",
        headers={
            "Authorization": f"Bearer {token}",
            "Ocp-Apim-Subscription-Key": "gateway-secret",
            "Cookie": "a=secret",
        },
    )
    entry = stand.entry()
    assert kinds(entry) == [
        ("header", "api-key", "api-key"),
        ("header", "authorization", f"bearer aud={COGNITIVE}"),
        ("header", "cookie", "cookie"),
        ("header", "ocp-apim-subscription-key", "api-key"),
        ("query", "code", "api-key"),
        ("query", "subscription-key", "api-key"),
    ]
    (bearer,) = (item for item in entry["credentials"] if item["name"] == "Authorization")
    assert bearer["client_id"] == "22222222-2222-2222-2222-222222222222"


def test_foreign_tokens(stand: Stand) -> None:
    foreign = jwt.encode({"aud": "https://management.azure.com"}, "k" * 32, algorithm="HS256")
    expected = {
        f"Bearer {foreign}": "bearer aud=https://management.azure.com",
        "Bearer opaque": "bearer",
        "Basic dXNlcjpwYXNz": "basic",
        "Custom x": "authorization",
    }
    for value, kind in expected.items():
        stand.post(EXTERNAL_CHAT, key=None, headers={"Authorization": value})
        assert kinds(stand.entry()) == [("header", "authorization", kind)]


def test_a_header_of_the_providers_own(stand: Stand) -> None:
    stand.configure(EXTERNAL, key_header="x-tenant")
    assert stand.post(EXTERNAL_CHAT, key=None, headers={"X-Tenant": KEY}).status_code == 200
    entry = stand.entry()
    assert kinds(entry) == [("header", "x-tenant", "api-key")]
    assert entry["headers"]["X-Tenant"] == MASK


def test_no_secret_is_in_the_log(stand: Stand) -> None:
    token = stand.token()
    secrets = [KEY, token, "secret-1", "secret-2", "secret-3", "secret-4"]
    headers = {"Authorization": f"Bearer {token}", "Ocp-Apim-Subscription-Key": "secret-1", "Cookie": "s=secret-2"}
    stand.post(f"{CHAT}&api-key=secret-3&sig=secret-4&x=y", headers=headers)
    text = orjson.dumps(stand.log.entries()).decode()
    assert [secret for secret in secrets if secret in text] == []
    assert stand.entry()["url"] == f"{CHAT}&api-key={MASK}&sig={MASK}&x=y"


def test_bytes_that_are_no_text(stand: Stand) -> None:
    stand.post(headers={"x-note": b"\xff\xfe", "Authorization": b"Bearer \xff"})
    assert orjson.loads(orjson.dumps(stand.entry()))["credentials"]
