# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Microsoft.ManagedIdentity: user-assigned identities, read only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from apim_emulator.arm.call import Call
from apim_emulator.arm.provider import ResourceProvider, listing, resource_not_found
from apim_emulator.arm.resources.child import Conditions
from apim_emulator.arm.resources.identities import Identities
from apim_emulator.arm.routing import Route
from apim_emulator.config import Config
from apim_emulator.http import Answer


class ManagedIdentity(ResourceProvider):
    """The identities of the configuration."""

    api_versions: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "Microsoft.ManagedIdentity/userAssignedIdentities": ("2018-11-30", "2023-01-31", "2024-11-30")
    }

    def __init__(self, config: Config) -> None:
        self._identities = Identities(config)

    async def answer(self, call: Call, route: Route, _conditions: Conditions) -> Answer:
        route.only("GET", call.request.method)
        if route.resource_group is None or route.name is None:
            return listing(self._identities.within(call.subscription, route.resource_group))
        found = self._identities.find(call.subscription, route.resource_group, route.name)
        if found is None or route.children:
            raise resource_not_found(route)
        return Answer(200, found)

    def exists(self, route: Route) -> bool:
        group, name = route.resource_group or "", route.name or ""
        return not route.children and self._identities.find(route.subscription or "", group, name) is not None
