# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The managed identity: whether it exists, and whether the service can show it.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._preflight.findings import (
    DELAY,
    FAILED,
    IDENTITY,
    PASSED,
    SKIPPED,
    Finding,
    Unread,
)

_OPTION = "managed_identity (apim_managed_identity)"


@dataclass(frozen=True)
class Identity:
    """A managed identity.

    :ivar name: its name, or its client id where only that is known.
    :ivar resource_id: its ARM id; empty when only the client id is given.
    :ivar client_id: its client id; empty when only the ARM id is given.
    :ivar found: what ARM has at ``resource_id``, None when nothing is there.
    """

    name: str
    resource_id: str = ""
    client_id: str = ""
    found: Mapping[str, Any] | Unread | None = None


def principal_of(service: Mapping[str, Any], identity: Identity | None) -> str:
    """Return the object id of the identity, to which roles are assigned; empty when it is not known."""
    if identity is None:
        return ""
    known = [attached for _place, attached in _attached(service, identity)]
    if isinstance(identity.found, Mapping):
        known.insert(0, identity.found.get("properties") or {})
    return next((str(each["principalId"]) for each in known if each.get("principalId")), "")


def judge_identity(service: Mapping[str, Any], identity: Identity | None, backend_ids: Sequence[str]) -> Finding:
    """Judge whether the service can show the identity.

    :param service: the service as ARM returns it.
    :param backend_ids: the backends to which it shall be shown.
    """
    if identity is None:
        return _judge_none(str(service.get("name")), backend_ids)
    if isinstance(identity.found, Unread):
        return _judge_unread(identity, identity.found)
    if identity.resource_id and identity.found is None:
        message = f"there is no managed identity {identity.resource_id}"
        return Finding(IDENTITY, identity.name, FAILED, message, f"create it, or correct {_OPTION}")
    if _attached(service, identity):
        return Finding(IDENTITY, identity.name, PASSED, "is attached to the service")
    also = "" if identity.resource_id else f", or correct {_OPTION}"
    return Finding(
        IDENTITY,
        identity.name,
        FAILED,
        "is not attached to the service, which therefore gets no tokens for it",
        f"add it to the service, in the portal under Managed identities, User assigned{also}",
    )


def _judge_none(service_name: str, backend_ids: Sequence[str]) -> Finding:
    if not backend_ids:
        return Finding(IDENTITY, service_name, SKIPPED, "no backend is shown a managed identity")
    message = f"a managed identity shall be shown to {', '.join(backend_ids)}, and none is given"
    return Finding(IDENTITY, service_name, FAILED, message, f"give its client id or its place as {_OPTION}")


def _judge_unread(identity: Identity, unread: Unread) -> Finding:
    message = f"{identity.resource_id} cannot be read: {unread.reason}"
    if unread.status == 403:
        # The onboarding itself looks up the client id, and would stop there.
        remedy = f"grant the signed-in account the role Reader on it ({DELAY}), or give its client_id in {_OPTION}"
    else:
        remedy = f"correct {_OPTION}"
    return Finding(IDENTITY, identity.name, FAILED, message, remedy)


def _attached(service: Mapping[str, Any], identity: Identity) -> list[tuple[str, Mapping[str, Any]]]:
    """Return id and entry of the identity in the service's list of user-assigned identities; empty, or one."""
    entries = ((service.get("identity") or {}).get("userAssignedIdentities") or {}).items()
    if identity.resource_id:
        return [(key, entry or {}) for key, entry in entries if key.lower() == identity.resource_id.lower()]
    client_id = identity.client_id.lower()
    return [(key, entry) for key, entry in entries if str((entry or {}).get("clientId") or "").lower() == client_id]
