# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Marks of owners, and what prune removes: own objects that are no longer listed, and nothing else."""

from __future__ import annotations

from typing import Any

from tests.integration.modules import sdk
from tests.integration.modules.steps import Gateway, task


def test_marks_are_set_replaced_and_left_alone(gateway: Gateway) -> None:
    sdk.put_backend(gateway.service, "aoai", description="Sweden")

    steps = gateway.run(
        task("apim_llm_backend", "adopt", owner="platform", backends=[{"name": "aoai"}]),
        task("apim_llm_backend", "again", owner="platform", backends=[{"name": "aoai"}]),
        task("apim_llm_backend", "describe", backends=[{"name": "aoai", "description": "France"}]),
        task("apim_llm_backend", "hand over", owner="research", backends=[{"name": "aoai"}]),
    )

    assert [step.state["backends"]["aoai"]["description"] for step in steps] == [
        "Sweden [owner: platform]",
        "Sweden [owner: platform]",
        "France [owner: platform]",
        "France [owner: research]",
    ]
    assert [len(step.writes) for step in steps] == [1, 0, 1, 1]


def test_prune_removes_own_objects_that_are_not_listed_and_nothing_else(gateway: Gateway) -> None:
    service = gateway.service
    sdk.put_backend(service, "kept", description="[owner: platform]")
    sdk.put_backend(service, "old", description="Old [owner: platform]")
    sdk.put_backend(service, "theirs", description="Old [owner: research]")
    sdk.put_backend(service, "longer", description="Old [owner: platform-2]")
    sdk.put_backend(service, "quoted", description="Was [owner: platform] once")
    sdk.put_backend(service, "portal")
    sdk.put_pool(service, "old-pool", "portal", description="[owner: platform]")
    sdk.put_pool(service, "their-pool", "portal", description="[owner: research]")
    wanted: dict[str, Any] = {"owner": "platform", "prune": True, "backends": [{"name": "Kept"}]}

    check, real, pools = gateway.run(
        task("apim_llm_backend", "check", check=True, **wanted),
        task("apim_llm_backend", "real", **wanted),
        task("apim_backend_pool", "pools", owner="platform", prune=True, pools=[]),
    )

    assert check.actions == real.actions == {"kept": "unchanged", "old": "deleted"}
    assert check.writes == []
    assert real.writes == ["DELETE backends/old"]
    assert pools.writes == ["DELETE backends/old-pool"]
    before, after = real.diff["backend old"]
    assert "url: https://old.openai.azure.com" in before
    assert after == ""
    assert pools.state["backends"].keys() == {"kept", "theirs", "longer", "quoted", "portal", "their-pool"}


def test_the_whole_gateway_is_pruned_only_of_the_kinds_that_are_given(gateway: Gateway) -> None:
    service = gateway.service
    sdk.put_backend(service, "member", description="[owner: platform]")
    sdk.put_pool(service, "pool", "member", description="[owner: platform]")
    sdk.put_fragment(service, "note", "<fragment><set-status code='200' /></fragment>", description="[owner: platform]")

    pools, everything = gateway.run(
        task("apim_llm_gateway", "pools", owner="platform", prune=True, pools=[{"name": "pool", "title": "Kept"}]),
        task("apim_llm_gateway", "everything", owner="platform", prune=True, backends=[], pools=[], fragments=[]),
    )

    assert pools.state["backends"].keys() == {"member", "pool"}
    assert everything.writes == ["DELETE backends/pool", "DELETE backends/member"]
    assert everything.state["backends"] == {}
    assert everything.state["policyFragments"].keys() == {"note"}
