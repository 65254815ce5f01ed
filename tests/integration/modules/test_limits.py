# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a tier does not take is told before the first write, all of it at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.integration.harness import Azure, Service
from tests.integration.modules.conftest import CONSUMPTION_SERVICE
from tests.integration.modules.steps import Gateway, task

_LONG = f"<fragment><!-- {'x' * 16_384} --></fragment>"
_POLICY = f"<policies><inbound><!-- {'x' * 16_384} --></inbound></policies>"


def test_the_consumption_tier_takes_no_breakers_and_only_small_policies(
    azure: Azure, open_gateway: Callable[[Service], Gateway]
) -> None:
    gateway = open_gateway(Service(azure, CONSUMPTION_SERVICE))
    backend: dict[str, Any] = {"name": "aoai", "url": "https://aoai.openai.azure.com"}
    api = {"name": "models", "path": "models", "service_url": "https://a.example"}

    unsupported, refused, made = gateway.attempt(
        task(
            "apim_llm_gateway",
            "unsupported",
            backends=[{**backend, "circuit_breaker": {}}],
            fragments=[{"name": "short", "value": "<fragment />"}, {"name": "long", "value": _LONG}],
        ),
        task(
            "apim_llm_gateway",
            "refused",
            backends=[{**backend, "circuit_breaker": {}}],
            apis=[{**api, "policy": _POLICY}],
        ),
        task("apim_llm_gateway", "made", backends=[{**backend, "circuit_breaker": {"enabled": False}}]),
    )

    size = f"takes 16384 bytes of a policy, and long has {len(_LONG)}"
    remedy = "tier Consumption takes 16384; move parts of it into policy fragments"
    breaker = "circuit_breaker: tier Consumption has none; set enabled to false (llm_circuit_breaker.enabled)"
    assert refused.message.splitlines() == [
        "Nothing was written:",
        f"  - backends[0] (aoai): {breaker}",
        f"  - apis[0].policy[0] (models): value: has {len(_POLICY)} bytes, but {remedy}",
    ]
    assert unsupported.message.splitlines() == [
        "Nothing was written:",
        f"  - tier Consumption is not supported: it {size}; use a service of another tier",
    ]
    assert refused.writes == unsupported.writes == []
    assert made.actions == {"aoai": "created"}
