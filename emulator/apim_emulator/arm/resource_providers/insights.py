# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Microsoft.Insights: workbooks, and Application Insights components, which are read only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from apim_emulator.arm.call import Call
from apim_emulator.arm.errors import ArmError, Problem, invalid, not_allowed
from apim_emulator.arm.provider import ResourceProvider, resource_not_found
from apim_emulator.arm.resources.application_insights import ApplicationInsights
from apim_emulator.arm.resources.child import Conditions
from apim_emulator.arm.resources.workbooks import Place, Workbook, Workbooks, check_etag
from apim_emulator.arm.routing import Route
from apim_emulator.config import Config
from apim_emulator.http import Answer

COMPONENTS = "Microsoft.Insights/components"
WORKBOOKS = "Microsoft.Insights/workbooks"

_CONTENT = "canFetchContent"


class Insights(ResourceProvider):
    """What Azure Monitor keeps in resource groups."""

    api_versions: ClassVar[Mapping[str, tuple[str, ...]]] = {
        COMPONENTS: ("2020-02-02",),
        WORKBOOKS: ("2022-04-01", "2023-06-01"),
    }

    def __init__(self, config: Config) -> None:
        self._components = ApplicationInsights(config)
        self._workbooks = Workbooks()

    async def answer(self, call: Call, route: Route, _conditions: Conditions) -> Answer:
        if route.children:
            message = f"The embedded Azure does not know the resource type '{route.children[0]}' below '{route.type}'."
            raise ArmError(404, "InvalidResourceType", message)
        if route.type == COMPONENTS:
            return self._component(call, route)
        if route.resource_group is None or route.name is None:
            return self._list(call, route.resource_group)
        return self._workbook(call, route, Place(call.subscription, route.resource_group, route.name))

    def exists(self, route: Route) -> bool:
        place = Place(route.subscription or "", route.resource_group or "", route.name or "")
        if route.children:
            return False
        if route.type == COMPONENTS:
            return self._components.find(place.subscription, place.resource_group, place.name) is not None
        return self._workbooks.find(place) is not None

    def _component(self, call: Call, route: Route) -> Answer:
        route.only("GET", call.request.method)
        _check_options(call)
        if route.resource_group is None or route.name is None:
            return Answer(200, {"value": self._components.within(call.subscription, route.resource_group)})
        found = self._components.find(call.subscription, route.resource_group, route.name)
        if found is None:
            raise resource_not_found(route)
        return Answer(200, found)

    def _workbook(self, call: Call, route: Route, place: Place) -> Answer:
        existing = self._workbooks.find(place)
        _check_options(call, _CONTENT if call.request.method == "GET" else "")
        match call.request.method:
            case "GET":
                return Answer(200, _found(existing, route).show(content=_wants_content(call)))
            case "PUT":
                check_etag(call.request.headers.get("If-Match"), existing)
                # Recorded: 200 also for a new one, although the description allows 201.
                return Answer(200, self._workbooks.put(place, call.json(), _user(call)).show(content=True))
            case "PATCH":
                found = _found(existing, route)
                check_etag(call.request.headers.get("If-Match"), found)
                changes = call.json() if call.request.body else {}
                return Answer(200, self._workbooks.patch(found, changes, _user(call)).show(content=True))
            case "DELETE":
                if existing is None:
                    return Answer(204)
                check_etag(call.request.headers.get("If-Match"), existing)
                self._workbooks.remove(existing)
                return Answer(200)
        raise not_allowed(call.request.method)

    def _list(self, call: Call, resource_group: str | None) -> Answer:
        Route.only("GET", call.request.method)
        _check_options(call, "category", _CONTENT, "sourceId" if resource_group is not None else "")
        query = call.request.query
        category, source, content = query.get("category"), query.get("sourceId"), _wants_content(call)
        if not category:
            raise invalid([Problem("category", "The query parameter 'category' is required.")])
        group = resource_group.lower() if resource_group is not None else None
        shown = [
            item.show(content=content)
            for item in self._workbooks.within(call.subscription, group)
            if item.properties["category"] == category and source in (None, item.properties["sourceId"])
        ]
        return Answer(200, {"value": shown})


def _found(workbook: Workbook | None, route: Route) -> Workbook:
    if workbook is None:
        raise resource_not_found(route)
    return workbook


def _user(call: Call) -> str:
    return call.principal.object_id


def _check_options(call: Call, *known: str) -> None:
    """Raise ArmError for a query parameter that is not known, naming it."""
    unknown = [name for name in call.request.query if name not in ("api-version", *known)]
    if unknown:
        text = "The embedded Azure does not know the query parameter '{}' here."
        raise invalid([Problem(name, text.format(name)) for name in unknown])


def _wants_content(call: Call) -> bool:
    value = call.request.query.get(_CONTENT, "false").lower()
    if value not in ("true", "false"):
        raise invalid([Problem(_CONTENT, "The query parameter must be true or false.")])
    return value == "true"
