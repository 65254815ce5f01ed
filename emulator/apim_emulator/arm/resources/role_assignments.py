# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Role assignments (Microsoft.Authorization): GET, list, PUT and DELETE at a scope."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Literal

from apim_emulator.arm.call import Call
from apim_emulator.arm.contracts import Contract, parse
from apim_emulator.arm.errors import ArmError, not_allowed
from apim_emulator.arm.resources.role_definitions import definition_id
from apim_emulator.config import SYSTEM_ASSIGNED_PRINCIPAL_ID, Config
from apim_emulator.http import Answer
from apim_emulator.rbac.assignments import Assignment, Assignments, is_at_or_below
from apim_emulator.rbac.roles import Roles

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_DEFINITION = re.compile(r"(/.*)?/providers/Microsoft\.Authorization/roleDefinitions/([^/]+)", re.IGNORECASE)
_AT_SCOPE = r"atScope\(\)"
_OF_PRINCIPAL = r"(?:assignedTo\(\s*'([^']*)'\s*\)|principalId\s+eq\s+'([^']*)')"
_FILTER = re.compile(rf"\s*(?:(?P<at>{_AT_SCOPE})(?:\s+and\s+(?=\S)|\s*$))?(?P<who>{_OF_PRINCIPAL})?\s*", re.IGNORECASE)

# What ARM writes itself and a client may send back.
_READ_ONLY = frozenset(("scope", "createdOn", "updatedOn", "createdBy", "updatedBy"))


class AssignmentContract(Contract):
    """`properties` of a role assignment."""

    role_definition_id: str
    principal_id: str
    principal_type: Literal["User", "Group", "ServicePrincipal", "ForeignGroup", "Device"] | None = None
    description: str | None = None


class RoleAssignments:
    """Microsoft.Authorization/roleAssignments."""

    def __init__(self, config: Config, roles: Roles, assignments: Assignments) -> None:
        self._tenant = config.tenant_id
        self._roles = roles
        self._assignments = assignments
        self._principals = {
            SYSTEM_ASSIGNED_PRINCIPAL_ID,
            *(item.object_id for item in config.clients),
            *(item.principal_id for item in config.identities),
        }

    def listing(self, call: Call, scope: str) -> Answer:
        """Answer GET of the assignments that concern a scope: at it, above it and, without atScope(), below it."""
        wanted = _filter(call.request.query.get("$filter"), scope)
        return Answer(200, {"value": [_show(item) for item in self._assignments.all() if wanted(item)]})

    def one(self, call: Call, scope: str, name: str) -> Answer:
        """Answer a request for one assignment, by the name that it has at its own scope."""
        found = self._assignments.find(name)
        existing = found if found is not None and found.scope.lower() == scope.lower() else None
        match call.request.method:
            case "GET":
                if existing is None:
                    raise ArmError(404, "RoleAssignmentNotFound", f"The role assignment '{name}' is not found.")
                return Answer(200, _show(existing))
            case "DELETE":
                if existing is None:
                    return Answer(204)
                self._assignments.remove(existing)
                return Answer(200, _show(existing))
            case "PUT":
                return self._put(call, scope, name, found)
        raise not_allowed(call.request.method)

    def _put(self, call: Call, scope: str, name: str, existing: Assignment | None) -> Answer:
        if not _GUID.fullmatch(name):
            message = f"The role assignment ID '{name}' is not valid. The role assignment ID must be a GUID."
            raise ArmError(400, "InvalidRoleAssignmentId", message)
        wanted = self._wanted(call, scope, name.lower())
        if existing is not None and existing.triple != wanted.triple:
            message = "Tenant ID, application ID, principal ID, and scope are not allowed to be updated."
            raise ArmError(400, "RoleAssignmentUpdateNotPermitted", message)
        same = self._assignments.same(wanted)
        if same is not None and existing is None:
            raise ArmError(
                409,
                "RoleAssignmentExists",
                "The role assignment already exists. The ID of the existing role assignment is "
                f"{same.name.replace('-', '')}.",
            )
        self._assignments.put(wanted)
        return Answer(201 if existing is None else 200, _show(wanted))

    def _wanted(self, call: Call, scope: str, name: str) -> Assignment:
        """Return the assignment that a body describes. Raises ArmError for the first thing that is wrong with it."""
        sent = _sent(call.json())
        match = _DEFINITION.fullmatch(sent["roleDefinitionId"])
        if match is None:
            message = f"The role definition ID '{sent['roleDefinitionId']}' is not valid."
            raise ArmError(400, "InvalidRoleDefinitionId", message)
        role = self._roles.find(match[2])
        if role is None:
            message = f"The specified role definition with ID '{match[2].replace('-', '')}' does not exist."
            raise ArmError(400, "RoleDefinitionDoesNotExist", message)
        principal = sent["principalId"].lower()
        self._check_principal(principal, sent.get("principalType"))
        return Assignment(
            name=name,
            scope=scope,
            role=role.id,
            principal=principal,
            principal_type=sent.get("principalType") or "ServicePrincipal",
            description=sent.get("description"),
            created_by=call.principal.object_id,
        )

    def _check_principal(self, principal: str, kind: str | None) -> None:
        if not _GUID.fullmatch(principal):
            raise ArmError(400, "InvalidPrincipalId", "A valid principal ID must be provided for role assignment.")
        if principal in self._principals:
            # Everything that the embedded Entra has is a service principal.
            if kind not in (None, "ServicePrincipal"):
                message = (
                    f"The PrincipalId '{principal.replace('-', '')}' has type 'ServicePrincipal' , which is different "
                    f"from specified PrinciaplType '{kind}'."
                )
                raise ArmError(400, "UnmatchedPrincipalType", message)
        elif kind is None:
            message = (
                f"Principal {principal.replace('-', '')} does not exist in the directory {self._tenant}. "
                "Check that you have the correct principal ID. If you are creating this principal and then immediately "
                "assigning a role, this error might be related to a replication delay. In this case, set the role "
                "assignment principalType property to a value, such as ServicePrincipal, User, or Group."
            )
            raise ArmError(400, "PrincipalNotFound", message)


def _sent(body: dict[str, Any]) -> dict[str, Any]:
    """Return the properties that a body sets. Raises ArmError, which names what is wrong."""
    properties = body.get("properties")
    if not isinstance(properties, dict):
        message = "The request content was invalid and could not be deserialized: 'properties' is required."
        raise ArmError(400, "InvalidRequestContent", message)
    sent = {key: value for key, value in properties.items() if key not in _READ_ONLY and value is not None}
    stored, problems = parse(AssignmentContract, sent)
    if stored is None:
        text = "; ".join(f"{problem.target}: {problem.message}" for problem in problems)
        message = f"The request content was invalid and could not be deserialized: '{text}'."
        raise ArmError(400, "InvalidRequestContent", message)
    return stored


def _filter(clause: str | None, scope: str) -> Callable[[Assignment], bool]:
    """Return what tells whether a list at a scope shows an assignment."""
    match = _FILTER.fullmatch(clause or "")
    if match is None or (clause is not None and not (match["at"] or match["who"])):
        message = (
            f"The filter '{clause}' is not supported. Supported filters are either 'atScope()' or "
            "'principalId eq '{value}' or assignedTo('{value}')'."
        )
        raise ArmError(400, "UnsupportedQuery", message)
    principal = (match[3] or match[4] or "").lower()
    at_scope = match["at"] is not None

    def shows(item: Assignment) -> bool:
        concerns = is_at_or_below(scope, item.scope) or (not at_scope and is_at_or_below(item.scope, scope))
        return concerns and (not match["who"] or item.principal == principal)

    return shows


def _show(item: Assignment) -> dict[str, Any]:
    subscription = item.scope.split("/")[2]
    return {
        "properties": {
            "roleDefinitionId": definition_id(subscription, item.role),
            "principalId": item.principal,
            "principalType": item.principal_type,
            "scope": item.scope,
            "condition": None,
            "conditionVersion": None,
            "createdOn": item.created,
            "updatedOn": item.created,
            "createdBy": item.created_by,
            "updatedBy": item.created_by,
            "delegatedManagedIdentityResourceId": None,
            "description": item.description,
        },
        "id": f"{item.scope}/providers/Microsoft.Authorization/roleAssignments/{item.name}",
        "type": "Microsoft.Authorization/roleAssignments",
        "name": item.name,
    }
