# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What all children of an API Management service have in common: GET, HEAD, list, PUT, PATCH, DELETE, actions.

Sources: facts of ARM (apim.md 1.1-1.5): status codes, ETag and If-Match rules, lists, long-running operations.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from apim_emulator.arm import odata
from apim_emulator.arm.call import Call
from apim_emulator.arm.contracts import body_properties
from apim_emulator.arm.errors import ArmError, Problem, invalid, not_allowed
from apim_emulator.arm.operations import Operation, Operations
from apim_emulator.arm.store import Entity, Store
from apim_emulator.http import Answer
from apim_emulator.settings import Fault

# What the result of an operation answers with, besides 200: its asyncCode.
_RESULT_CODES = {"201": 201, "204": 204}

Action = Callable[[Call, Entity], Awaitable[Answer]]


@dataclass(slots=True)
class Conditions:
    """What the settings say about one call: how long its operation runs, and whether that fails."""

    lro_ms: int
    failure: ArmError | None = None

    @classmethod
    def of(cls, lro_ms: int, fault: Fault | None, error: ArmError | None) -> Conditions:
        """Return the conditions under a fault (None: no fault)."""
        if fault is None:
            return cls(lro_ms)
        return cls(lro_ms if fault.lro_ms is None else fault.lro_ms, error if fault.asynchronous else None)


class ChildKind(ABC):
    """One kind of child. A subclass says what its contract is, how it is shown, and which actions it has.

    `collection` is the last segment of its collection's path, `long_running` the methods that start an operation.
    """

    collection: ClassVar[str]
    title: ClassVar[str]
    filterable: ClassVar[frozenset[str]]
    long_running: ClassVar[frozenset[str]] = frozenset()
    patchable: ClassVar[bool] = True

    def __init__(self, store: Store, operations: Operations) -> None:
        self._store = store
        self._operations = operations
        self.actions: Mapping[str, Action] = {}

    @abstractmethod
    def check_name(self, name: str) -> None:
        """Raise ArmError (ValidationError) for a name that the kind does not allow."""

    def sent(self, call: Call) -> dict[str, Any]:
        """Return the properties that the body of a PUT names. Raises ArmError for a body of another shape."""
        return body_properties(call.json())

    def check_sent(self, _call: Call, _properties: dict[str, Any]) -> None:
        """Raise ArmError for members that a client of this api-version cannot send; a kind may know some."""
        return

    @abstractmethod
    async def build(self, call: Call, name: str, properties: dict[str, Any], existing: Entity | None) -> Entity:
        """Return the entity that these properties describe. Raises ArmError with every problem found."""

    @abstractmethod
    def properties(self, call: Call, entity: Entity) -> dict[str, Any]:
        """Return the `properties` that a reader may see."""

    def filter_values(self, _call: Call, entity: Entity) -> Mapping[str, Any]:
        """Return the values of the fields that $filter knows."""
        return {**entity.properties, "name": entity.name}

    def same(self, old: Entity, new: Entity) -> bool:
        """Tell whether a write changes nothing, so that the ETag stays."""
        return old.properties == new.properties

    def find(self, call: Call, name: str) -> Entity | None:
        """Return the entity of that name in the collection that the call is about, or None."""
        return call.apim().get(call.collection(self.collection), name)

    def put(self, call: Call, entity: Entity) -> None:
        """Store the entity; a kind may store more with it."""
        call.apim().put(entity)

    def check_removal(self, call: Call, entity: Entity) -> None:
        """Raise ArmError for an entity that must stay; the rule of most kinds is that nothing refers to it."""
        users = call.apim().users_of(entity)
        if users:
            listing = "".join(f"{user}\r\n" for user in users)
            message = f"The {self.title} '{entity.name}' is used by the following entities:\r\n{listing}"
            raise ArmError(400, "ValidationError", message)

    def remove(self, call: Call, entity: Entity) -> None:
        """Remove the entity with all below it; a kind may remove more with it."""
        call.apim().remove(entity)

    def show(self, call: Call, entity: Entity) -> dict[str, Any]:
        """Return the entity as ARM shows it."""
        service = call.apim()
        return {
            "id": f"{service.resource_id}{entity.path}",
            "type": f"Microsoft.ApiManagement/service/{'/'.join(entity.collection.split('/')[::2])}",
            "name": entity.name,
            "properties": self.properties(call, entity),
        }

    def entities(self, call: Call) -> list[Entity]:
        """Return the entities of the collection that the call is about, ordered by name."""
        return call.apim().children(call.collection(self.collection))

    def listing(self, call: Call) -> Answer:
        """Answer GET of the collection: one page, the count of all, and the link to the next page."""
        if call.request.method != "GET":
            raise not_allowed(call.request.method)
        entities = self.entities(call)
        shown, count, link = odata.page(
            call.request, entities, self.filterable, lambda entity: self.filter_values(call, entity)
        )
        content: dict[str, Any] = {"value": [self.show(call, entity) for entity in shown], "count": count}
        return Answer(200, {**content, "nextLink": link} if link else content)

    async def entity(self, call: Call, name: str, conditions: Conditions) -> Answer:
        """Answer a request for one entity."""
        match call.request.method:
            case "GET" | "HEAD":
                return self._read(call, name)
            case "PUT" | "PATCH" | "DELETE":
                async with call.apim().write_lock:
                    return await self._write(call, name, conditions)
        raise not_allowed(call.request.method)

    async def _write(self, call: Call, name: str, conditions: Conditions) -> Answer:
        existing = self.find(call, name)
        if call.request.method == "DELETE":
            return self._delete(call, existing, conditions)
        if call.request.method == "PUT":
            self.check_name(name)
            return await self._put(call, name, existing, conditions)
        if not self.patchable:
            raise not_allowed(call.request.method)
        return await self._patch(call, self.found(existing), conditions)

    async def action(self, call: Call, name: str, action: str) -> Answer:
        """Answer POST of an action on one entity."""
        handler = next((self.actions[known] for known in self.actions if known.lower() == action.lower()), None)
        if handler is None:
            message = f"The embedded Azure does not know the action or child '{action}' of {self.collection}."
            raise ArmError(404, "InvalidResourceType", message)
        if call.request.method != "POST":
            raise not_allowed(call.request.method)
        return await handler(call, self.found(self.find(call, name)))

    def found(self, entity: Entity | None) -> Entity:
        """Return the entity. Raises ArmError (404) when there is none."""
        if entity is None:
            raise ArmError(404, "ResourceNotFound", f"{self.title} not found.")
        return entity

    def _read(self, call: Call, name: str) -> Answer:
        """Answer GET and HEAD; with asyncId in the query it is the Location of an operation, and answers its result."""
        operation = self._operations.find(call.request.query.get("asyncId", ""))
        if operation is not None and not operation.is_over():
            return Answer(202, None, {**operation.retry_after(), "Location": call.request.url()})
        code = _RESULT_CODES.get(call.request.query.get("asyncCode", ""), 200) if operation is not None else 200
        if code == 204:
            return Answer(204)
        return self.read(call, self.found(self.find(call, name)), code)

    def read(self, call: Call, entity: Entity, status: int) -> Answer:
        """Answer GET and HEAD of an existing entity."""
        content = None if call.request.method == "HEAD" else self.show(call, entity)
        return Answer(status, content, {"ETag": entity.etag})

    async def _put(self, call: Call, name: str, existing: Entity | None, conditions: Conditions) -> Answer:
        check_if_match(call, existing.etag if existing else None)
        properties = self.sent(call)
        self.check_sent(call, properties)
        entity = await self.build(call, existing.name if existing else name, properties, existing)
        status = 200 if existing else 201
        operation = self.start(call, entity, conditions)
        self._commit(call, existing, entity, operation)
        content = self.show(call, entity)
        if operation is not None:
            # However short the operation is, its end is seen by asking for it.
            content["properties"] = {**content["properties"], "provisioningState": "InProgress"}
        return Answer(status, content, self._write_headers(call, entity, operation, status))

    async def _patch(self, call: Call, existing: Entity, conditions: Conditions) -> Answer:
        check_if_match(call, existing.etag)
        body = call.json()
        changes = body_properties(body)
        self.check_sent(call, changes)
        removed = {name for name, value in body["properties"].items() if value is None}
        merged = {name: value for name, value in existing.properties.items() if name not in removed}
        entity = await self.build(call, existing.name, {**merged, **changes}, existing)
        operation = self.start(call, entity, conditions)
        self._commit(call, existing, entity, operation)
        if operation is not None:
            return Answer(202, None, self._operation_headers(call, operation, 200))
        return Answer(200, self.show(call, entity), {"ETag": entity.etag})

    def start(self, call: Call, entity: Entity, conditions: Conditions) -> Operation | None:
        if call.request.method not in self.long_running:
            return None
        operation = self._operations.start(conditions.lro_ms, conditions.failure)
        entity.ready_at = operation.ready_at
        return operation

    def _commit(self, call: Call, old: Entity | None, new: Entity, operation: Operation | None) -> None:
        """Store the entity, unless its operation is going to fail."""
        unchanged = old is not None and self.same(old, new)
        new.etag = old.etag if old is not None and unchanged else self._store.next_etag()
        if operation is not None and operation.failure is not None:
            return
        self.put(call, new)

    def _write_headers(self, call: Call, entity: Entity, operation: Operation | None, status: int) -> dict[str, str]:
        headers = {"ETag": entity.etag}
        if operation is not None:
            headers.update(self._operation_headers(call, operation, status))
        return headers

    @staticmethod
    def _operation_headers(call: Call, operation: Operation, status: int) -> dict[str, str]:
        """Return where the operation is polled; `status` is what its result answers with."""
        request, version = call.request, f"api-version={call.api_version}"
        results = f"{request.origin}{call.apim().resource_id}/tenant/operationResults"
        return {
            "Location": f"{request.origin}{request.path}?{version}&asyncId={operation.id}&asyncCode={status}",
            "Azure-AsyncOperation": f"{results}/{operation.id}?{version}",
            **operation.retry_after(),
        }

    def _delete(self, call: Call, existing: Entity | None, conditions: Conditions) -> Answer:
        if existing is None:
            return Answer(204)
        check_if_match(call, existing.etag)
        self.check_removal(call, existing)
        operation = self.start(call, existing, conditions)
        if operation is None:
            self.remove(call, existing)
            return Answer(200)
        if operation.failure is None:
            self.remove(call, existing)
        return Answer(202, None, self._operation_headers(call, operation, 204))


def check_if_match(call: Call, etag: str | None) -> None:
    """Enforce If-Match: `*` and its absence always pass, a concrete ETag must be the current one (None: there is none).

    Raises ArmError (412).
    """
    wanted = call.request.headers.get("If-Match")
    if wanted is None or wanted.strip() == "*":
        return
    if wanted.strip() != etag:
        raise ArmError(412, "PreconditionFailed", "Resource was modified since last retrieval.")


def check_text(value: str, target: str, minimum: int, maximum: int, pattern: Callable[[str], object | None]) -> None:
    """Raise ArmError (ValidationError) when an identifier's length or characters are not allowed."""
    if not minimum <= len(value) <= maximum or pattern(value) is None:
        message = f"'{value}' is not a valid {target}: it must have {minimum} to {maximum} allowed characters."
        raise invalid([Problem(target, message)])
