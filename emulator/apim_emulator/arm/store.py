# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What exists in each API Management service: entities, their ETags, and which entity uses which."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import itertools
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from apim_emulator.config import Config, IdentityConfig, ServiceConfig
from apim_emulator.tracing import Tracing

MASTER_SUBSCRIPTION = "master"


@dataclass(slots=True)
class Entity:
    """One child of a service.

    `collection` and `name` make its path below the service ("backends", "aif-1"); `properties` is the stored contract
    and may hold secrets; `uses` are the keys of the entities that it refers to; `ready_at` is when (monotonic seconds)
    the operation that wrote it is over; `parsed` is whatever its kind made of the contract and wants to keep.
    """

    collection: str
    name: str
    properties: dict[str, Any]
    uses: frozenset[str] = frozenset()
    parsed: Any = None
    etag: str = ""
    ready_at: float = 0.0

    @property
    def path(self) -> str:
        """Return the path below the service, as ARM's messages write it."""
        return f"/{self.collection}/{self.name}"

    @property
    def key(self) -> str:
        """Return the path by which other entities refer to this one: ARM ids ignore case."""
        return self.path.lower()

    def is_ready(self) -> bool:
        """Tell whether the operation that wrote the entity is over."""
        return time.monotonic() >= self.ready_at


@dataclass(slots=True)
class Service:
    """An API Management service: its configuration, its children, and where its gateway listens.

    `identities` are the user-assigned ones that it has; a PATCH may change them. Writes hold `write_lock`, so
    that what a write has checked still holds when it stores. `version` counts the writes.
    """

    config: ServiceConfig
    etag: str
    identities: tuple[IdentityConfig, ...] = ()
    system_assigned: bool = False
    gateway_url: str = ""
    tracing: Tracing = field(default_factory=Tracing)
    write_lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    version: int = 0
    _collections: dict[str, dict[str, Entity]] = field(default_factory=dict)
    _users: dict[str, dict[str, Entity]] = field(default_factory=dict)
    _watchers: list[Callable[[], None]] = field(default_factory=list)
    _open_batches: int = 0

    @property
    def label(self) -> str:
        """Return RESOURCE_GROUP/NAME."""
        return f"{self.config.resource_group}/{self.config.name}"

    @property
    def identity_client_ids(self) -> frozenset[str]:
        """Return the client ids of the user-assigned identities."""
        return frozenset(item.client_id for item in self.identities)

    @property
    def resource_id(self) -> str:
        """Return the ARM id."""
        return (
            f"/subscriptions/{self.config.subscription_id}/resourceGroups/{self.config.resource_group}"
            f"/providers/Microsoft.ApiManagement/service/{self.config.name}"
        )

    @property
    def gateway_key(self) -> str:
        """Return a key that opens every API: the primary key of the built-in subscription."""
        return str(self._collections["subscriptions"][MASTER_SUBSCRIPTION].properties["primaryKey"])

    def get(self, collection: str, name: str) -> Entity | None:
        """Return the entity with that name (case ignored), or None."""
        return self._collections.get(collection.lower(), {}).get(name.lower())

    def children(self, collection: str) -> list[Entity]:
        """Return the collection's entities, ordered by name."""
        entities = self._collections.get(collection.lower(), {})
        return [entities[name] for name in sorted(entities)]

    def users_of(self, entity: Entity) -> list[str]:
        """Return the paths of the entities that refer to this one, ordered."""
        return sorted(user.path for user in self._users.get(entity.key, {}).values())

    def using(self, entity: Entity) -> Iterable[Entity]:
        """Return the entities that refer to this one."""
        return list(self._users.get(entity.key, {}).values())

    def watch(self, changed: Callable[[], None]) -> None:
        """Have `changed` called after every write."""
        self._watchers.append(changed)

    @contextlib.contextmanager
    def batch(self) -> Iterator[None]:
        """Make one write of all that happens inside, so that nobody is told of its half."""
        self._open_batches += 1
        try:
            yield
        finally:
            self._open_batches -= 1
            self._written()

    def _written(self) -> None:
        if self._open_batches:
            return
        self.version += 1
        for changed in self._watchers:
            changed()

    def put(self, entity: Entity) -> None:
        """Store the entity in the place of the one with the same key."""
        self._unlink(self.get(entity.collection, entity.name))
        self._collections.setdefault(entity.collection.lower(), {})[entity.name.lower()] = entity
        for target in entity.uses:
            self._users.setdefault(target, {})[entity.key] = entity
        self._written()

    def remove(self, entity: Entity) -> None:
        """Remove the entity and what is below it; the caller has made sure that nothing refers to it."""
        with self.batch():
            below = f"{entity.key[1:]}/"
            for collection in [name for name in self._collections if name.startswith(below)]:
                for child in self._collections.pop(collection).values():
                    self._unlink(child)
            self._unlink(entity)
            del self._collections[entity.collection.lower()][entity.name.lower()]

    def _unlink(self, entity: Entity | None) -> None:
        for target in entity.uses if entity else ():
            users = self._users.get(target, {})
            users.pop(entity.key if entity else "", None)


class Store:
    """All services, and the row versions that become ETags."""

    def __init__(self, config: Config) -> None:
        # Starts where a service with a past would: an ETag must not look like a small counter.
        self._versions = itertools.count(0xE69BD5)
        self.services: dict[tuple[str, str, str], Service] = {}
        known = {item.key: item for item in config.identities}
        for service in config.services:
            key = (service.subscription_id or "", service.resource_group.lower(), service.name.lower())
            identities = tuple(known[service.subscription_id or "", name.lower()] for name in service.identities)
            self.services[key] = Service(service, self.next_etag(), identities, service.system_assigned)

    def next_etag(self) -> str:
        """Return a new ETag: a quoted base64 row version, such as "AAAAAADmodU="."""
        version = next(self._versions)
        return f'"{base64.b64encode(version.to_bytes(8, "big")).decode("ascii")}"'

    def find(self, subscription: str, resource_group: str, name: str) -> Service | None:
        """Return the service (case of the names ignored), or None."""
        return self.services.get((subscription.lower(), resource_group.lower(), name.lower()))
