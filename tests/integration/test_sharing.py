# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two inventories on one service: each routes its own models, and neither takes anything from the other."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.harness import Service
from tests.integration.inventory import backend, inventory
from tests.integration.playbook import Playbooks
from tests.integration.test_offboard import offboard

pytestmark = pytest.mark.gate


def _blocks(service: Service) -> dict[str, tuple[bool, bool]]:
    """Name of each fragment with blocks to whether it has one of team `one`, and of team `two`."""
    texts = {name: entity.value for name, entity in service.fragments().items()}
    found = {
        name: (".one&quot;" in text or '.one"' in text, ".two&quot;" in text or '.two"' in text)
        for name, text in texts.items()
    }
    return {name: owners for name, owners in found.items() if any(owners)}


def _team(service: Service, owner: str, **variables: Any) -> dict[str, Any]:
    return inventory(service, backend(f"aoai-{owner}", f"model-{owner}"), llm_owner=owner, llm_prune=True, **variables)


def test_each_keeps_its_own_and_a_second_run_of_either_writes_nothing(playbooks: Playbooks, service: Service) -> None:
    one, two = (_team(service, owner) for owner in ("one", "two"))
    playbooks.onboard(one)
    playbooks.onboard(two)

    assert set(service.backends()) == {"aoai-one", "aoai-two"}
    assert set(_blocks(service)) == {"set-backend-pools", "set-backend-authorization", "get-available-models"}
    assert set(_blocks(service).values()) == {(True, True)}
    assert {entity.description.partition("[")[2] for entity in service.fragments().values()} == {"owner: one, two]"}
    assert service.named_values()["uami-client-id"].tags == ["owner:one", "owner:two"]
    assert playbooks.onboard(one).writes == playbooks.onboard(two).writes == []

    offboard(playbooks, one)
    assert set(service.backends()) == {"aoai-two"}
    assert set(_blocks(service).values()) == {(False, True)}
    assert playbooks.onboard(two).writes == []


def test_two_that_run_at_the_same_time_lose_nothing(playbooks: Playbooks, service: Service) -> None:
    teams = {owner: _team(service, owner) for owner in ("one", "two")}
    with playbooks.started(teams["one"]) as first:
        second = playbooks.onboard(teams["two"])
    assert (first.finished.status, second.status) == (0, 0), first.finished.output
    assert set(_blocks(service).values()) == {(True, True)}

    changed = {owner: _team(service, owner, llm_azure_openai_api={"deploy": owner == "one"}) for owner in teams}
    with playbooks.started(changed["one"]) as first:
        playbooks.onboard(changed["two"])
    assert first.finished.status == 0, first.finished.output
    assert set(_blocks(service).values()) == {(True, True)}
    assert [playbooks.onboard(each).writes for each in changed.values()] == [[], []]


def test_a_name_that_another_has_is_an_error_before_any_write(playbooks: Playbooks, service: Service) -> None:
    playbooks.onboard(inventory(service, backend("aoai-a"), backend("aoai-b"), llm_owner="one"))
    etags = service.etags()

    run = playbooks.onboard(inventory(service, backend("aoai-a"), llm_owner="two", llm_adopt=True), succeeds=False)

    assert "(aoai-a): belongs to owner one; give it another name" in run.message(service.name)
    assert (run.writes, service.etags()) == ([], etags)


def test_who_serves_a_model_that_two_declare_is_told_before_it_changes(playbooks: Playbooks, service: Service) -> None:
    one = inventory(service, backend("aoai-one", "GPT-4o", "o3", "model-one"), llm_owner="one")
    two = inventory(service, backend("aoai-two", "gpt-4o", "o3", "model-two"), llm_owner="two")
    assert "warnings" not in playbooks.onboard(one).gateway()

    for arguments in (["--check"], [], []):
        run = playbooks.onboard(two, *arguments)
        (warning,) = run.gateway()["warnings"]
        assert "several inventories serve gpt-4o, o3: those of one, two. Requests go to the routes of one" in str(
            warning
        )
        assert "several inventories serve gpt-4o, o3" in " ".join(run.output.split())
    (warning,) = playbooks.onboard(one).gateway()["warnings"]
    assert "gpt-4o, o3" in str(warning)
    assert "warnings" not in offboard(playbooks, two).result("Remove all that the owner has")


def test_clients_of_others_that_lose_an_api_are_named_before_it_goes(playbooks: Playbooks, service: Service) -> None:
    deployed = {"llm_universal_api": {"deploy": True}}
    one, two = _team(service, "one", **deployed), _team(service, "two")
    playbooks.onboard(one)
    playbooks.onboard(two)
    lost = "clients that call universal-llm-api for the models of two lose access"

    pruned = playbooks.onboard(_team(service, "one"), "--check").gateway()["warnings"]
    preview = offboard(playbooks, one, "--check").result("Remove all that the owner has")["warnings"]
    gone = offboard(playbooks, one).result("Remove all that the owner has")["warnings"]

    assert [lost in str(warnings) for warnings in (pruned, preview, gone)] == [True] * 3
    playbooks.onboard(_team(service, "two", **deployed))
    assert "warnings" not in offboard(playbooks, two).result("Remove all that the owner has")


def test_a_hub_that_was_made_by_other_means_is_adopted_only_when_asked(playbooks: Playbooks, service: Service) -> None:
    wanted = inventory(service, backend("aoai-a"))
    playbooks.onboard(wanted)
    fragments = service.azure.sdk.policy_fragment
    for name, entity in service.fragments().items():
        body = {"properties": {"value": entity.value, "format": "xml", "description": "By Bicep"}}
        fragments.begin_create_or_update(*service.place, name, body, polling_interval=0).result()

    refused = playbooks.onboard(wanted, succeeds=False)
    assert "(set-backend-pools): exists and carries no mark of an owner; set adopt (llm_adopt)" in refused.message(
        service.name
    )
    assert refused.writes == []
    adopted = playbooks.onboard(inventory(service, backend("aoai-a"), llm_adopt=True))
    assert {target.partition("/")[0] for _, target in adopted.writes} == {"policyFragments"}
    assert playbooks.onboard(wanted).writes == []
