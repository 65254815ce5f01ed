# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is each member's own in a pool: its URL, with encoded parts, and its credentials."""

from __future__ import annotations

from typing import Any

import pytest

from tests.emulator.gateway.site import CHAT, TO_BACKEND, Site
from tests.emulator.harness import Azure, backend, pool

AZURE, OUTSIDE = "r1.openai.azure.com", "other.example"
DELETE = '<set-header name="api-key" exists-action="delete" />'


@pytest.fixture
def site(azure: Azure) -> Site:
    """A pool of an Azure OpenAI deployment, whose name has a space, and an endpoint outside Azure."""
    site = Site(azure)
    site.put("namedValues/azure", {"displayName": "azure-key", "value": "key-1", "secret": True, "tags": ["owner:a"]})
    site.put("namedValues/other", {"displayName": "other-key", "value": "key-2", "secret": True})
    members: dict[str, tuple[str, dict[str, Any]]] = {
        "one": (
            f"https://{AZURE}/openai/deployments/a%20b",
            {"header": {"api-key": ["{{azure-key}}"]}, "query": {"api-version": ["2024-10-21"]}},
        ),
        "two": (
            f"https://{OUTSIDE}/v1/",
            {"authorization": {"scheme": "Bearer", "parameter": "{{other-key}}"}, "query": {"tenant": ["x&y"]}},
        ),
    }
    for name, (url, credentials) in members.items():
        site.put(f"backends/{name}", backend(url=url, credentials=credentials))
    site.put("backends/p", pool("one", "two"))
    site.provider(AZURE, api_keys=["key-1"], deployments=["a b"])
    site.provider(OUTSIDE, api_keys=["key-2"], deployments=["m"])
    return site


def test_the_credentials_of_the_chosen_member_reach_its_host_and_no_other(site: Site) -> None:
    site.policy(inbound=DELETE + TO_BACKEND.format("p"))
    for _ in range(4):
        assert site.ask("/models/chat/completions?mine=1").status_code == 200
    entries = {entry["host"]: entry for entry in site.log("provider")}
    assert entries[AZURE]["url"].endswith("/chat/completions?mine=1&api-version=2024-10-21")
    assert entries[OUTSIDE]["url"] == f"https://{OUTSIDE}/v1/chat/completions?mine=1&tenant=x%26y"
    names = {
        host: {(item["in"], item["name"].lower()) for item in entry["credentials"]} for host, entry in entries.items()
    }
    assert names == {AZURE: {("header", "api-key")}, OUTSIDE: {("header", "authorization")}}


def test_an_encoded_path_of_a_backend_arrives_as_it_was_written(site: Site) -> None:
    site.policy(inbound=DELETE + TO_BACKEND.format("one"))
    assert site.ask().status_code == 200
    (entry,) = site.log("provider")
    assert entry["url"] == f"https://{AZURE}/openai/deployments/a%20b/chat/completions?api-version=2024-10-21"
    assert entry["deployment"] == "a b"
    shown = site.azure.arm("GET", "backends/one").json()["properties"]["url"]
    assert shown == f"https://{AZURE}/openai/deployments/a%20b"
    site.provider(AZURE, per_deployment={"A b": {"status": 429, "retry_after": 0.25}})
    throttled = site.ask()
    assert (throttled.status_code, throttled.headers["retry-after-ms"], throttled.headers["Retry-After"]) == (
        429,
        "250",
        "1",
    )


def test_a_query_credential_takes_the_place_of_the_client_s_spelled_alike_only(site: Site) -> None:
    site.policy(inbound=DELETE + TO_BACKEND.format("one"))
    assert site.ask(f"{CHAT}?api-version=2020-01-01&api-version=x").status_code == 200
    assert site.log("provider")[-1]["url"].partition("?")[2] == "api-version=2024-10-21"
    assert site.ask(f"{CHAT}?API-Version=1").status_code == 200
    assert site.log("provider")[-1]["url"].partition("?")[2] == "API-Version=1&api-version=2024-10-21"
