# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The monitoring workbook: its life, what is compared, whose it is, and what cannot be."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest

from tests.integration.harness import RESOURCE_GROUP
from tests.integration.modules.conftest import MONITORING_GROUP
from tests.integration.modules.steps import Gateway, Task, task
from tests.integration.modules.test_lifecycle import assert_differences_agree
from tests.integration.workbooks import COMPONENT, COMPONENT_ID, Workbooks, name_of, target_of

pytestmark = pytest.mark.gate

FIRST = {"version": "Notebook/1.0", "items": [{"type": 1, "content": {"json": "# Grüße"}, "name": "text"}]}
SECOND = {"version": "Notebook/1.0", "items": [], "isLocked": False}
PLACE: dict[str, Any] = {
    "owner": "platform",
    "application_insights": {"resource_group": RESOURCE_GROUP, "name": COMPONENT},
}


def workbook(name: str = "", *, check: bool = False, **options: Any) -> Task:
    """A task for the workbook of the owner `platform`."""
    return task("apim_llm_workbook", name, check=check, **{**PLACE, **options})


def test_check_mode_tells_real_runs_do_and_repeated_runs_change_nothing(gateway: Gateway) -> None:
    service, target = gateway.service, target_of(gateway.service, "platform")
    title = f"LLM gateway {service.name}"
    held: dict[str, Any] = {
        "display_name": title,
        "source_id": COMPONENT_ID.lower(),
        "location": "swedencentral",
        "content": FIRST,
        "tags": {"llm_owner": "platform", "hidden-title": title},
        "category": "workbook",
    }
    changed = {**held, "content": SECOND, "display_name": "New", "tags": {**held["tags"], "hidden-title": "New"}}
    phases: dict[str, tuple[dict[str, Any], str, dict[str, Any] | None]] = {
        "create": ({"content": FIRST}, f"PUT {target}", held),
        "modify": ({"content": SECOND, "display_name": "New"}, f"PUT {target}", changed),
        "delete": ({"state": "absent"}, f"DELETE {target}", None),
    }
    tasks = [
        workbook(f"{name} {mode} {time}", check=mode == "check", **options)
        for name, (options, _, _) in phases.items()
        for mode, time in itertools.product(("check", "real"), ("first", "again"))
    ]
    seen: dict[str, Any] = {}
    arm = Workbooks(gateway.azure)
    looks = {
        each["name"]: lambda name=each["name"]: seen.update({name: arm.find(service, "platform")}) for each in tasks
    }

    remaining = iter(gateway.run(*tasks, between=looks))

    before = None
    for name, (_, write, after) in phases.items():
        matrix = check, check_again, real, real_again = tuple(itertools.islice(remaining, 4))
        assert [step.changed for step in matrix] == [True, True, True, False], name
        assert [step.writes for step in matrix] == [[], [], [write], []], name
        assert seen[check.name] == seen[check_again.name] == before, name
        assert seen[real.name] == seen[real_again.name] == after, name
        assert {step.result["workbook"]["id"] for step in matrix} == {target}
        if after is not None:
            assert_differences_agree(f"workbook {name_of(service, 'platform')}", *matrix)
        before = after
    assert real.diff == check.diff
    assert (real_again.diff, real_again.actions) == ({}, {})


def test_content_is_compared_as_data_and_the_rest_of_the_workbook_is_left_alone(gateway: Gateway) -> None:
    service, arm = gateway.service, Workbooks(gateway.azure)
    spaced = json.dumps(dict(reversed(FIRST.items())), indent=4)
    tags = {"llm_owner": "platform", "cost": "42", "hidden-title": "Old"}

    def in_portal() -> None:
        arm.change(service, "platform", serialized_data=spaced, tags=tags, description="By hand")

    def by_a_person() -> None:
        arm.change(service, "platform", serialized_data=json.dumps(SECOND))

    _, same, back, titled = gateway.run(
        workbook("made", content=FIRST),
        workbook("same", content=FIRST),
        workbook("back", content=FIRST),
        workbook("titled", content=FIRST, display_name="Gateway of platform"),
        between={"made": in_portal, "same": by_a_person},
    )

    assert (same.changed, same.writes) == (False, [])
    assert back.actions == {name_of(service, "platform"): "updated"}
    assert titled.arm[-1].json["properties"]["description"] == "By hand"
    held = arm.find(service, "platform")
    assert held is not None
    assert held["content"] == FIRST
    assert held["tags"] == {"llm_owner": "platform", "cost": "42", "hidden-title": "Gateway of platform"}


def test_it_can_be_elsewhere(gateway: Gateway) -> None:
    service = gateway.service
    elsewhere = {"id": COMPONENT_ID.replace(RESOURCE_GROUP, MONITORING_GROUP).replace(COMPONENT, "appi-elsewhere")}
    steps = gateway.run(
        workbook("by id", content=FIRST, application_insights=elsewhere),
        workbook(
            "in a group", content=FIRST, workbook_resource_group=MONITORING_GROUP, owner="research", display_name="B"
        ),
        workbook("again", content=FIRST, application_insights=elsewhere, location="France Central"),
    )

    moved = Workbooks(gateway.azure, MONITORING_GROUP)
    first, second = moved.find(service, "platform"), moved.find(service, "research")
    assert first is not None
    assert second is not None
    assert (first["location"], first["source_id"]) == ("francecentral", elsewhere["id"].lower())
    assert (second["location"], second["source_id"]) == ("swedencentral", COMPONENT_ID.lower())
    assert steps[1].writes == [f"PUT {target_of(service, 'research', MONITORING_GROUP)}"]
    assert steps[2].writes == []


def test_a_workbook_that_lost_its_mark_is_neither_written_nor_removed(gateway: Gateway) -> None:
    service, arm = gateway.service, Workbooks(gateway.azure)

    made, refused, kept, adopted, foreign, stays = gateway.attempt(
        workbook("made", content=FIRST),
        workbook("refused", content=SECOND),
        workbook("kept", state="absent"),
        workbook("adopted", content=SECOND, adopt=True),
        workbook("foreign", content=FIRST, adopt=True),
        workbook("stays", state="absent"),
        between={
            "made": lambda: arm.change(service, "platform", tags={}),
            "adopted": lambda: arm.change(service, "platform", tags={"llm_owner": "research"}),
        },
    )

    target = target_of(service, "platform")
    assert made.writes == [f"PUT {target}"]
    assert refused.message == (
        f"Nothing was written:\n  - workbook {target}: exists and carries no mark of an owner; set adopt (llm_adopt) "
        "to take it over, or remove the workbook"
    )
    assert (kept.changed, kept.writes) == (False, [])
    assert f"workbook {target}: carries no tag llm_owner of platform, and stays" in str(kept.result["warnings"])
    assert adopted.writes == [f"PUT {target}"]
    assert f"workbook {target}: belongs to owner research; remove the workbook" in foreign.message
    assert refused.writes == foreign.writes == stays.writes == []
    assert arm.find(service, "platform") is not None


def test_a_display_name_that_another_workbook_has_is_refused_by_arm(gateway: Gateway) -> None:
    _, step = gateway.attempt(
        workbook("first", content=FIRST, display_name="Twice"),
        workbook("second", content=FIRST, display_name="Twice", owner="research"),
    )

    assert "HTTP 409 Conflict: A Workbook with the same name already exists within this subscription" in step.message


_NOWHERE = {"resource_group": RESOURCE_GROUP, "name": "appi-nowhere"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"content": FIRST, "application_insights": _NOWHERE},
            "the Application Insights resource appi-nowhere does not exist in resource group",
        ),
        (
            {"content": FIRST, "application_insights": {"id": "/subscriptions/x/resourceGroups/y"}},
            "application_insights.id (llm_workbook) is '/subscriptions/x/resourceGroups/y'; write an id such as",
        ),
        (
            {"content": FIRST, "application_insights": {"resource_group": "rg"}},
            "parameters are required together: resource_group, name",
        ),
        ({}, "state is present but content is missing: give the content of the workbook"),
        ({"content": FIRST, "owner": "my team!"}, "owner (llm_owner): is 'my team!'; write 1 to 64 letters"),
        ({"content": FIRST, "workbook_resource_group": "rg-nowhere"}, "HTTP 404 ResourceGroupNotFound"),
    ],
    ids=["no component", "no id", "half a name", "no content", "no owner", "no group"],
)
def test_what_cannot_be_is_said_before_anything_is_written(
    gateway: Gateway, options: dict[str, Any], message: str
) -> None:
    (step,) = gateway.attempt(workbook(**options))

    assert message in step.message
    assert step.writes == []


def test_arm_moves_no_workbook_to_another_region(gateway: Gateway) -> None:
    _, step = gateway.attempt(
        workbook("made", content=FIRST),
        workbook("moved", content=SECOND, location="westeurope"),
    )

    assert step.message == (
        "Nothing was written:\n  - location (llm_workbook.location): is westeurope, but the workbook is in "
        "swedencentral, and ARM moves none; write that region, or remove the workbook first"
    )
    assert step.writes == []


def test_a_refusal_names_the_role_that_is_missing(gateway: Gateway) -> None:
    gateway.azure.fail({"method": "PUT", "path": "/providers/Microsoft.Insights/workbooks/", "status": 403})
    (step,) = gateway.attempt(workbook(content=FIRST))

    assert "HTTP 403" in step.message
    assert (
        "Grant the signed-in identity the role 'Workbook Contributor' on the workbook's resource group" in step.message
    )
