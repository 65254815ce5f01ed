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
    """One kind of child. A subclass says what its contract is, how it is shown, and which actions it has."""

    collection: ClassVar[str]
    title: ClassVar[str]
    filterable: ClassVar[frozenset[str]]
    long_running: ClassVar[bool] = False
    patchable: ClassVar[bool] = True

    def __init__(self, store: Store, operations: Operations) -> None:
        self._store = store
        self._operations = operations
        self.actions: Mapping[str, Action] = {}

    @abstractmethod
    def check_name(self, name: str) -> None:
        """Raise ArmError (ValidationError) for a name that the kind does not allow."""

    def check_sent(self, _call: Call, _properties: dict[str, Any]) -> None:
        """Raise ArmError for members that a client of this api-version cannot send; a kind may know some."""
        return

    @abstractmethod
    async def build(self, call: Call, name: str, properties: dict[str, Any], existing: Entity | None) -> Entity:
        """Return the entity that these properties describe. Raises ArmError with every problem found."""

    @abstractmethod
    def properties(self, call: Call, entity: Entity) -> dict[str, Any]:
        """Return the `properties` that a reader may see."""

    def filter_values(self, entity: Entity) -> Mapping[str, Any]:
        """Return the values of the fields that $filter knows."""
        return {**entity.properties, "name": entity.name}

    def same(self, old: Entity, new: Entity) -> bool:
        """Tell whether a write changes nothing, so that the ETag stays."""
        return old.properties == new.properties

    def show(self, call: Call, entity: Entity) -> dict[str, Any]:
        """Return the entity as ARM shows it."""
        service = call.apim()
        return {
            "id": f"{service.resource_id}{entity.path}",
            "type": f"Microsoft.ApiManagement/service/{self.collection}",
            "name": entity.name,
            "properties": self.properties(call, entity),
        }

    def listing(self, call: Call) -> Answer:
        """Answer GET of the collection: one page, the count of all, and the link to the next page."""
        if call.request.method != "GET":
            raise not_allowed(call.request.method)
        entities = call.apim().children(self.collection)
        shown, count, link = odata.page(call.request, entities, self.filterable, self.filter_values)
        content: dict[str, Any] = {"value": [self.show(call, entity) for entity in shown], "count": count}
        return Answer(200, {**content, "nextLink": link} if link else content)

    async def entity(self, call: Call, name: str, conditions: Conditions) -> Answer:
        """Answer a request for one entity."""
        match call.request.method:
            case "GET" | "HEAD":
                return self._read(call, self._found(call.apim().get(self.collection, name)))
            case "PUT" | "PATCH" | "DELETE":
                async with call.apim().write_lock:
                    return await self._write(call, name, conditions)
        raise not_allowed(call.request.method)

    async def _write(self, call: Call, name: str, conditions: Conditions) -> Answer:
        existing = call.apim().get(self.collection, name)
        if call.request.method == "DELETE":
            return self._delete(call, existing)
        if call.request.method == "PUT":
            self.check_name(name)
            return await self._put(call, name, existing, conditions)
        if not self.patchable:
            raise not_allowed(call.request.method)
        return await self._patch(call, self._found(existing), conditions)

    async def action(self, call: Call, name: str, action: str) -> Answer:
        """Answer POST of an action on one entity."""
        handler = next((self.actions[known] for known in self.actions if known.lower() == action.lower()), None)
        if handler is None:
            message = f"The embedded Azure does not know the action or child '{action}' of {self.collection}."
            raise ArmError(404, "InvalidResourceType", message)
        if call.request.method != "POST":
            raise not_allowed(call.request.method)
        return await handler(call, self._found(call.apim().get(self.collection, name)))

    def _found(self, entity: Entity | None) -> Entity:
        if entity is None:
            raise ArmError(404, "ResourceNotFound", f"{self.title} not found.")
        return entity

    def _read(self, call: Call, entity: Entity) -> Answer:
        headers = {"ETag": entity.etag}
        if call.request.method == "HEAD":
            return Answer(200, None, headers)
        return self._result(call, entity, headers)

    def _result(self, call: Call, entity: Entity, headers: dict[str, str]) -> Answer:
        """Answer GET; with asyncId in the query it is the Location of an operation, whose result it then is."""
        operation = self._operations.find(call.request.query.get("asyncId", ""))
        if operation is None:
            return Answer(200, self.show(call, entity), headers)
        if not operation.is_over():
            return Answer(202, None, {**operation.retry_after(), "Location": call.request.url()})
        code = call.request.query.get("asyncCode", "200")
        return Answer(201 if code == "201" else 200, self.show(call, entity), headers)

    async def _put(self, call: Call, name: str, existing: Entity | None, conditions: Conditions) -> Answer:
        _check_if_match(call, existing)
        properties = body_properties(call.json())
        self.check_sent(call, properties)
        entity = await self.build(call, existing.name if existing else name, properties, existing)
        status = 200 if existing else 201
        operation = self._start(entity, conditions)
        self._commit(call, existing, entity, operation)
        content = self.show(call, entity)
        if operation is not None:
            # However short the operation is, its end is seen by asking for it.
            content["properties"]["provisioningState"] = "InProgress"
        return Answer(status, content, self._write_headers(call, entity, operation, status))

    async def _patch(self, call: Call, existing: Entity, conditions: Conditions) -> Answer:
        _check_if_match(call, existing)
        body = call.json()
        changes = body_properties(body)
        self.check_sent(call, changes)
        removed = {name for name, value in body["properties"].items() if value is None}
        merged = {name: value for name, value in existing.properties.items() if name not in removed}
        entity = await self.build(call, existing.name, {**merged, **changes}, existing)
        operation = self._start(entity, conditions)
        self._commit(call, existing, entity, operation)
        if operation is not None:
            headers = self._write_headers(call, entity, operation, 200)
            return Answer(202, None, {name: value for name, value in headers.items() if name != "ETag"})
        return Answer(200, self.show(call, entity), {"ETag": entity.etag})

    def _start(self, entity: Entity, conditions: Conditions) -> Operation | None:
        if not self.long_running:
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
        call.apim().put(new)

    def _write_headers(self, call: Call, entity: Entity, operation: Operation | None, status: int) -> dict[str, str]:
        headers = {"ETag": entity.etag}
        if operation is not None:
            request = call.request
            resource = f"{request.origin}{request.path}?api-version={call.api_version}"
            headers["Location"] = f"{resource}&asyncId={operation.id}&asyncCode={status}"
            headers["Azure-AsyncOperation"] = (
                f"{request.origin}{call.apim().resource_id}/tenant/operationResults/{operation.id}"
                f"?api-version={call.api_version}"
            )
            headers.update(operation.retry_after())
        return headers

    def _delete(self, call: Call, existing: Entity | None) -> Answer:
        if existing is None:
            return Answer(204)
        _check_if_match(call, existing)
        users = call.apim().users_of(existing)
        if users:
            listing = "".join(f"{user}\r\n" for user in users)
            message = f"The {self.title} '{existing.name}' is used by the following entities:\r\n{listing}"
            raise ArmError(400, "ValidationError", message)
        call.apim().remove(existing)
        return Answer(200)


def _check_if_match(call: Call, existing: Entity | None) -> None:
    """Enforce If-Match: `*` and its absence always pass, a concrete ETag must be the current one."""
    wanted = call.request.headers.get("If-Match")
    if wanted is None or wanted.strip() == "*":
        return
    if existing is None or wanted.strip() != existing.etag:
        raise ArmError(412, "PreconditionFailed", "Resource was modified since last retrieval.")


def check_text(value: str, target: str, minimum: int, maximum: int, pattern: Callable[[str], object | None]) -> None:
    """Raise ArmError (ValidationError) when an identifier's length or characters are not allowed."""
    if not minimum <= len(value) <= maximum or pattern(value) is None:
        message = f"'{value}' is not a valid {target}: it must have {minimum} to {maximum} allowed characters."
        raise invalid([Problem(target, message)])
