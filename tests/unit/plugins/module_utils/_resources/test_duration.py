# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Durations in one spelling."""

from __future__ import annotations

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.duration import normal_duration
from hypothesis import given
from hypothesis import strategies as st

_parts = st.integers(0, 10**6)


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("PT10S", "PT10S"),
        ("PT60S", "PT1M"),
        ("pt1m", "PT1M"),
        ("PT3600S", "PT1H"),
        ("PT24H", "P1D"),
        ("P1DT0S", "P1D"),
        ("P1DT1H1M1S", "P1DT1H1M1S"),
        ("PT90M", "PT1H30M"),
        ("PT0S", "PT0S"),
        ("P0D", "PT0S"),
        ("PT007S", "PT7S"),
    ],
)
def test_a_duration_has_one_spelling(text: str, normal: str) -> None:
    assert normal_duration(text) == normal


@given(_parts, _parts, _parts, _parts)
def test_equal_durations_are_spelled_alike(days: int, hours: int, minutes: int, seconds: int) -> None:
    normal = normal_duration(f"P{days}DT{hours}H{minutes}M{seconds}S")
    total = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    assert normal == normal_duration(f"PT{total}S") == normal_duration(normal)
    assert normal_duration(f"PT{total + 1}S") != normal


@pytest.mark.parametrize(
    "text", ["", "P", "PT", "P1DT", "10", "PT10", "PT1.5S", "-PT1S", "P1W", "P1M", "PT1S ", "PT\uff11S", "00:00:10"]
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not an ISO 8601 duration such as PT10S"):
        normal_duration(text)


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not an ISO 8601 duration"):
        normal_duration(f"{text}?")
