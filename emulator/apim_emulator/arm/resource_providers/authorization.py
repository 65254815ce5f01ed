# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Microsoft.Authorization: role assignments and role definitions, at any scope."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from apim_emulator.arm.call import Call
from apim_emulator.arm.errors import ArmError
from apim_emulator.arm.provider import ResourceProvider
from apim_emulator.arm.resources.child import Conditions
from apim_emulator.arm.resources.role_assignments import RoleAssignments
from apim_emulator.arm.resources.role_definitions import RoleDefinitions
from apim_emulator.arm.routing import Route
from apim_emulator.config import Config
from apim_emulator.http import Answer
from apim_emulator.rbac.assignments import Assignments
from apim_emulator.rbac.roles import Roles

_ASSIGNMENTS = "Microsoft.Authorization/roleAssignments"
_DEFINITIONS = "Microsoft.Authorization/roleDefinitions"


class Authorization(ResourceProvider):
    """Who has which role where, and what the roles are."""

    api_versions: ClassVar[Mapping[str, tuple[str, ...]]] = {
        _ASSIGNMENTS: ("2022-04-01",),
        _DEFINITIONS: ("2022-04-01",),
    }
    extensions: ClassVar[frozenset[str]] = frozenset((_ASSIGNMENTS, _DEFINITIONS))

    def __init__(self, config: Config, roles: Roles, assignments: Assignments) -> None:
        self._definitions = RoleDefinitions(roles)
        self._assignments = RoleAssignments(config, roles, assignments)

    async def answer(self, call: Call, route: Route, _conditions: Conditions) -> Answer:
        if route.children or route.scope is None:
            message = f"The embedded Azure knows nothing below a resource of type '{route.type}'."
            raise ArmError(404, "InvalidResourceType", message)
        if route.type == _DEFINITIONS:
            route.only("GET", call.request.method)
            return self._definitions.read(call, route.subscription or "", route.name)
        if route.name is None:
            route.only("GET", call.request.method)
            return self._assignments.listing(call, route.scope.id)
        return self._assignments.one(call, route.scope.id, route.name)

    def exists(self, _route: Route) -> bool:
        # Nobody has a role at a role.
        return False
