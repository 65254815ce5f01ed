# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Role definitions (Microsoft.Authorization), read and listed: the same at every scope."""

from __future__ import annotations

import re
from typing import Any

from apim_emulator.arm.call import Call
from apim_emulator.arm.errors import ArmError
from apim_emulator.http import Answer
from apim_emulator.rbac.roles import Role, Roles

_BY_NAME = re.compile(r"\s*roleName\s+eq\s+'((?:[^']|'')*)'\s*", re.IGNORECASE)


def definition_id(subscription: str, role: str) -> str:
    """Return the ARM id of a role definition, as role assignments name it."""
    return f"/subscriptions/{subscription}/providers/Microsoft.Authorization/roleDefinitions/{role}"


class RoleDefinitions:
    """Microsoft.Authorization/roleDefinitions."""

    def __init__(self, roles: Roles) -> None:
        self._roles = roles

    def read(self, call: Call, subscription: str, name: str | None) -> Answer:
        """Answer GET of one role definition by its GUID, or of the list (name: None)."""
        if name is None:
            return Answer(200, {"value": [_show(subscription, role) for role in self._matching(call)]})
        role = self._roles.find(name)
        if role is None:
            message = f"The specified role definition with ID '{name.replace('-', '')}' does not exist."
            raise ArmError(404, "RoleDefinitionDoesNotExist", message)
        return Answer(200, _show(subscription, role))

    def _matching(self, call: Call) -> list[Role]:
        clause = call.request.query.get("$filter")
        if clause is None:
            return self._roles.all()
        match = _BY_NAME.fullmatch(clause)
        if match is None:
            message = f"The embedded Azure does not know the filter '{clause}': use roleName eq 'NAME'."
            raise ArmError(400, "UnsupportedQuery", message)
        role = self._roles.named(match[1].replace("''", "'"))
        return [role] if role is not None else []


def _show(subscription: str, role: Role) -> dict[str, Any]:
    permissions = {
        "actions": list(role.actions),
        "notActions": list(role.not_actions),
        "dataActions": list(role.data_actions),
        "notDataActions": list(role.not_data_actions),
    }
    return {
        "properties": {
            "roleName": role.name,
            "type": "CustomRole" if role.is_custom else "BuiltInRole",
            "description": role.description,
            "assignableScopes": [f"/subscriptions/{subscription}" if role.is_custom else "/"],
            "permissions": [permissions],
        },
        "id": definition_id(subscription, role.id),
        "type": "Microsoft.Authorization/roleDefinitions",
        "name": role.id,
    }
