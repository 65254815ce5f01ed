# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Credentials in texts of somebody else."""

from __future__ import annotations

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._probe.masking import Masker
from hypothesis import given
from hypothesis import strategies as st

JWT = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJtZSJ9.c2ln"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Incorrect key: Bearer sk-provider-key-9", "Incorrect key: Bearer ********"),
        ("Incorrect API key provided: sk-pro***9abc", "Incorrect API key provided: sk-pro***9abc"),
        ("You sent Bearer abcdef.ghi-123, which is wrong", "You sent Bearer ********, which is wrong"),
        ("authorization: Basic dXNlcjpwYXNz", "authorization: Basic ********"),
        ('{"api-key": "Zx81-short"}', '{"api-key": "********"}'),
        ("https://a.example/?code=abc&x=1", "https://a.example/?code=********&x=1"),
        (f"the token {JWT} has expired", "the token ******** has expired"),
        ("key AIzaSyA0123456789abc", "key ********"),
        ("0123456789abcdef0123456789abcdef is no key", "******** is no key"),
    ],
)
def test_what_looks_like_a_credential_is_masked(text: str, shown: str) -> None:
    assert Masker().all(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "The API deployment for this resource does not exist. If you created it 5 minutes ago, please wait a moment.",
        "Requests to the ChatCompletions_Create Operation under Azure OpenAI API version 2024-10-21 have exceeded it",
        "activity id 4bf92f35-77b3-4da6-a3ce-929d0e0e4736",
        "Access denied due to missing subscription key. Make sure to include subscription key when making requests.",
        "InvalidSubscriptionKey risk-based",
    ],
)
def test_ordinary_texts_stay_as_they_are(text: str) -> None:
    assert Masker().all(text) == text


def test_a_longer_secret_is_masked_before_its_parts() -> None:
    assert Masker(["abc", "abcdef"]).known("abcdef abc") == "******** ********"


def test_it_never_shows_itself() -> None:
    assert "the-secret" not in f"{Masker(['the-secret'])!r}"


@given(st.text(min_size=8, alphabet="abcDEF123-/+="), st.text(max_size=20, alphabet="xyz \n"))
def test_a_known_secret_is_never_told(secret: str, around: str) -> None:
    assert secret not in Masker([secret]).all(f"{around}{secret}{around}")
    assert secret not in Masker().known(f"{around}{secret}{around}", f"Bearer {secret}")
