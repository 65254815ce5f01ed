# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Brings the workbook of a gateway to its wanted state, or removes it.

A workbook lies beside Application Insights, not below the API Management service, and there is one at most, so that it
is read and written here. PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.client import ArmClient, Entity
from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.errors import ConfigurationError
from ansible_collections.citadel.ai_gateway.plugins.module_utils._changes import UNCHANGED, Change, GoalError, Report
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.ownership import Ownership
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.workbook import (
    OWNER_TAG,
    Workbook,
    region,
    workbook_name,
)

APPLICATION_INSIGHTS_SPEC: dict[str, Any] = {
    "type": "dict",
    "required": True,
    "options": {
        "id": {"type": "str"},
        "subscription_id": {"type": "str"},
        "resource_group": {"type": "str"},
        "name": {"type": "str"},
    },
    "mutually_exclusive": [("id", "resource_group"), ("id", "name"), ("id", "subscription_id")],
    "required_together": [("resource_group", "name")],
    "required_one_of": [("id", "name")],
}

_COMPONENT = re.compile(
    r"/subscriptions/[^/]+/resourceGroups/[^/]+/providers/microsoft\.insights/components/[^/]+", re.IGNORECASE
)
# The API of Application Insights resources has versions of its own.
COMPONENT_QUERY = {"api-version": "2020-02-02"}
# Without it ARM leaves the content out of what it returns.
_WITH_CONTENT = {"canFetchContent": "true"}


@dataclass(frozen=True)
class Place:
    """Where a workbook is, or shall be, and the Application Insights resource (ARM id) that it asks."""

    path: str
    application_insights: str

    @property
    def name(self) -> str:
        """The workbook's name in ARM, a GUID."""
        return self.path.rpartition("/")[2]


def component_path(client: ArmClient, given: Mapping[str, Any]) -> str:
    """Return the ARM id of an Application Insights resource.

    :param given: the option ``application_insights``.
    :raises ConfigurationError: when the id is not that of an Application Insights resource.
    """
    component = given["id"] or (
        f"/subscriptions/{given['subscription_id'] or client.service_path.split('/')[2]}"
        f"/resourceGroups/{given['resource_group']}/providers/microsoft.insights/components/{given['name']}"
    )
    if not _COMPONENT.fullmatch(component):
        problem = (
            f"application_insights.id (llm_workbook) is {component!r}; write an id such as /subscriptions/"
            "00000000-0000-0000-0000-000000000000/resourceGroups/GROUP/providers/microsoft.insights/components/NAME"
        )
        raise ConfigurationError([problem])
    return component


def place_of(client: ArmClient, params: Mapping[str, Any]) -> Place:
    """Return where the workbook of a service and an owner is.

    :param params: ``application_insights``, ``workbook_resource_group`` (None for that of Application Insights) and
        ``owner``.
    :raises ConfigurationError: when the id is not that of an Application Insights resource.
    """
    component = component_path(client, params["application_insights"])
    subscription_id, component_group = component.split("/")[2], component.split("/")[4]
    group = params["workbook_resource_group"] or component_group
    name = workbook_name(client.service_path, params["owner"])
    path = f"/subscriptions/{subscription_id}/resourceGroups/{group}/providers/Microsoft.Insights/workbooks/{name}"
    return Place(path, component)


def deploy(
    client: ArmClient, place: Place, options: Mapping[str, Any], ownership: Ownership, *, check_mode: bool
) -> Report:
    """Create the workbook or make it match.

    :param options: ``display_name``, ``location`` (None for that of Application Insights) and ``content``.
    :return: the report, with one change.
    :raises ConfigurationError: when the Application Insights resource does not exist.
    :raises GoalError: when the workbook is not the owner's, or is in another region; nothing was written.
    """
    with ThreadPoolExecutor(2) as executor:
        reading = executor.submit(client.get, place.application_insights, query=COMPONENT_QUERY)
        entity = client.get(place.path, query=_WITH_CONTENT)
        component = reading.result()
    if component is None:
        raise ConfigurationError([_no_component(place.application_insights)])
    resource = Workbook()
    wanted = resource.wanted({**options, "application_insights": place.application_insights, "owner": ownership.owner})
    before = resource.current(entity.body) if entity else None
    if before is None:
        wanted.setdefault("location", region(component.body["location"]))
    problems = [*_refusals(resource, place, before, wanted, ownership)]
    if problems:
        raise GoalError(problems)
    change = Change(resource, place.name, wanted, before)
    change.action = change.decide()
    if change.action != UNCHANGED and not check_mode:
        client.put(place.path, resource.body(change.after or {}, entity.body if entity else None))
    return Report([change])


def remove(client: ArmClient, place: Place, owner: str, *, check_mode: bool) -> Report:
    """Remove the workbook if it carries the mark of its owner.

    :return: the report, with one change if there is a workbook, and a warning if it is left alone.
    """
    entity = client.get(place.path, query=_WITH_CONTENT)
    if entity is None:
        return Report()
    change = _removal(entity, place, owner)
    if change.owner is None:
        return Report([], [f"workbook {place.path}: carries no tag {OWNER_TAG} of {owner}, and stays"])
    change.action = change.decide()
    if not check_mode:
        client.delete(place.path, if_match="*")
    return Report([change])


def _removal(entity: Entity, place: Place, owner: str) -> Change:
    resource = Workbook()
    before = resource.current(entity.body)
    owned = Ownership(owner).is_owned(resource, before)
    return Change(resource, place.name, None, before, owner if owned else None)


def _refusals(
    resource: Workbook,
    place: Place,
    before: Mapping[str, Any] | None,
    wanted: Mapping[str, Any],
    ownership: Ownership,
) -> list[str]:
    """Return why the workbook that exists must not be written."""
    if before is None:
        return []
    refusal = ownership.refusal(resource, place.name, dict(before), dict(wanted))
    problems = [f"workbook {place.path}: {refusal}"] if refusal else []
    if wanted.get("location", before["location"]) != before["location"]:
        problems.append(
            f"location (llm_workbook.location): is {wanted['location']}, but the workbook is in {before['location']}, "
            "and ARM moves none; write that region, or remove the workbook first"
        )
    return problems


def _no_component(path: str) -> str:
    parts = path.split("/")
    subscription_id, group, name = parts[2], parts[4], parts[-1]
    return (
        f"the Application Insights resource {name} does not exist in resource group {group} of subscription "
        f"{subscription_id}; create it, or check application_insights (llm_workbook.application_insights)"
    )
