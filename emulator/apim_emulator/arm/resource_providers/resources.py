# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Microsoft.Resources: tenants, subscriptions and resource groups, read only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from apim_emulator.arm.call import Call
from apim_emulator.arm.errors import ArmError
from apim_emulator.arm.provider import ResourceProvider, listing
from apim_emulator.arm.resources.child import Conditions
from apim_emulator.arm.resources.subscriptions import Subscriptions
from apim_emulator.arm.routing import RESOURCE_GROUPS, SUBSCRIPTIONS, TENANTS, Route
from apim_emulator.http import Answer


class Resources(ResourceProvider):
    """What clients read before they come to a resource."""

    api_versions: ClassVar[Mapping[str, tuple[str, ...]]] = {
        SUBSCRIPTIONS: ("2016-06-01", "2019-11-01", "2020-01-01", "2021-01-01", "2022-12-01"),
        TENANTS: ("2016-06-01", "2019-11-01", "2020-01-01", "2021-01-01", "2022-12-01"),
        RESOURCE_GROUPS: (
            "2017-05-10",
            "2019-10-01",
            "2020-06-01",
            "2021-04-01",
            "2022-09-01",
            "2024-03-01",
            "2025-04-01",
        ),
    }

    def __init__(self, subscriptions: Subscriptions) -> None:
        self._subscriptions = subscriptions

    async def answer(self, call: Call, route: Route, _conditions: Conditions) -> Answer:
        route.only("GET", call.request.method)
        match route.type, route.subscription, route.resource_group:
            case "Microsoft.Resources/tenants", _, _:
                return listing(self._subscriptions.tenants())
            case _, None, _:
                return listing(self._subscriptions.all())
            case "Microsoft.Resources/subscriptions", _, _:
                return Answer(200, self._subscriptions.show(call.subscription))
            case _, _, None:
                return listing(self._subscriptions.groups(call.subscription))
            case _, _, name:
                return Answer(200, self._group(call.subscription, name))

    def exists(self, route: Route) -> bool:
        group = route.resource_group
        return group is None or self._subscriptions.group(route.subscription or "", group) is not None

    def check(self, route: Route) -> None:
        """Raise ArmError (404) unless the subscription of a path exists."""
        if route.subscription is not None and not self._subscriptions.exists(route.subscription):
            message = f"The subscription '{route.subscription}' could not be found."
            raise ArmError(404, "SubscriptionNotFound", message)

    def check_group(self, route: Route) -> None:
        """Raise ArmError (404) unless the resource group that a resource is in exists; groups answer for themselves."""
        if route.type != RESOURCE_GROUPS and route.resource_group is not None:
            self._group(route.subscription or "", route.resource_group)

    def _group(self, subscription: str, name: str) -> dict[str, object]:
        group = self._subscriptions.group(subscription, name)
        if group is None:
            raise ArmError(404, "ResourceGroupNotFound", f"Resource group '{name}' could not be found.")
        return group
