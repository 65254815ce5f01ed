# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the data plane sees of a service: a read-only view of the store, with notice of every change.

The gateway takes a `snapshot()`, serves from it, and takes another when it was told of a change. A snapshot is
immutable and complete, so it may be served for as long as a write is said to take until the gateway sees it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Literal, TypeVar

from apim_emulator.arm.store import Entity, Service

V = TypeVar("V")

SubscriptionState = Literal["suspended", "active", "expired", "submitted", "rejected", "cancelled"]
ScopeKind = Literal["service", "apis", "api", "product"]


@dataclass(frozen=True, slots=True)
class OperationView:
    """One operation: `url_template` is below the API's path, such as /deployments/{deployment-id}/chat/completions.

    `method` is in upper case. `policy` is the operation's policy as rawxml, None when it has none of its own; so it is
    with the policies of the other views.
    """

    id: str
    display_name: str
    method: str
    url_template: str
    policy: str | None


@dataclass(frozen=True, slots=True)
class ApiView:
    """One API: `path` is its suffix below the gateway's URL, without slashes at its ends ("" is the root).

    `key_header` and `key_query` name the header and the query parameter of the subscription key. `protocols` are the
    schemes that its clients may use. Operations are ordered by id.
    """

    id: str
    display_name: str
    path: str
    protocols: tuple[str, ...]
    service_url: str | None
    subscription_required: bool
    key_header: str
    key_query: str
    revision: str
    operations: tuple[OperationView, ...]
    policy: str | None


@dataclass(frozen=True, slots=True)
class ProductView:
    """One product, and the ids of its APIs in lower case."""

    id: str
    display_name: str
    published: bool
    subscription_required: bool
    approval_required: bool
    subscriptions_limit: int | None
    apis: frozenset[str]
    policy: str | None


@dataclass(frozen=True, slots=True)
class SubscriptionView:
    """One subscription: `target` is the id of the API or product of its scope in lower case, None for wider scopes.

    The scopes "service" (the built-in subscription) and "apis" (all APIs) open every API.
    """

    id: str
    display_name: str
    scope: ScopeKind
    target: str | None
    primary_key: str
    secondary_key: str
    state: SubscriptionState
    created: datetime
    start: datetime | None
    end: datetime | None


@dataclass(frozen=True, slots=True)
class MemberView:
    """One member of a pool: the id of its backend as the pool names it, and its place (None: not set)."""

    backend: str
    priority: int | None
    weight: int | None


@dataclass(frozen=True, slots=True)
class BackendView:
    """One backend: `members` is empty for a single backend, `url` is None for a pool.

    `credentials`, `tls` and `breaker` are the stored contracts (breaker: its one rule), {{named values}} as written.
    """

    id: str
    url: str | None
    members: tuple[MemberView, ...]
    credentials: Mapping[str, Any]
    tls: Mapping[str, Any]
    breaker: Mapping[str, Any] | None

    @property
    def is_pool(self) -> bool:
        """Tell whether requests go to members of this backend."""
        return bool(self.members)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that the gateway serves by, as it stood at `version`.

    Keys of the mappings: ids in lower case, since ids ignore case; but display names, as written, of named values.
    Values of `named_values` may be secret. `fragments` holds the rawxml with its <fragment> element.
    """

    version: int
    policy: str
    apis: Mapping[str, ApiView]
    products: Mapping[str, ProductView]
    subscriptions: Mapping[str, SubscriptionView]
    backends: Mapping[str, BackendView]
    fragments: Mapping[str, str]
    named_values: Mapping[str, str]


class ServiceView:
    """The read-only view of one service."""

    def __init__(self, service: Service, named_values: Callable[[Service], Mapping[str, str]]) -> None:
        """named_values: gives the value of every named value of a service by display name."""
        self._service = service
        self._named_values = named_values

    @property
    def label(self) -> str:
        """Return RESOURCE_GROUP/NAME."""
        return self._service.label

    @property
    def version(self) -> int:
        """Return the number of writes so far: a snapshot with a lower version is out of date."""
        return self._service.version

    def watch(self, changed: Callable[[], None]) -> None:
        """Have `changed` called on the event loop's thread after each write of ARM, when the store is consistent.

        It is called within the ARM request, so it should only note the time or set an asyncio.Event.
        """
        self._service.watch(changed)

    def snapshot(self) -> Snapshot:
        """Return the present state; the cost is linear in the number of entities, so take one per change."""
        service = self._service
        return Snapshot(
            version=service.version,
            policy=_policy(service, "") or "",
            apis=_by_id(service, "apis", self._api),
            products=_by_id(service, "products", self._product),
            subscriptions=_by_id(service, "subscriptions", _subscription),
            backends=_by_id(service, "backends", _backend),
            fragments=_by_id(service, "policyFragments", lambda entity: str(entity.properties["value"])),
            named_values=MappingProxyType(dict(self._named_values(service))),
        )

    def _api(self, entity: Entity) -> ApiView:
        properties = entity.properties
        names = properties["subscriptionKeyParameterNames"]
        return ApiView(
            id=entity.name,
            display_name=properties["displayName"],
            path=properties["path"],
            protocols=tuple(properties["protocols"]),
            service_url=properties.get("serviceUrl"),
            subscription_required=properties["subscriptionRequired"],
            key_header=names["header"],
            key_query=names["query"],
            revision=properties["apiRevision"],
            operations=tuple(
                OperationView(
                    id=operation.name,
                    display_name=operation.properties["displayName"],
                    method=operation.properties["method"].upper(),
                    url_template=operation.properties["urlTemplate"],
                    policy=_policy(self._service, operation.path),
                )
                for operation in self._service.children(f"apis/{entity.name}/operations")
            ),
            policy=_policy(self._service, entity.path),
        )

    def _product(self, entity: Entity) -> ProductView:
        properties = entity.properties
        return ProductView(
            id=entity.name,
            display_name=properties["displayName"],
            published=properties["state"] == "published",
            subscription_required=properties["subscriptionRequired"],
            approval_required=properties.get("approvalRequired", False),
            subscriptions_limit=properties.get("subscriptionsLimit"),
            apis=frozenset(link.name.lower() for link in self._service.children(f"products/{entity.name}/apis")),
            policy=_policy(self._service, entity.path),
        )


def _by_id(service: Service, collection: str, view: Callable[[Entity], V]) -> Mapping[str, V]:
    return MappingProxyType({entity.name.lower(): view(entity) for entity in service.children(collection)})


def _policy(service: Service, owner: str) -> str | None:
    """Return the policy of an entity as rawxml; `owner` is the entity's path, "" for the service."""
    entity = service.get(f"{owner}/policies".lstrip("/"), "policy")
    return None if entity is None else str(entity.properties["value"])


def _subscription(entity: Entity) -> SubscriptionView:
    properties = entity.properties
    scope: ScopeKind = "service"
    collection, _, target = properties["scope"].strip("/").partition("/")
    if collection:
        scope = "product" if collection == "products" else "api" if target else "apis"
    return SubscriptionView(
        id=entity.name,
        display_name=properties["displayName"],
        scope=scope,
        target=target.lower() or None,
        primary_key=properties["primaryKey"],
        secondary_key=properties["secondaryKey"],
        state=properties["state"],
        created=datetime.fromisoformat(properties["createdDate"]),
        start=_moment(properties.get("startDate")),
        end=_moment(properties.get("endDate")),
    )


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _backend(entity: Entity) -> BackendView:
    properties = entity.properties
    members = properties.get("pool", {}).get("services", ())
    rules = properties.get("circuitBreaker", {}).get("rules", ())
    return BackendView(
        id=entity.name,
        url=properties.get("url"),
        members=tuple(
            MemberView(member["id"].rpartition("/")[2], member.get("priority"), member.get("weight"))
            for member in members
        ),
        credentials=MappingProxyType(properties.get("credentials", {})),
        tls=MappingProxyType(properties.get("tls", {})),
        breaker=MappingProxyType(rules[0]) if rules else None,
    )
