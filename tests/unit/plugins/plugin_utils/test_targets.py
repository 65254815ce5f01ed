# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is usual for a type of route, and which routes are not."""

from __future__ import annotations

from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.plugin_utils._targets import Target, unusual_targets, usual_targets
from hypothesis import given
from hypothesis import strategies as st

COGNITIVE = "https://cognitiveservices.azure.com"


def route(name: str, kind: str, family: str, audience: str = "", retries: int = 0) -> dict[str, Any]:
    pooled = retries > 0
    request = {"family": family, "token_audience": audience, "retries": retries, "pooled": pooled}
    return {"name": name, "type": kind, **request, "models": [name]}


_routes = st.lists(
    st.builds(
        route,
        st.from_regex(r"\A[A-Za-z][A-Za-z0-9]{0,4}\Z"),
        st.sampled_from(["azure-openai", "ai-foundry", "external"]),
        st.sampled_from(["azure-openai", "ai-foundry", "serverless", "external"]),
        st.sampled_from(["", COGNITIVE, "https://ml.azure.com"]),
        st.integers(0, 4),
    ),
    unique_by=lambda each: each["name"].lower(),
)


def target_of(routes: list[dict[str, Any]], name: str, kind: str) -> Target:
    """Return the target of a pool as the policy finds it: by name, else by type."""
    named = {each: target for target, names in unusual_targets(routes).items() for each in names}
    return named.get(name.lower()) or usual_targets(routes)[kind]


@given(_routes)
def test_every_route_keeps_what_the_plan_says(routes: list[dict[str, Any]]) -> None:
    for each in routes:
        expected = Target(each["family"], each["token_audience"], each["retries"])
        assert target_of(routes, each["name"], each["type"]) == expected


def test_pools_that_are_alike_are_not_named() -> None:
    pools = [route(f"pool{number}", "azure-openai", "azure-openai", COGNITIVE, 3) for number in range(100)]
    other = route("Keyed", "azure-openai", "azure-openai")
    assert unusual_targets([*pools, other]) == {Target("azure-openai", "", 0): ["keyed"]}


def test_a_pool_beside_the_plan_is_treated_by_its_type() -> None:
    usual = usual_targets([route("a", "ai-foundry", "ai-foundry", COGNITIVE)])
    assert usual == {
        "azure-openai": Target("azure-openai", COGNITIVE, 2),
        "ai-foundry": Target("ai-foundry", COGNITIVE, 2),
        "external": Target("external", "", 2),
    }


def test_without_a_managed_identity_nothing_gets_its_token() -> None:
    assert {target.token_audience for target in usual_targets([route("a", "external", "external")]).values()} == {""}
