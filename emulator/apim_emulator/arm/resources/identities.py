# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""User-assigned managed identities (Microsoft.ManagedIdentity): read and listed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from apim_emulator.config import Config, IdentityConfig


def identity_id(identity: IdentityConfig) -> str:
    """Return the ARM id. Microsoft.ManagedIdentity writes `resourcegroups` in lower case."""
    return (
        f"/subscriptions/{identity.subscription_id}/resourcegroups/{identity.resource_group}"
        f"/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{identity.name}"
    )


class Identities:
    """Microsoft.ManagedIdentity/userAssignedIdentities, from the configuration."""

    def __init__(self, config: Config) -> None:
        self._config = config

    def find(self, subscription: str, resource_group: str, name: str) -> dict[str, Any] | None:
        """Return the identity as ARM shows it (case of the names ignored), or None."""
        matching = (item for item in self._within(subscription, resource_group) if item.name.lower() == name.lower())
        return next((self._show(item) for item in matching), None)

    def within(self, subscription: str, resource_group: str | None) -> list[dict[str, Any]]:
        """Return the identities of a subscription or resource group as ARM shows them."""
        return [self._show(item) for item in self._within(subscription, resource_group)]

    def _within(self, subscription: str, resource_group: str | None) -> Iterable[IdentityConfig]:
        for item in self._config.identities:
            in_group = resource_group is None or item.resource_group.lower() == resource_group.lower()
            if item.subscription_id == subscription and in_group:
                yield item

    def _show(self, identity: IdentityConfig) -> dict[str, Any]:
        return {
            "id": identity_id(identity),
            "name": identity.name,
            "type": "Microsoft.ManagedIdentity/userAssignedIdentities",
            "location": identity.location,
            "tags": {},
            "properties": {
                "tenantId": self._config.tenant_id,
                "principalId": identity.principal_id,
                "clientId": identity.client_id,
            },
        }
