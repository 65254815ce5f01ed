# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Subscriptions, resource groups and tenants: what clients read before they come to a resource."""

from __future__ import annotations

from typing import Any

from apim_emulator.config import Config, SubscriptionConfig


class Subscriptions:
    """Microsoft.Resources, as far as clients look things up in it."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._subscriptions = {item.id: item for item in config.subscriptions}
        self._groups: dict[tuple[str, str], tuple[str, str]] = {}
        for name in config.resource_groups:
            self._add_group(config.subscriptions[0].id, name, "swedencentral")
        for placed in config.placed():
            self._add_group(placed.subscription_id or "", placed.resource_group, placed.location)

    def _add_group(self, subscription: str, name: str, location: str) -> None:
        self._groups.setdefault((subscription, name.lower()), (name, location))

    def exists(self, subscription: str) -> bool:
        """Tell whether the subscription is in the tenant."""
        return subscription in self._subscriptions

    def all(self) -> list[dict[str, Any]]:
        """Return all subscriptions as ARM shows them."""
        return [self._show(item) for item in self._subscriptions.values()]

    def show(self, subscription: str) -> dict[str, Any]:
        """Return one existing subscription as ARM shows it."""
        return self._show(self._subscriptions[subscription])

    def tenants(self) -> list[dict[str, Any]]:
        """Return the one tenant as ARM shows it."""
        tenant = self._config.tenant_id
        return [
            {"id": f"/tenants/{tenant}", "tenantId": tenant, "displayName": "Embedded Azure", "tenantCategory": "Home"}
        ]

    def group(self, subscription: str, name: str) -> dict[str, Any] | None:
        """Return a resource group as ARM shows it (case ignored), or None."""
        found = self._groups.get((subscription, name.lower()))
        return _show_group(subscription, *found) if found else None

    def groups(self, subscription: str) -> list[dict[str, Any]]:
        """Return the subscription's resource groups as ARM shows them."""
        return [_show_group(owner, *group) for (owner, _), group in self._groups.items() if owner == subscription]

    def _show(self, subscription: SubscriptionConfig) -> dict[str, Any]:
        return {
            "id": f"/subscriptions/{subscription.id}",
            "authorizationSource": "RoleBased",
            "subscriptionId": subscription.id,
            "tenantId": self._config.tenant_id,
            "displayName": subscription.name,
            "state": "Enabled",
            "managedByTenants": [],
            "subscriptionPolicies": {"spendingLimit": "Off"},
        }


def _show_group(subscription: str, name: str, location: str) -> dict[str, Any]:
    return {
        "id": f"/subscriptions/{subscription}/resourceGroups/{name}",
        "name": name,
        "type": "Microsoft.Resources/resourceGroups",
        "location": location,
        "properties": {"provisioningState": "Succeeded"},
    }
