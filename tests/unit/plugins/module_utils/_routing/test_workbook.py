# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The workbook that an inventory asks for, or asks no longer for."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.plugins.module_utils._routing.inventories import PRIMARY, only_problem, plan_of, problems_of

SUBSCRIPTION = "00000000-0000-0000-0000-00000000000a"
OTHER = "00000000-0000-0000-0000-00000000000b"
SERVICE = {"apim_subscription_id": SUBSCRIPTION, "apim_resource_group": "rg", "apim_service_name": "apim"}
PLACE = {"resource_group": "rg-monitoring", "name": "appi"}
COMPONENT = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-monitoring/providers/microsoft.insights/components/appi"
DEFAULTS = {"display_name": None, "resource_group": None, "location": None}


def workbook_of(value: Any, **variables: Any) -> Any:
    return plan_of(PRIMARY, workbook=value, service=SERVICE, **variables)["workbook"]


@pytest.mark.parametrize("value", [None, {}, {"deploy": False}, {"application_insights": PLACE}])
def test_a_workbook_is_deployed_on_request_only(value: Any) -> None:
    assert workbook_of(value) is None


@pytest.mark.parametrize(
    ("place", "component"),
    [
        (PLACE, COMPONENT),
        ({**PLACE, "subscription_id": OTHER}, COMPONENT.replace(SUBSCRIPTION, OTHER)),
        ({"id": COMPONENT}, COMPONENT),
        ({"id": COMPONENT.replace("resourceGroups", "resourcegroups")}, COMPONENT.replace("Groups", "groups")),
    ],
)
def test_application_insights_is_named_by_id_or_by_its_parts(place: dict[str, str], component: str) -> None:
    expected = {"state": "present", "application_insights": component, **DEFAULTS}
    assert workbook_of({"deploy": True, "application_insights": place}) == expected


def test_what_is_given_is_kept() -> None:
    given = {"display_name": "LLM", "resource_group": "rg-workbooks", "location": "Sweden Central"}
    assert workbook_of({"deploy": True, "application_insights": PLACE, **given}).items() >= given.items()


@pytest.mark.parametrize("prune", [True, "yes", "True"])
def test_a_workbook_that_is_not_wanted_any_more_is_pruned_where_it_can_be_found(prune: Any) -> None:
    expected = {"state": "absent", "application_insights": COMPONENT, **DEFAULTS}
    assert workbook_of({"deploy": False, "application_insights": PLACE}, prune=prune) == expected
    assert workbook_of({"deploy": False}, prune=prune) is None
    assert workbook_of({"deploy": True, "application_insights": PLACE}, prune=prune)["state"] == "present"


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ("yes", "llm_workbook"),
        ({"deploy": "maybe"}, "llm_workbook.deploy"),
        ({"deploys": True}, "llm_workbook.deploys"),
        ({"deploy": True}, "llm_workbook.application_insights"),
        ({"application_insights": "appi"}, "llm_workbook.application_insights"),
        ({"application_insights": {"name": "appi"}}, "llm_workbook.application_insights.resource_group"),
        ({"application_insights": {"resource_group": "rg"}}, "llm_workbook.application_insights.name"),
        ({"application_insights": {**PLACE, "name": "a/b"}}, "llm_workbook.application_insights.name"),
        (
            {"application_insights": {**PLACE, "subscription_id": "prod"}},
            "llm_workbook.application_insights.subscription_id",
        ),
        ({"application_insights": {"id": COMPONENT, "name": "appi"}}, "llm_workbook.application_insights"),
        ({"application_insights": {"id": "appi"}}, "llm_workbook.application_insights.id"),
        ({"application_insights": {"id": COMPONENT + "/x"}}, "llm_workbook.application_insights.id"),
        ({"resource_group": "rg."}, "llm_workbook.resource_group"),
        ({"location": "Sweden-Central"}, "llm_workbook.location"),
        ({"display_name": " "}, "llm_workbook.display_name"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(value: Any, path: str) -> None:
    assert only_problem(PRIMARY, workbook=value).path == path


def test_all_is_named_at_once_with_what_else_is_wrong() -> None:
    wrong = {"deploy": 2, "application_insights": {"group": "rg"}, "location": 5}
    assert [each.path for each in problems_of(PRIMARY, workbook=wrong, owner="")] == [
        "llm_owner",
        "llm_workbook.deploy",
        "llm_workbook.location",
        "llm_workbook.application_insights.group",
        "llm_workbook.application_insights.resource_group",
        "llm_workbook.application_insights.name",
    ]
