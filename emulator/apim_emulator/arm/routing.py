# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""ARM paths: subscription, resource group, provider, resource, children, extension resources; and api-versions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from apim_emulator.arm.errors import ArmError, not_allowed

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

SUBSCRIPTIONS = "Microsoft.Resources/subscriptions"
RESOURCE_GROUPS = "Microsoft.Resources/resourceGroups"
TENANTS = "Microsoft.Resources/tenants"


@dataclass(slots=True)
class Route:
    """What a path names: `type` is the top-level resource type, `children` the segments below the resource.

    `scope` is what an extension resource is attached to, None for any other resource. Subscription and resource group
    are then those of the scope.
    """

    type: str
    subscription: str | None = None
    resource_group: str | None = None
    name: str | None = None
    children: list[str] = field(default_factory=list)
    scope: Route | None = None

    @property
    def id(self) -> str:
        """Return the ARM id of a subscription, a resource group, or a resource and its children."""
        group = f"/resourceGroups/{self.resource_group}" if self.resource_group is not None else ""
        own = "" if self.name is None else "/".join(("", "providers", self.type, self.name, *self.children))
        return f"/subscriptions/{self.subscription}{group}{own}"

    @property
    def full_type(self) -> str:
        """Return the type with those of the children, an action included, as refusals name what is not allowed."""
        return "/".join((self.type, *self.children[::2]))

    @staticmethod
    def only(method: str, actual: str) -> None:
        """Raise ArmError (405) unless the request has the one method that the path allows."""
        if actual != method:
            raise not_allowed(actual)


class ResourceTypes:
    """The resource types that exist: their api-versions, and which of them are extensions of any scope."""

    def __init__(self, api_versions: Mapping[str, tuple[str, ...]], extensions: frozenset[str]) -> None:
        self._api_versions = api_versions
        self._extensions = extensions
        self._names = {name.lower(): name for name in api_versions}

    def parse(self, segments: list[str]) -> Route:
        """Return what a path names. Raises ArmError for a path or resource type that is not known, naming it."""
        match [segment.lower() for segment in segments]:
            case ["tenants"]:
                return Route(TENANTS)
            case ["subscriptions"]:
                return Route(SUBSCRIPTIONS)
            case ["subscriptions", subscription, *_]:
                return self._in_subscription(_subscription(subscription), segments[2:])
        raise _unknown_path(segments)

    def check_version(self, route: Route, version: str | None) -> str:
        """Return the api-version of a request. Raises ArmError when it is missing or not one of the type."""
        if not version:
            message = "The api-version query parameter (?api-version=) is required for all requests."
            raise ArmError(400, "MissingApiVersionParameter", message)
        supported = self._api_versions[route.type]
        if version in supported:
            return version
        listing = ", ".join(supported)
        namespace, _, kind = route.type.partition("/")
        if namespace == "Microsoft.Resources":
            message = f"The api-version '{version}' is invalid. The supported versions are '{listing}'."
            raise ArmError(400, "InvalidApiVersionParameter", message)
        message = (
            f"No registered resource provider found for API version '{version}' for type '{kind}' in namespace "
            f"'{namespace}'. The supported api-versions are '{listing}'."
        )
        raise ArmError(400, "NoRegisteredProviderFound", message)

    def _in_subscription(self, subscription: str, segments: list[str]) -> Route:
        match [segment.lower() for segment in segments]:
            case []:
                return Route(SUBSCRIPTIONS, subscription)
            case ["resourcegroups"]:
                return Route(RESOURCE_GROUPS, subscription)
            case ["resourcegroups", _]:
                return Route(RESOURCE_GROUPS, subscription, segments[1])
            case ["resourcegroups", _, "providers", _, _, *_]:
                group = Route(RESOURCE_GROUPS, subscription, segments[1])
                return self._resource(group, segments[3:])
            case ["providers", _, _, *_]:
                return self._resource(Route(SUBSCRIPTIONS, subscription), segments[1:])
        raise _unknown_path(["subscriptions", subscription, *segments])

    def _resource(self, scope: Route, segments: list[str]) -> Route:
        """Return what namespace, type, name and so on name below a scope; `providers` begins an extension resource.

        Types and names take turns, so a resource may well have the name `providers`.
        """
        namespace, kind, *rest = segments
        name = self._known(namespace, kind)
        places = [index for index in range(1, len(rest), 2) if rest[index].lower() == "providers"]
        own = rest[: places[0]] if places else rest
        route = Route(name, scope.subscription, scope.resource_group, own[0] if own else None, own[1:])
        if name in self._extensions:
            route.scope = scope
        elif scope.resource_group is None and own:
            raise _unknown_path([*_path_of(scope), "providers", *segments])
        if not places:
            return route
        extension = rest[places[0] + 1 :]
        if len(extension) < 2 or self._known(*extension[:2]) not in self._extensions:
            raise _unknown_path([*_path_of(scope), "providers", *segments])
        return self._resource(route, extension)

    def _known(self, namespace: str, kind: str) -> str:
        known = self._names.get(f"{namespace}/{kind}".lower())
        # Subscriptions and resource groups have paths of their own.
        if known is not None and not known.startswith("Microsoft.Resources/"):
            return known
        namespaces = {name.partition("/")[0] for name in self._names}
        if namespace.lower() not in namespaces - {"microsoft.resources"}:
            raise ArmError(404, "InvalidResourceNamespace", f"The resource namespace '{namespace}' is invalid.")
        message = f"The resource type '{kind}' could not be found in the namespace '{namespace}'."
        raise ArmError(404, "InvalidResourceType", message)


def _path_of(scope: Route) -> list[str]:
    """Return the path of a subscription or resource group."""
    group = ["resourceGroups", scope.resource_group] if scope.resource_group is not None else []
    return ["subscriptions", scope.subscription or "", *group]


def _subscription(text: str) -> str:
    if not _GUID.fullmatch(text):
        message = f"The provided subscription identifier '{text}' is malformed or invalid."
        raise ArmError(400, "InvalidSubscriptionId", message)
    return text


def _unknown_path(segments: list[str]) -> ArmError:
    return ArmError(404, "ResourceNotFound", f"The embedded Azure does not know the path '/{'/'.join(segments)}'.")
