# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The account behind a host."""

from __future__ import annotations

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._preflight.accounts import accounts_at
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.plugins.module_utils._preflight.facts import account

_REGION = "https://swedencentral.api.cognitive.microsoft.com/"
_ACCOUNTS = [
    account("aoai"),
    account("mixed", subdomain="Mixed-Case"),
    account("other-name", "https://renamed.openai.azure.com:443/", subdomain=""),
    account("foundry", Inference="https://models.contoso.com/", Speech="none", Broken="https://[::1"),
    account("keys-1", _REGION, subdomain=""),
    account("keys-2", _REGION, subdomain=""),
    {"id": "bare"},
]


@pytest.mark.parametrize(
    ("host", "names"),
    [
        ("aoai.openai.azure.com", ["aoai"]),
        ("aoai.cognitiveservices.azure.com", ["aoai"]),
        ("aoai.services.ai.azure.com", ["aoai"]),
        ("aoai.openai.azure.us", ["aoai"]),
        ("mixed-case.openai.azure.com", ["mixed"]),
        ("renamed.openai.azure.com", ["other-name"]),
        ("models.contoso.com", ["foundry"]),
        ("swedencentral.api.cognitive.microsoft.com", ["keys-1", "keys-2"]),
        ("aoai.models.ai.azure.com", []),
        ("aoai.contoso.com", []),
        ("my.aoai.openai.azure.com", []),
        ("aoai-2.openai.azure.com", []),
    ],
)
def test_a_host_leads_to_its_account(host: str, names: list[str]) -> None:
    assert [each.get("name") for each in accounts_at(_ACCOUNTS, host)] == names


@given(
    st.lists(st.from_regex(r"[a-z0-9]([a-z0-9-]{0,6}[a-z0-9])?", fullmatch=True), unique=True, max_size=5), st.data()
)
def test_a_subdomain_leads_to_no_other_account(names: list[str], data: st.DataObject) -> None:
    suffix = data.draw(st.sampled_from(["openai.azure.com", "cognitiveservices.azure.cn", "services.ai.azure.com"]))
    accounts = [account(name) for name in names]
    for name in names:
        assert [each["name"] for each in accounts_at(accounts, f"{name}.{suffix}")] == [name]
