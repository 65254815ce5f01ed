# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The workbook that the role deploys on request, leaves alone otherwise, and removes with the rest."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.integration.harness import RESOURCE_GROUP, ROOT, Azure, Service
from tests.integration.inventory import backend, host, hosts, inventory
from tests.integration.playbook import Playbooks
from tests.integration.test_offboard import offboard, summary
from tests.integration.workbooks import COMPONENT, COMPONENT_ID, Workbooks, name_of, target_of

pytestmark = pytest.mark.gate

PLACE = {"resource_group": RESOURCE_GROUP, "name": COMPONENT}
_TASK = "Bring the workbook to the wanted state"


def wanted(service: Service, workbook: Any, **variables: Any) -> dict[str, Any]:
    return inventory(service, backend("aoai-a"), llm_workbook=workbook, **variables)


def shipped() -> dict[str, Any]:
    """The content of the workbook in the ARM template that ships, which people without Ansible deploy."""
    template = json.loads((ROOT / "monitoring/workbook.json").read_text(encoding="utf-8"))
    content: dict[str, Any] = template["variables"]["workbook"]
    return {**content, "fallbackResourceIds": [COMPONENT_ID]}


def test_it_is_deployed_on_request_and_only_once(playbooks: Playbooks, service: Service) -> None:
    arm, target = Workbooks(service.azure), target_of(service)
    wish = wanted(service, {"deploy": True, "application_insights": PLACE})

    preview = playbooks.onboard(wish, "--check", "--diff")
    assert (preview.writes, arm.find(service)) == ([], None)
    run = playbooks.onboard(wish, "--diff")
    assert preview.result(_TASK)["diff"] == run.result(_TASK)["diff"]
    assert run.writes[-1] == ("PUT", target)
    held = arm.find(service)
    assert held is not None
    assert held["content"] == shipped()
    assert held["display_name"] == f"LLM gateway {service.name}"
    assert held["tags"]["llm_owner"] == "citadel"
    assert run.custom_stats["llm_onboarding"][service.name]["workbook_id"] == target
    assert "1 workbook" in run.output

    again = playbooks.onboard(wish)
    assert again.writes == []
    assert again.totals[service.name]["changed"] == 0
    assert "nothing to change" in again.output
    assert "1 workbook" in again.output
    read = [each.target for each in again.arm if "insights" in each.target.lower()]
    assert sorted(read) == sorted([COMPONENT_ID, target])


def test_a_run_that_changes_the_workbook_alone_says_so(playbooks: Playbooks, service: Service) -> None:
    workbook = {"deploy": True, "application_insights": {"id": COMPONENT_ID}}
    playbooks.onboard(wanted(service, workbook))

    run = playbooks.onboard(wanted(service, {**workbook, "display_name": f"Gateway {service.name}"}))

    assert run.writes == [("PUT", target_of(service))]
    assert "changed" in str(run.result("Show what the gateway routes")["msg"]).splitlines()[0]
    held = Workbooks(service.azure).find(service)
    assert held is not None
    assert held["display_name"] == f"Gateway {service.name}"


@pytest.mark.parametrize("workbook", [{"deploy": False}, {"deploy": False, "application_insights": PLACE}])
def test_a_run_without_it_asks_nothing_of_azure_monitor(
    playbooks: Playbooks, service: Service, workbook: dict[str, Any]
) -> None:
    run = playbooks.onboard(wanted(service, workbook))

    assert [each for each in run.arm if "insights" in each.target.lower()] == []
    assert [each.outcome for each in run.tasks if each.task.endswith(_TASK)] == ["skipped"]
    assert run.custom_stats["llm_onboarding"][service.name]["workbook_id"] == ""


def test_it_is_pruned_when_it_is_not_wanted_any_more_and_stays_without_prune(
    playbooks: Playbooks, service: Service
) -> None:
    arm = Workbooks(service.azure)
    playbooks.onboard(wanted(service, {"deploy": True, "application_insights": PLACE}))
    theirs = {"deploy": True, "application_insights": PLACE, "display_name": f"{service.name} of b"}
    playbooks.onboard(inventory(service, backend("aoai-b", "o3"), llm_workbook=theirs, llm_owner="b"))
    off = {"deploy": False, "application_insights": PLACE}

    assert playbooks.onboard(wanted(service, off)).writes == []
    preview = playbooks.onboard(wanted(service, off, llm_prune=True), "--check")
    assert preview.writes == []
    run = playbooks.onboard(wanted(service, off, llm_prune=True))

    assert preview.result(_TASK)["objects"] == run.result(_TASK)["objects"]
    assert run.writes == [("DELETE", target_of(service))]
    assert arm.find(service) is None
    assert arm.find(service, "b") is not None
    assert playbooks.onboard(wanted(service, off, llm_prune=True)).writes == []


def test_offboarding_removes_it_where_the_inventory_says_where_it_is(playbooks: Playbooks, service: Service) -> None:
    wish = wanted(service, {"deploy": True, "application_insights": PLACE})
    playbooks.onboard(wish)

    preview = offboard(playbooks, wish, "--check")
    assert preview.writes == []
    run = offboard(playbooks, wish)

    assert run.writes[-1] == ("DELETE", target_of(service))
    assert f"workbook {name_of(service)}" in summary(run)
    assert f"workbook {name_of(service)}" in summary(preview)
    again = offboard(playbooks, wish)
    assert (again.writes, again.totals[service.name]["changed"]) == ([], 0)
    assert offboard(playbooks, inventory(service)).writes == []


def test_offboarding_leaves_one_that_is_not_its_own(playbooks: Playbooks, service: Service) -> None:
    arm = Workbooks(service.azure)
    wish = wanted(service, {"deploy": True, "application_insights": PLACE})
    playbooks.onboard(wish)
    arm.change(service, tags={"cost": "42"})

    run = offboard(playbooks, wish)

    assert arm.find(service) is not None
    assert "carries no tag llm_owner of citadel, and stays" in run.output


def test_its_problems_are_named_with_all_others(playbooks: Playbooks, service: Service) -> None:
    workbook = {"deploy": True, "location": "a-b"}
    run = playbooks.onboard(inventory(service, backend("aoai-a", priority=0), llm_workbook=workbook), succeeds=False)

    assert run.requests == []
    message = run.message(service.name)
    assert "The inventory has 3 problems; nothing was written:" in message
    assert "  - llm_backends[0].priority: is 0; write an integer from 1 to 5" in message
    assert "  - llm_workbook.location: is 'a-b'; write an Azure region such as swedencentral" in message
    assert (
        "  - llm_workbook.application_insights: is missing, but deploy is true; give either id, or resource_" in message
    )


def test_nothing_is_written_if_application_insights_is_not_there(playbooks: Playbooks, service: Service) -> None:
    workbook = {"deploy": True, "application_insights": {**PLACE, "name": "appi-nowhere"}}
    run = playbooks.onboard(wanted(service, workbook), succeeds=False)

    assert "the Application Insights resource appi-nowhere does not exist in resource group" in run.message(
        service.name
    )
    assert (run.writes, service.backends(), service.fragments()) == ([], {}, {})


def test_nothing_is_written_if_somebody_elses_workbook_has_its_place(playbooks: Playbooks, service: Service) -> None:
    wish = wanted(service, {"deploy": True, "application_insights": PLACE})
    playbooks.onboard(wish)
    Workbooks(service.azure).change(service, tags={"cost": "42"})

    run = playbooks.onboard(
        inventory(service, backend("aoai-b"), llm_workbook={"deploy": True, "application_insights": PLACE}),
        succeeds=False,
    )

    assert "carries no mark of an owner" in run.message(service.name)
    assert run.writes == []


def test_the_preflight_looks_for_application_insights(
    azure: Azure, playbooks: Playbooks, new_service: Callable[[], Service]
) -> None:
    there, absent, unread, without = (new_service() for _ in range(4))
    secret = "appi-secret"
    path = f"/components/{secret}"
    azure.fail({"method": "GET", "path": path, "status": 403, "code": "AuthorizationFailed", "message": "Not yours."})
    variables = {
        each.name: host(
            backend("aoai-a"), llm_workbook={"deploy": True, "application_insights": {**PLACE, "name": name}}
        )
        for each, name in ((there, COMPONENT), (absent, "appi-nowhere"), (unread, secret))
    }
    variables[without.name] = host(backend("aoai-a"), llm_workbook={"application_insights": PLACE})
    run = playbooks.onboard(hosts(variables), "--tags", "preflight", "--forks", "4", succeeds=False)

    group = COMPONENT_ID.removesuffix(COMPONENT)
    found = {
        each.name: [
            (entry["outcome"], entry["message"], entry["remedy"])
            for entry in run.result("Look at the prerequisites", each.name)["findings"]
            if entry["check"] == "application_insights"
        ]
        for each in (there, absent, unread, without)
    }
    assert found == {
        there.name: [("passed", "exists in swedencentral", "")],
        absent.name: [
            (
                "failed",
                f"there is no Application Insights resource {group}appi-nowhere",
                "create it, or correct application_insights (llm_workbook.application_insights)",
            )
        ],
        unread.name: [
            (
                "failed",
                f"{group}{secret} cannot be read: HTTP 403 AuthorizationFailed: Not yours",
                "grant the signed-in account the role Reader on it; a new role assignment takes some minutes to work",
            )
        ],
        without.name: [],
    }
    assert run.writes == []
    assert len([each for each in run.arm if "/components/" in each.target]) == 3
