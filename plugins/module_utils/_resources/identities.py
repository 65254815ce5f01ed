# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The managed identities of a service, with which it reads the secrets of Key Vault that named values refer to.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_PORTAL = "in the portal under Managed identities"


@dataclass(frozen=True)
class Identities:
    """What a service has.

    :ivar has_own: whether it has one of its own, which is system-assigned.
    :ivar client_ids: the user-assigned ones, in lower case; empty texts stand for those that ARM shows no client id of.
    """

    has_own: bool
    client_ids: frozenset[str]

    @classmethod
    def of(cls, identity: Mapping[str, Any] | None) -> Identities:
        """Read the member ``identity`` of a service, as ARM returns it."""
        shown = identity or {}
        attached = (shown.get("userAssignedIdentities") or {}).values()
        return cls(
            "systemassigned" in str(shown.get("type") or "").lower(),
            frozenset(str((each or {}).get("clientId") or "").lower() for each in attached),
        )

    def unreadable(self, named_values: Sequence[Mapping[str, Any]]) -> list[str]:
        """Name the references to Key Vault that the service has no identity for: ARM refuses to write them.

        :param named_values: options of named values.
        """
        found = ((index, each["name"], self._fault(each)) for index, each in enumerate(named_values))
        return [f"named_values[{index}] ({name}): key_vault: {fault}" for index, name, fault in found if fault]

    def _fault(self, named_value: Mapping[str, Any]) -> str:
        vault = named_value.get("key_vault")
        if not vault:
            return ""
        client_id = vault.get("identity_client_id")
        if not client_id:
            remedy = "give apim_managed_identity (managed_identity or key_vault.identity_client_id), or switch it on"
            problem = f"the service has no identity of its own to read it with; {remedy} {_PORTAL}, System assigned"
            return "" if self.has_own else problem
        if {client_id.lower(), ""} & self.client_ids:
            return ""
        remedy = f"add it {_PORTAL}, User assigned, or correct apim_managed_identity (managed_identity)"
        return f"the identity {client_id} that shall read it is not attached to the service; {remedy}"
