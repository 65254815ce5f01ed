# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which managed identities a service has: as ARM shows them, and as a PATCH changes them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from apim_emulator.arm.errors import ArmError, Problem, invalid
from apim_emulator.arm.resources.identities import identity_id
from apim_emulator.arm.store import Service
from apim_emulator.config import SYSTEM_ASSIGNED_PRINCIPAL_ID, IdentityConfig

_SYSTEM, _USER, _NONE = "SystemAssigned", "UserAssigned", "None"
_TYPES = {
    "none": frozenset[str](),
    "systemassigned": frozenset((_SYSTEM,)),
    "userassigned": frozenset((_USER,)),
    "systemassigned,userassigned": frozenset((_SYSTEM, _USER)),
}
_RESOURCE_ID = re.compile(r"/subscriptions/[^/]+/resourcegroups/[^/]+/providers/[^/]+/[^/]+/[^/]+", re.IGNORECASE)
# What ARM writes itself and a client may send back.
_READ_ONLY = frozenset(("principalId", "tenantId"))
_READ_ONLY_OF_ONE = frozenset(("principalId", "clientId"))


def show_identity(service: Service, tenant: str) -> dict[str, Any]:
    """Return the `identity` of a service as ARM shows it."""
    kinds = ([_SYSTEM] if service.system_assigned else []) + ([_USER] if service.identities else [])
    identity: dict[str, Any] = {"type": ", ".join(kinds) or _NONE}
    if service.system_assigned:
        identity |= {"principalId": SYSTEM_ASSIGNED_PRINCIPAL_ID, "tenantId": tenant}
    if service.identities:
        identity["userAssignedIdentities"] = {
            identity_id(item): {"principalId": item.principal_id, "clientId": item.client_id}
            for item in service.identities
        }
    return identity


def changed_identities(
    service: Service, body: Mapping[str, Any], known: Iterable[IdentityConfig], present: Mapping[str, Any]
) -> tuple[bool, tuple[IdentityConfig, ...]]:
    """Return whether a PATCH leaves the service its system-assigned identity, and which user-assigned ones.

    Those that the body does not name stay; null removes one. The body may repeat `properties` that are `present`.
    Raises ArmError, which names what is wrong.
    """
    sent = _sent(body, present)
    kinds, changes = _TYPES[_normal_type(sent["type"])], sent.get("userAssignedIdentities") or {}
    if _USER not in kinds:
        if changes:
            text = (
                "The request format was unexpected, a non-UserAssigned identity type should not contain: "
                "userAssignedIdentities"
            )
            raise _failed(service, text)
        return _SYSTEM in kinds, ()
    if not changes and not service.identities:
        text = "The identity ids must not be null or empty for 'UserAssigned' identity type."
        raise ArmError(400, "MissingIdentityIds", text)
    by_id = {identity_id(item).lower(): item for item in known}
    kept = {identity_id(item).lower(): item for item in service.identities}
    for reference, value in changes.items():
        key = reference.lower()
        if key not in by_id:
            raise _unknown(service, reference)
        kept.pop(key, None)
        if value is not None:
            kept[key] = by_id[key]
    return _SYSTEM in kinds, tuple(kept.values())


def _sent(body: Mapping[str, Any], present: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the `identity` of a body, which changes nothing else."""
    properties = body.get("properties", {})
    changed = [member for member in body if member not in ("identity", "properties")]
    if isinstance(properties, Mapping):
        changed += [f"properties.{name}" for name, value in properties.items() if present.get(name, ...) != value]
    else:
        changed.append("properties")
    problems = [
        Problem(member, f"The embedded Azure changes nothing but 'identity' of a service, not '{member}'.")
        for member in changed
    ]
    identity = body.get("identity")
    if not isinstance(identity, Mapping):
        raise invalid([*problems, Problem("identity", "'identity' is required and must be an object.")])
    known = {"type", "userAssignedIdentities", *_READ_ONLY}
    problems += [
        Problem(f"identity.{member}", f"Could not find member '{member}' on object of type 'Identity'.")
        for member in identity
        if member not in known
    ]
    if _normal_type(identity.get("type")) not in _TYPES:
        choices = f"{_SYSTEM}, {_USER}, '{_SYSTEM}, {_USER}' or {_NONE}"
        problems.append(Problem("identity.type", f"'{identity.get('type')}' is not a type of identity: {choices}."))
    problems += _map_problems(identity.get("userAssignedIdentities"))
    if problems:
        raise invalid(problems)
    return identity


def _map_problems(changes: object) -> list[Problem]:
    if changes is None:
        return []
    if not isinstance(changes, Mapping):
        return [Problem("identity.userAssignedIdentities", "'userAssignedIdentities' must be an object.")]
    text = "The value must be an empty object, which attaches the identity, or null, which removes it."
    return [
        Problem(f"identity.userAssignedIdentities.{reference}", text)
        for reference, value in changes.items()
        if value is not None and not (isinstance(value, Mapping) and _READ_ONLY_OF_ONE.issuperset(value))
    ]


def _normal_type(value: object) -> str:
    return value.replace(" ", "").lower() if isinstance(value, str) else ""


def _unknown(service: Service, reference: str) -> ArmError:
    if _RESOURCE_ID.fullmatch(reference):
        return _failed(service, f"Resource '{reference}' was not found.")
    message = (
        f"Property id '{reference}' at path 'identity.userAssignedIdentities' is invalid. Expect fully qualified "
        "resource Id that start with '/subscriptions/{subscriptionId}' or '/providers/{resourceProviderNamespace}/'."
    )
    return ArmError(400, "LinkedInvalidPropertyId", message)


def _failed(service: Service, text: str) -> ArmError:
    message = (
        f"Identity operation for resource '{service.resource_id}' failed with error 'Failed to perform resource "
        f"identity operation. Status: 'BadRequest'. Response: "
        f'\'{{"error":{{"code":"BadRequest","message":"{text}"}}}}\'.\'.'
    )
    return ArmError(400, "FailedIdentityOperation", message)
