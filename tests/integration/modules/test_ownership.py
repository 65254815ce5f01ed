# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Marks of owners, and what prune removes: own objects that are no longer listed, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.ownership import Ownership
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.policy_fragment import PolicyFragment
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.policy_xml import PolicyXml

from tests.integration.modules import sdk
from tests.integration.modules.steps import Gateway, task


def test_an_object_without_a_mark_is_written_only_to_adopt_it(gateway: Gateway) -> None:
    sdk.put_backend(gateway.service, "aoai", description="Sweden")
    wanted: dict[str, Any] = {
        "backends": [{"name": "aoai-new", "url": "https://new.example"}, {"name": "aoai"}],
        "owner": "platform",
    }

    refused, check, adopted, again, described = gateway.attempt(
        task("apim_llm_backend", "refused", **wanted),
        task("apim_llm_backend", "check", check=True, adopt=True, **wanted),
        task("apim_llm_backend", "adopted", adopt=True, **wanted),
        task("apim_llm_backend", "again", **wanted),
        task("apim_llm_backend", "described", backends=[{"name": "aoai", "description": "France"}]),
    )

    assert refused.message == (
        "Nothing was written:\n  - backends[1] (aoai): exists and carries no mark of an owner; set adopt (llm_adopt) "
        "to take it over, or give it another name"
    )
    assert refused.writes == check.writes == again.writes == []
    assert check.actions == adopted.actions == {"aoai-new": "created", "aoai": "updated"}
    assert adopted.state["backends"]["aoai"]["description"] == "Sweden [owner: platform]"
    assert described.state["backends"]["aoai"]["description"] == "France [owner: platform]"


@pytest.mark.parametrize("state", ["present", "absent"])
def test_what_belongs_to_another_owner_is_never_touched(gateway: Gateway, state: str) -> None:
    sdk.put_backend(gateway.service, "aoai", description="[owner: research]")
    sdk.put_backend(gateway.service, "own", description="[owner: platform]")
    sdk.put_pool(gateway.service, "pool", "aoai", description="[owner: research]")
    wanted: dict[str, Any] = {"owner": "platform", "state": state, "adopt": True}

    backends, pools = gateway.attempt(
        task("apim_llm_backend", backends=[{"name": "own"}, {"name": "AOAI"}], **wanted),
        task("apim_backend_pool", pools=[{"name": "pool"}], **wanted),
    )

    removal = "only that owner may remove it"
    rename = "give it another name, or let that owner remove its own"
    rename_model = (
        "let one inventory serve the model, research's or this one, or give the model another name (name; deployment "
        "says what it is called at the backend)"
    )
    heading, said = "Nothing was written:\n  - ", "belongs to owner research; "
    assert backends.message == f"{heading}backends[1] (AOAI): {said}{rename if state == 'present' else removal}"
    assert pools.message == f"{heading}pools[0] (pool): {said}{rename_model if state == 'present' else removal}"
    assert backends.writes == pools.writes == []


def test_all_foreign_objects_of_a_run_are_named_at_once(gateway: Gateway) -> None:
    service = gateway.service
    sdk.put_named_value(service, "key", value="secret", secret=True, tags=["owner:research"])
    sdk.put_backend(service, "aoai", description="[owner: research]")
    sdk.put_fragment(service, "note", "<fragment><set-status code='200' /></fragment>")

    (step,) = gateway.attempt(
        task(
            "apim_llm_gateway",
            owner="platform",
            named_values=[{"name": "key", "secret_value": "other"}],
            backends=[{"name": "aoai"}],
            fragments=[{"name": "note", "value": "<fragment><set-status code='201' /></fragment>"}],
        )
    )

    lines = step.message.splitlines()
    assert [line.partition(":")[0] for line in lines[1:]] == [
        "  - named_values[0] (key)",
        "  - backends[0] (aoai)",
        "  - fragments[0] (note)",
    ]
    assert step.writes == []


def test_named_values_carry_marks_as_tags_and_are_pruned_by_them(gateway: Gateway) -> None:
    service = gateway.service
    sdk.put_named_value(service, "portal", value="1")
    sdk.put_named_value(service, "theirs", value="1", tags=["owner:research"])
    items = [{"name": name, "secret_value": "first", "tags": ["llm"]} for name in ("kept", "gone")]
    options: dict[str, Any] = {"owner": "platform", "prune_delay": 0}

    made, retagged, pruned, again = gateway.run(
        task("apim_llm_gateway", "made", named_values=items, **options),
        task("apim_named_value", "retagged", named_values=[{"name": "kept", "tags": ["other"]}]),
        task("apim_llm_gateway", "pruned", named_values=items[:1], prune=True, **options),
        task("apim_llm_gateway", "again", named_values=items[:1], prune=True, **options),
    )

    assert made.state["namedValues"]["kept"]["tags"] == ["llm", "owner:platform"]
    assert retagged.state["namedValues"]["kept"]["tags"] == ["other", "owner:platform"]
    assert pruned.writes == ["PUT namedValues/kept", "DELETE namedValues/gone"]
    assert pruned.state["namedValues"].keys() == {"kept", "portal", "theirs"}
    assert again.writes == []


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
    options: dict[str, Any] = {"owner": "platform", "prune": True, "prune_delay": 0}

    pools, everything = gateway.run(
        task("apim_llm_gateway", "pools", pools=[{"name": "pool", "title": "Kept"}], **options),
        task("apim_llm_gateway", "everything", backends=[], pools=[], fragments=[], **options),
    )

    assert pools.state["backends"].keys() == {"member", "pool"}
    assert everything.writes == ["DELETE backends/pool", "DELETE backends/member"]
    assert everything.state["backends"] == {}
    assert everything.state["policyFragments"].keys() == {"note"}


def test_what_others_have_is_not_removed_and_a_mark_of_several_is_theirs(gateway: Gateway) -> None:
    service = gateway.service
    sdk.put_backend(service, "aoai", description="[owner: research, retail]")
    backends = [{"name": "aoai", "title": "mine"}]

    foreign, pruned = gateway.attempt(
        task("apim_llm_backend", "foreign", owner="research", adopt=True, backends=backends),
        task("apim_llm_backend", "pruned", owner="research", prune=True, backends=[]),
    )

    assert "belongs to owner research, retail; " in foreign.message
    assert foreign.writes == pruned.writes == []
    fragment = PolicyFragment()
    state = {"value": PolicyXml("<fragment />", "rawxml"), "owners": ["research"]}
    assert "belongs to owner research" in Ownership("platform", adopt=True).refusal(fragment, "note", state, None)
    assert Ownership("research").refusal(fragment, "note", state, None) == ""


@pytest.mark.parametrize(
    ("owner", "remedies"),
    [
        (
            "research",
            {
                "named_values[0] (aoai-credential)": "give it another name (backend_id), or let "
                "that owner remove its own",
                "apis[0] (universal-llm-api)": "set deploy to false, for the API of research serves the models of all "
                "owners, or let it go there first",
                "named_values[1] (uami-client-id)": "agree on one identity (apim_managed_identity), or use another "
                "service",
            },
        ),
        (
            "",
            {
                "named_values[0] (aoai-credential)": "or give it another name (backend_id)",
                "fragments[0] (set-llm-usage)": "set adopt (llm_adopt) to take it over, or use another service",
                "apis[0] (universal-llm-api)": "set adopt (llm_adopt) to take it over, or set deploy to false",
                "named_values[1] (uami-client-id)": "or let apim_managed_identity be the identity whose client id it "
                "holds",
            },
        ),
    ],
    ids=["foreign", "unmarked"],
)
def test_the_remedy_is_one_that_the_kind_of_object_has(gateway: Gateway, owner: str, remedies: dict[str, str]) -> None:
    service = gateway.service
    mark, tags = (f"[owner: {owner}]", [f"owner:{owner}"]) if owner else ("by hand", [])
    text = "<fragment><set-status code='200' /></fragment>"
    sdk.put_named_value(service, "aoai-credential", value="secret", secret=True, tags=tags)
    sdk.put_named_value(service, "uami-client-id", value="1", tags=tags)
    sdk.put_fragment(service, "set-llm-usage", text, description=mark)
    api = {"displayName": "LLM", "description": mark, "path": "models", "protocols": ["https"]}
    apis = service.azure.sdk.api
    apis.begin_create_or_update(*service.place, "universal-llm-api", {"properties": api}, polling_interval=0).result()

    (step,) = gateway.attempt(
        task(
            "apim_llm_gateway",
            owner="platform",
            named_values=[
                {"name": "aoai-credential", "secret_value": "new-key"},
                {"name": "uami-client-id", "value": "2"},
            ],
            fragments=[{"name": "set-llm-usage", "value": text}],
            apis=[{"name": "universal-llm-api", "path": "models"}],
        )
    )

    lines = dict(line.removeprefix("  - ").split(": ", 1) for line in step.message.splitlines()[1:])
    assert lines.keys() == remedies.keys()
    assert {place: lines[place] for place in remedies if not lines[place].endswith(remedies[place])} == {}
    assert step.writes == []
