# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a resource provider of ARM is: the resource types of a namespace, and who answers for them.

A new one is a subclass in `resource_providers/`, made in `plane.py`. What it has of the configuration is named in
`Config.placed()`, if it is in a resource group.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from apim_emulator.arm.call import Call
from apim_emulator.arm.errors import ArmError
from apim_emulator.arm.resources.child import Conditions
from apim_emulator.arm.routing import ResourceTypes, Route
from apim_emulator.http import Answer


class ResourceProvider(ABC):
    """One namespace of ARM.

    `api_versions` are those of each of its top-level resource types, oldest first; `extensions` are those of the types
    whose resources are attached to a scope: a subscription, a resource group, or a resource of any provider.
    """

    api_versions: ClassVar[Mapping[str, tuple[str, ...]]]
    extensions: ClassVar[frozenset[str]] = frozenset()

    @abstractmethod
    async def answer(self, call: Call, route: Route, conditions: Conditions) -> Answer:
        """Answer a call whose token, api-version, subscription, role and resource group were checked.

        Raises ArmError.
        """

    def starts_operation(self, _route: Route, _method: str) -> bool:
        """Tell whether such a request makes ARM start a long-running operation."""
        return False

    def exists(self, route: Route) -> bool:
        """Tell whether a resource exists; asked for the scope of an extension resource."""
        raise NotImplementedError(f"{route.type} cannot be the scope of an extension resource")


class Registry:
    """All resource providers, by resource type."""

    def __init__(self, *providers: ResourceProvider) -> None:
        self._providers = {name: provider for provider in providers for name in provider.api_versions}
        extensions = frozenset(name for provider in providers for name in provider.extensions)
        versions = {name: provider.api_versions[name] for name, provider in self._providers.items()}
        self.types = ResourceTypes(versions, extensions)

    def of(self, route: Route) -> ResourceProvider:
        """Return the provider of what a route names."""
        return self._providers[route.type]


def listing(items: Iterable[Mapping[str, Any]]) -> Answer:
    """Answer a list of resources, all on one page."""
    shown = list(items)
    return Answer(200, {"value": shown, "count": len(shown)})


def resource_not_found(route: Route) -> ArmError:
    """Return the refusal of a top-level resource that does not exist."""
    message = (
        f"The Resource '{route.type}/{route.name}' under resource group '{route.resource_group}' was not found. "
        "For more details please go to https://aka.ms/ARMResourceNotFoundFix"
    )
    return ArmError(404, "ResourceNotFound", message)


def parent_not_found(route: Route) -> ArmError:
    """Return the refusal of what is below a top-level resource that does not exist."""
    message = f"Can not perform requested operation on nested resource. Parent resource '{route.name}' not found."
    return ArmError(404, "ParentResourceNotFound", message)
