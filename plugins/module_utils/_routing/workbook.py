# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The monitoring workbook that an inventory asks for: ``llm_workbook``.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.fields import Fields, scalar_text
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.problems import Problems, shown
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.settings import (
    RESOURCE_GROUP,
    UUID,
    UUID_REMEDY,
    is_pruned,
)

_VARIABLE = "llm_workbook"
_FIELDS = ("deploy", "application_insights", "display_name", "resource_group", "location")
_PLACE = ("id", "subscription_id", "resource_group", "name")

# ARM's naming rules for Application Insights: 1 to 260 characters, no space or period at the end.
_NAME = re.compile(r"[^%&\\?/\x00-\x1f]{0,259}[^%&\\?/\x00-\x1f .]")
_ID = re.compile(
    rf"/subscriptions/{UUID.pattern}/resourceGroups/{RESOURCE_GROUP.pattern}/providers/microsoft\.insights/components/"
    rf"{_NAME.pattern}",
    re.IGNORECASE,
)
_LOCATION = re.compile(r"[A-Za-z][A-Za-z0-9 ]*")

_PLACE_REMEDY = (
    "give either id, or resource_group and name (and subscription_id, where that is another one) of the Application "
    "Insights resource that the APIs report to"
)
_ID_REMEDY = (
    "write an id such as /subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/GROUP/providers/"
    "microsoft.insights/components/NAME"
)
_GROUP_REMEDY = "write the name of a resource group"
_NAME_REMEDY = "write the name of an Application Insights resource"
_DISPLAY_REMEDY = "write the name that people shall see"
_LOCATION_REMEDY = "write an Azure region such as swedencentral"


def read_workbook(value: Any, service: Any, prune: Any, problems: Problems) -> dict[str, Any] | None:
    """Return what shall become of the workbook; None when nothing needs to be done.

    :param value: ``llm_workbook``, None for none.
    :param service: a mapping with ``apim_subscription_id``, the default of the subscription; None for none.
    :param prune: ``llm_prune``.
    :return: ``state`` (present, or absent where it is not deployed any more), ``application_insights`` (ARM id),
        ``display_name``, ``resource_group`` and ``location`` (each None for the module's default).
    """
    if value is None:
        return None
    fields = Fields(value, _VARIABLE, _FIELDS, problems)
    deploy = fields.boolean("deploy", False)
    options = {
        "display_name": fields.text("display_name", _DISPLAY_REMEDY, required=False) or None,
        "resource_group": _matched(fields, "resource_group", RESOURCE_GROUP, _GROUP_REMEDY),
        "location": _matched(fields, "location", _LOCATION, _LOCATION_REMEDY),
    }
    place = fields.raw("application_insights")
    if not place:
        if deploy:
            fields.refuse("application_insights", "is missing, but deploy is true", _PLACE_REMEDY)
        return None
    component = _component(place, service, problems)
    if not deploy and not is_pruned(prune):
        return None
    return {"state": "present" if deploy else "absent", "application_insights": component, **options}


def _component(value: Any, service: Any, problems: Problems) -> str:
    """Return the ARM id of the Application Insights resource; faults are noted."""
    path = f"{_VARIABLE}.application_insights"
    fields = Fields(value, path, _PLACE, problems)
    if not fields.is_mapping:
        return ""
    given = [name for name in _PLACE if fields.raw(name) is not None]
    if "id" in given:
        if given != ["id"]:
            problems.add(path, f"has {', '.join(given)}", _PLACE_REMEDY)
        return _matched(fields, "id", _ID, _ID_REMEDY) or ""
    known = scalar_text(service.get("apim_subscription_id")) if isinstance(service, Mapping) else ""
    subscription_id = _matched(fields, "subscription_id", UUID, UUID_REMEDY) or known
    group = _matched(fields, "resource_group", RESOURCE_GROUP, _GROUP_REMEDY, required=True)
    name = _matched(fields, "name", _NAME, _NAME_REMEDY, required=True)
    return f"/subscriptions/{subscription_id}/resourceGroups/{group}/providers/microsoft.insights/components/{name}"


def _matched(fields: Fields, name: str, pattern: re.Pattern[str], remedy: str, *, required: bool = False) -> str | None:
    """Return the text of a field, None when it is absent; one that does not match is noted."""
    text = fields.text(name, remedy, required=required)
    if text and not pattern.fullmatch(text):
        fields.refuse(name, f"is {shown(text)}", remedy)
    return text or None
