# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Role assignments, and where they hold: at their scope and everywhere below it."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field

from apim_emulator.config import Config
from apim_emulator.config_access import role_of
from apim_emulator.http import utc_text
from apim_emulator.rbac.roles import Roles

_NAMESPACE = uuid.UUID("a3f2b7c0-6d51-4a0e-9c38-7d2f5b1e8a46")


@dataclass(frozen=True, slots=True)
class Assignment:
    """A role of a principal at a scope: `name`, `role`, `principal` are GUIDs in lower case, `scope` an ARM id."""

    name: str
    scope: str
    role: str
    principal: str
    principal_type: str = "ServicePrincipal"
    description: str | None = None
    created_by: str | None = None
    created: str = field(default_factory=utc_text)

    @property
    def triple(self) -> tuple[str, str, str]:
        """Return what no two assignments have in common."""
        return self.scope.lower(), self.role, self.principal


def is_at_or_below(scope: str, other: str) -> bool:
    """Tell whether a scope is another one, or inside it (ARM ids, case ignored)."""
    return f"{scope}/".lower().startswith(f"{other}/".lower())


class Assignments:
    """The role assignments that exist. They start as configured; every change holds at once."""

    def __init__(self, config: Config, roles: Roles) -> None:
        self._roles = roles
        self._assignments: dict[str, Assignment] = {}
        for item in config.role_assignments:
            role, principal, scope = role_of(roles, item).id, config.principal_of(item), config.scope_of(item)
            name = str(uuid.uuid5(_NAMESPACE, f"{scope}|{role}|{principal}".lower()))
            self.put(Assignment(name, scope, role, principal))

    def all(self) -> Iterable[Assignment]:
        """Return the assignments, oldest first."""
        return self._assignments.values()

    def find(self, name: str) -> Assignment | None:
        """Return the assignment of that name (a GUID is unique in the tenant), or None."""
        return self._assignments.get(name.lower())

    def same(self, wanted: Assignment) -> Assignment | None:
        """Return the assignment of the same role to the same principal at the same scope, or None."""
        return next((item for item in self._assignments.values() if item.triple == wanted.triple), None)

    def put(self, assignment: Assignment) -> None:
        """Store an assignment in the place of the one with its name."""
        self._assignments[assignment.name] = assignment

    def remove(self, assignment: Assignment) -> None:
        """Remove an assignment."""
        del self._assignments[assignment.name]

    def allow_data(self, principal: str, scope: str, action: str) -> bool:
        """Tell whether a principal may do a data action at a scope, by an assignment there or above."""
        held = (
            self._roles.find(item.role)
            for item in self._assignments.values()
            if item.principal == principal.lower() and is_at_or_below(scope, item.scope)
        )
        return any(role is not None and role.allows_data(action) for role in held)
