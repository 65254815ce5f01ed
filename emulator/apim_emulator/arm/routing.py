# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""ARM paths: subscription, resource group, provider, resource, children; and the api-versions of each type."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from apim_emulator.arm.errors import ArmError, not_allowed

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

API_MANAGEMENT = "Microsoft.ApiManagement/service"
MANAGED_IDENTITY = "Microsoft.ManagedIdentity/userAssignedIdentities"

# What clients in use speak: this collection and azure-mgmt-apimanagement 5, azure-cli, azure.azcollection.
_API_VERSIONS: dict[str, tuple[str, ...]] = {
    API_MANAGEMENT: ("2022-08-01", "2024-05-01"),
    MANAGED_IDENTITY: ("2018-11-30", "2023-01-31", "2024-11-30"),
    "Microsoft.Resources/subscriptions": ("2016-06-01", "2019-11-01", "2020-01-01", "2021-01-01", "2022-12-01"),
    "Microsoft.Resources/tenants": ("2016-06-01", "2019-11-01", "2020-01-01", "2021-01-01", "2022-12-01"),
    "Microsoft.Resources/resourceGroups": (
        "2017-05-10",
        "2019-10-01",
        "2020-06-01",
        "2021-04-01",
        "2022-09-01",
        "2024-03-01",
        "2025-04-01",
    ),
}
_RESOURCE_TYPES = {name.lower(): name for name in (API_MANAGEMENT, MANAGED_IDENTITY)}


@dataclass(slots=True)
class Route:
    """What a path names: `type` is the top-level resource type, `children` the segments below the resource."""

    type: str
    subscription: str | None = None
    resource_group: str | None = None
    name: str | None = None
    children: list[str] = field(default_factory=list)

    @staticmethod
    def only(method: str, actual: str) -> None:
        """Raise ArmError (405) unless the request has the one method that the path allows."""
        if actual != method:
            raise not_allowed(actual)


def parse_path(segments: list[str]) -> Route:
    """Return what the path names. Raises ArmError for a path or resource type that is not known, naming it."""
    match [segment.lower() for segment in segments]:
        case ["tenants"]:
            return Route("Microsoft.Resources/tenants")
        case ["subscriptions"]:
            return Route("Microsoft.Resources/subscriptions")
        case ["subscriptions", subscription, *rest]:
            return _in_subscription(_subscription(subscription), segments[2:], rest)
    raise _unknown_path(segments)


def _in_subscription(subscription: str, segments: list[str], lower: list[str]) -> Route:
    match lower:
        case []:
            return Route("Microsoft.Resources/subscriptions", subscription)
        case ["resourcegroups"]:
            return Route("Microsoft.Resources/resourceGroups", subscription)
        case ["resourcegroups", _]:
            return Route("Microsoft.Resources/resourceGroups", subscription, segments[1])
        case ["resourcegroups", _, "providers", namespace, kind, *_]:
            return _resource(subscription, segments[1], namespace, kind, segments[5:])
        case ["providers", namespace, kind]:
            return _resource(subscription, None, namespace, kind, [])
    raise _unknown_path(["subscriptions", subscription, *segments])


def _resource(subscription: str, group: str | None, namespace: str, kind: str, rest: list[str]) -> Route:
    known = _RESOURCE_TYPES.get(f"{namespace}/{kind}")
    if known is None:
        namespaces = {name.partition("/")[0] for name in _RESOURCE_TYPES}
        if namespace not in namespaces:
            raise ArmError(404, "InvalidResourceNamespace", f"The resource namespace '{namespace}' is invalid.")
        message = f"The resource type '{kind}' could not be found in the namespace '{namespace}'."
        raise ArmError(404, "InvalidResourceType", message)
    return Route(known, subscription, group, rest[0] if rest else None, rest[1:])


def _subscription(text: str) -> str:
    if not _GUID.fullmatch(text):
        message = f"The provided subscription identifier '{text}' is malformed or invalid."
        raise ArmError(400, "InvalidSubscriptionId", message)
    return text


def _unknown_path(segments: list[str]) -> ArmError:
    return ArmError(404, "ResourceNotFound", f"The embedded Azure does not know the path '/{'/'.join(segments)}'.")


def check_api_version(route: Route, version: str | None) -> str:
    """Return the api-version of a request. Raises ArmError when it is missing or one that the type does not have."""
    if not version:
        message = "The api-version query parameter (?api-version=) is required for all requests."
        raise ArmError(400, "MissingApiVersionParameter", message)
    supported = _API_VERSIONS[route.type]
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
