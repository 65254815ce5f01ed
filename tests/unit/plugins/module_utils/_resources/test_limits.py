# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Limits of tiers: what is refused, and what is not known is not refused."""

from __future__ import annotations

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.limits import limits_of


@pytest.mark.parametrize(
    ("tier", "most"),
    [("Consumption", 5_000), ("Developer", 5_000), ("Basic", 5_000), ("Standard", 10_000), ("Premium", 18_000)],
)
def test_named_values_are_counted_with_those_that_are_there(tier: str, most: int) -> None:
    limits = limits_of(tier)
    assert limits.too_many_named_values(most - 2, 2) == []
    assert limits.too_many_named_values(most + 5, 0) == []
    (problem,) = limits.too_many_named_values(most - 1, 2)
    assert problem.startswith(f"named_values: there are {most - 1}, and 2 are new, but tier {tier} takes {most}; ")


@pytest.mark.parametrize("tier", ["StandardV2", "BasicV2", "PremiumV2", None])
def test_tiers_without_a_published_number_have_none(tier: str | None) -> None:
    limits = limits_of(tier)
    assert limits.too_many_named_values(100_000, 1) == []
    assert (limits.policy_bytes, limits.has_breakers) == (524_288, True)
