# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Offboarding: all that an owner has goes, in an order that live traffic survives, and nothing else does."""

from __future__ import annotations

from typing import Any

from tests.integration.harness import Azure, Service
from tests.integration.inventory import backend, host, hosts, inventory
from tests.integration.playbook import OFFBOARD, Playbooks, Run
from tests.integration.test_prune import make_backend, make_pool

_TASK = "Remove all that the owner has"
_APIS = {"llm_universal_api": {"deploy": True}, "llm_azure_openai_api": {"deploy": True}}


def offboard(playbooks: Playbooks, wanted: dict[str, Any], *arguments: str) -> Run:
    """Run the collection's playbook `offboard` to a successful end."""
    run = playbooks.run(OFFBOARD, wanted, *arguments)
    if run.status:
        raise AssertionError(run.output)
    return run


def summary(run: Run) -> list[str]:
    """The lines that a person sees at the end."""
    shown = run.result("Show what is gone")["msg"]
    return [line.strip() for line in (shown.splitlines() if isinstance(shown, str) else shown) if line.strip()]


def test_all_that_an_owner_has_goes_and_nothing_else(playbooks: Playbooks, service: Service) -> None:
    make_backend(service)
    make_pool(service, "by-hand")
    key = {"auth_scheme": "api_key", "credential": {"value": "the-key-of-aoai-c"}}
    backends = [backend("aoai-a", "gpt-5"), backend("aoai-b", "gpt-5"), backend("aoai-c", "o3", **key)]
    wanted = inventory(service, *backends, **_APIS)
    playbooks.onboard(wanted)

    preview = offboard(playbooks, wanted, "--check", "--diff")
    run = offboard(playbooks, wanted, "--diff")

    assert preview.writes == []
    assert preview.result(_TASK)["objects"] == run.result(_TASK)["objects"]
    assert preview.result(_TASK)["diff"] == run.result(_TASK)["diff"]
    assert {method for method, _ in run.writes} == {"DELETE"}
    targets = [target for _, target in run.writes]
    kinds = ["backends" if "pool" not in target else "pools" for target in targets if target.startswith("backends/")]
    assert kinds == ["pools", *["backends"] * 3]
    order = [target.partition("/")[0] for target in targets]
    assert order == sorted(order, key=["apis", "policyFragments", "backends", "namedValues"].index)
    assert set(service.backends()) == {"by-hand"}
    assert set(service.pools()) == {"by-hand-pool"}
    assert (service.fragments(), service.named_values()) == ({}, {})
    assert list(service.azure.sdk.api.list_by_service(*service.place)) == []
    lines = summary(run)
    assert lines[0].endswith("removed what citadel has")
    assert {"pool gpt-5-backend-pool", "backend aoai-a", "API universal-llm-api"} <= set(lines)
    assert "the-key-of-aoai-c" not in run.output + preview.output

    again = offboard(playbooks, wanted)
    assert again.writes == []
    assert again.totals[service.name]["changed"] == 0
    assert summary(again)[1:] == ["nothing"]
    assert playbooks.onboard(wanted).totals[service.name]["changed"] > 0


def include_in_hub(service: Service) -> None:
    """Let an API of a hub include one of the fragments."""
    properties = {"displayName": "Hub", "path": "hub", "protocols": ["https"], "serviceUrl": "https://a.example"}
    service.azure.sdk.api.begin_create_or_update(*service.place, "hub", {"properties": properties}).result()
    include = '<policies><inbound><include-fragment fragment-id="set-backend-pools" /></inbound></policies>'
    policy = {"properties": {"format": "rawxml", "value": include}}
    service.azure.sdk.api_policy.create_or_update(*service.place, "hub", "policy", policy)


def test_what_a_hub_includes_stays_and_serves_no_model(playbooks: Playbooks, service: Service) -> None:
    wanted = inventory(service, backend("aoai-a"))
    playbooks.onboard(wanted)
    include_in_hub(service)

    run = offboard(playbooks, wanted, "--diff")

    (kept,) = service.fragments().values()
    diff = {each["before_header"]: each["after"] for each in run.result(_TASK)["diff"]}
    assert '<set-variable name="backendPools"' in diff["policy fragment set-backend-pools"]
    assert "citadel" not in diff["policy fragment set-backend-pools"]
    assert (kept.name, "citadel" in kept.value, "owner" in (kept.description or "")) == (
        "set-backend-pools",
        False,
        False,
    )
    assert "policy fragment set-backend-pools stays, without the part of citadel" in summary(run)
    assert summary(run)[-1].endswith("is used by the following entities: /apis/hub/policies/policy")
    assert (service.backends(), service.named_values()) == ({}, {})
    assert offboard(playbooks, wanted).writes == []


def test_what_a_hub_stops_to_include_meanwhile_is_gone(azure: Azure, playbooks: Playbooks, service: Service) -> None:
    """The write that would leave it behind is refused, for it has changed, and then it can be removed."""
    wanted = inventory(service, backend("aoai-a"))
    playbooks.onboard(wanted)
    include_in_hub(service)
    fragment = f"/service/{service.name}/policyFragments/set-backend-pools"
    azure.fail({"method": "PUT", "path": fragment, "status": 412, "latency_ms": 2000, "times": 1})
    with playbooks.started(wanted, "--diff", playbook=OFFBOARD) as running:
        running.wait_for("DELETE", "policyFragments/set-backend-pools")
        service.azure.sdk.api.begin_delete(*service.place, "hub", "*").result()

    result = running.finished.result(_TASK)
    actions = {entry["name"]: entry["action"] for entry in result["objects"]}
    diff = {each["before_header"]: each["after"] for each in result["diff"]}
    assert actions["set-backend-pools"] == "deleted"
    assert diff["policy fragment set-backend-pools"] == ""
    assert "kept" not in result
    assert service.fragments() == {}


def test_a_removal_whose_answer_got_lost_is_a_removal(azure: Azure, playbooks: Playbooks, service: Service) -> None:
    wanted = inventory(service, backend("aoai-a"))
    playbooks.onboard(wanted)
    path = f"/service/{service.name}/backends/aoai-a"
    azure.fail({"method": "DELETE", "path": path, "status": 412, "after_write": True, "times": 1})

    run = offboard(playbooks, wanted)
    assert "backend aoai-a" in summary(run)


def test_a_misspelt_owner_is_told_from_one_that_is_gone(playbooks: Playbooks, service: Service) -> None:
    playbooks.onboard(inventory(service, backend("aoai-a"), llm_owner="Team-A"))

    refused = playbooks.run(OFFBOARD, inventory(service, llm_owner="my team!"))
    assert "  - llm_owner: is 'my team!'; write 1 to 64 letters, digits" in refused.message(service.name)
    other = offboard(playbooks, inventory(service, llm_owner="team-a"))
    (warning,) = other.result(_TASK)["warnings"]
    assert "nothing on the service belongs to owner team-a; its owners are Team-A" in str(warning)
    assert other.writes == []


def test_all_that_is_wrong_with_the_variables_is_told_before_anything_is_gone(
    playbooks: Playbooks, service: Service
) -> None:
    wrong = {
        "apim_resource_group": "",
        "apim_subscription_id": "mine",
        "llm_owner": "",
        "llm_onwer": "team-a",
        "llm_prune_delay": "soon",
        "llm_workbook": {"application_insights": {"resource_group": "rg"}},
    }
    run = playbooks.run(OFFBOARD, hosts({service.name: {**host(), **wrong}}))

    assert run.status != 0
    assert run.requests == []
    owner = "write 1 to 64 letters, digits, dots, hyphens and underscores, with a letter or digit at both ends"
    guid = "write a GUID such as 00000000-0000-0000-0000-000000000000, or set AZURE_SUBSCRIPTION_ID"
    heading, *lines = run.message(service.name).splitlines()
    assert heading == "The inventory has 6 problems; nothing was written:"
    assert sorted(lines) == [
        "  - apim_resource_group: is missing; write the name of the APIM service's resource group",
        f"  - apim_subscription_id: is 'mine'; {guid}",
        "  - llm_onwer: is not a known variable; write llm_owner",
        f"  - llm_owner: is ''; {owner}",
        "  - llm_prune_delay: is 'soon'; write a number of seconds from 0 to 86400",
        "  - llm_workbook.application_insights.name: is missing; write the name of an Application Insights resource",
    ]
