# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Subscriptions of API Management: scopes, states and keys (facts 1.1, 1.5, 1.7 and 3.2)."""

from __future__ import annotations

import re
import secrets
from typing import Annotated, Any, Literal

from pydantic import Field

from apim_emulator.arm.call import Call
from apim_emulator.arm.contracts import Contract, parse, spelled
from apim_emulator.arm.errors import ArmError, Problem, invalid
from apim_emulator.arm.operations import Operations
from apim_emulator.arm.resources.child import ChildKind, check_text
from apim_emulator.arm.store import MASTER_SUBSCRIPTION, Entity, Service, Store
from apim_emulator.http import Answer, utc_text

_COLLECTION = "subscriptions"
_NAME = re.compile(r"[^*#&+:<>?]+")
_STATES = ("suspended", "active", "expired", "submitted", "rejected", "cancelled")
_ENDED = frozenset(("expired", "rejected", "cancelled"))
_KEYS = ("primaryKey", "secondaryKey")
_DATES = frozenset(("createdDate", "startDate", "endDate"))
_SERVICE_SCOPE = "/"
# The one user that every service has; users are no resource here.
_ADMINISTRATOR = "/users/1"

State = Literal["suspended", "active", "expired", "submitted", "rejected", "cancelled"]
Key = Annotated[str | None, Field(min_length=1, max_length=256)]


class SubscriptionContract(Contract):
    """`properties` of a subscription.

    `expirationDate` is kept for auditors and ends nothing; the other dates are read-only, ignored when they are sent.
    """

    display_name: str = Field(min_length=1, max_length=100)
    scope: str
    owner_id: str | None = None
    state: Annotated[State, spelled(*_STATES)] = "submitted"
    state_comment: str | None = None
    primary_key: Key = None
    secondary_key: Key = None
    allow_tracing: bool = False
    expiration_date: str | None = None
    created_date: str | None = None
    start_date: str | None = None
    end_date: str | None = None


class ServiceSubscriptions(ChildKind):
    """S/subscriptions."""

    collection = _COLLECTION
    title = "Subscription"
    filterable = frozenset(("name", "displayName", "stateComment", "ownerId", "scope", "state"))

    def __init__(self, store: Store, operations: Operations) -> None:
        super().__init__(store, operations)
        self.actions = {
            "listSecrets": self._list_secrets,
            "regeneratePrimaryKey": self._regenerate_primary,
            "regenerateSecondaryKey": self._regenerate_secondary,
        }

    def check_name(self, name: str) -> None:
        check_text(name, "sid", 1, 256, _NAME.fullmatch)

    async def build(self, call: Call, name: str, properties: dict[str, Any], existing: Entity | None) -> Entity:
        if name.lower() == MASTER_SUBSCRIPTION:
            raise _built_in()
        service = call.apim()
        stored, problems = parse(SubscriptionContract, properties)
        scope, scope_problems = _normal_scope(service, properties.get("scope"))
        problems += scope_problems
        if str(properties.get("ownerId", _ADMINISTRATOR)).removeprefix(service.resource_id) != _ADMINISTRATOR:
            problems.append(Problem("ownerId", f"The embedded Azure has one user only: {_ADMINISTRATOR}."))
        problems += _key_problems(service, name, properties)
        if problems or stored is None:
            raise invalid(problems)
        stored["scope"] = scope
        before = existing.properties if existing is not None else {}
        for key in _KEYS:
            stored.setdefault(key, before.get(key) or _new_key())
        return Entity(_COLLECTION, name, _dated(stored, before))

    def properties(self, call: Call, entity: Entity) -> dict[str, Any]:
        """Return what a reader sees: the scope as a full ARM path, and never the keys."""
        shown = {name: value for name, value in entity.properties.items() if name not in _KEYS}
        return {**shown, "scope": f"{call.apim().resource_id}{entity.properties['scope']}"}

    def check_removal(self, call: Call, entity: Entity) -> None:
        if entity.name == MASTER_SUBSCRIPTION:
            raise _built_in()
        super().check_removal(call, entity)

    async def _list_secrets(self, _call: Call, entity: Entity) -> Answer:
        return Answer(200, {key: entity.properties[key] for key in _KEYS}, {"ETag": entity.etag})

    async def _regenerate_primary(self, call: Call, entity: Entity) -> Answer:
        return self._regenerate(call, entity, "primaryKey")

    async def _regenerate_secondary(self, call: Call, entity: Entity) -> Answer:
        return self._regenerate(call, entity, "secondaryKey")

    def _regenerate(self, call: Call, entity: Entity, key: str) -> Answer:
        renewed = Entity(_COLLECTION, entity.name, {**entity.properties, key: _new_key()}, etag=self._store.next_etag())
        call.apim().put(renewed)
        return Answer(204)


def store_master(store: Store, service: Service) -> None:
    """Give a service its built-in subscription, which opens every API."""
    properties = {
        "displayName": "Built-in all-access subscription",
        "scope": _SERVICE_SCOPE,
        "state": "active",
        "allowTracing": False,
        **{key: _new_key() for key in _KEYS},
    }
    service.put(Entity(_COLLECTION, MASTER_SUBSCRIPTION, _dated(properties, {}), etag=store.next_etag()))


def subscriptions_of(service: Service, entity: Entity) -> list[Entity]:
    """Return the subscriptions whose scope is this API or product."""
    return [item for item in service.children(_COLLECTION) if item.properties["scope"].lower() == entity.key]


def _new_key() -> str:
    return secrets.token_hex(16)


def _built_in() -> ArmError:
    message = f"The built-in subscription '{MASTER_SUBSCRIPTION}' cannot be changed or deleted."
    return ArmError(400, "ValidationError", message)


def _normal_scope(service: Service, sent: object) -> tuple[str, list[Problem]]:
    """Return a scope relative to the service, in the spelling of its target, and what is wrong with it."""
    if not isinstance(sent, str):
        return "", []
    relative = sent[len(service.resource_id) :] if sent.lower().startswith(service.resource_id.lower()) else sent
    match relative.strip("/").split("/"):
        case [apis] if apis.lower() == "apis":
            return "/apis", []
        case [kind, name] if kind.lower() in ("apis", "products"):
            target = service.get(kind, name)
            if target is not None:
                return target.path, []
            title = "API" if kind.lower() == "apis" else "Product"
            return "", [Problem("scope", f"{title} with id '{name}' could not be found.")]
    return "", [
        Problem("scope", "Subscription scope should be one of '/apis', '/apis/{apiId}', '/products/{productId}'")
    ]


def _key_problems(service: Service, name: str, properties: dict[str, Any]) -> list[Problem]:
    """Refuse a key that another subscription has: the gateway could not tell whose call it is."""
    taken = {
        item.properties[key]
        for item in service.children(_COLLECTION)
        if item.name.lower() != name.lower()
        for key in _KEYS
    }
    sent = {key: properties.get(key) for key in _KEYS}
    return [
        Problem(key, "The key is already in use.")
        for key, value in sent.items()
        if isinstance(value, str) and value in taken
    ]


def _dated(properties: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
    """Return the properties with their dates: a subscription starts when it becomes active and ends with its state."""
    now = utc_text()
    dates = {"createdDate": before.get("createdDate", now)}
    if properties["state"] == "active" or "startDate" in before:
        dates["startDate"] = before.get("startDate", now)
    if properties["state"] in _ENDED:
        dates["endDate"] = before.get("endDate", now)
    kept = {name: value for name, value in properties.items() if name not in _DATES}
    return {**kept, **dates}
