# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Storing an imported document: the API's operations and schema become those of the document.

Rules: documentation "API import restrictions and known issues": operations are matched by name and changed in place,
a new one takes over the policy of the one with the same method and URL template, those that match nothing go.
"""

from __future__ import annotations

from apim_emulator.arm.openapi.importing import SCHEMA_NAME, ImportedApi
from apim_emulator.arm.resources.api_schemas import OPENAPI_COMPONENTS
from apim_emulator.arm.resources.operations import operation_key
from apim_emulator.arm.store import Entity, Service, Store


def store_import(store: Store, service: Service, api: Entity, imported: ImportedApi) -> None:
    """Replace the operations and the imported schema of a stored API."""
    collection = f"apis/{api.name}/operations"
    before = {operation.name.lower(): operation for operation in service.children(collection)}
    policies = {
        operation_key(operation.properties): service.get(f"{operation.path[1:]}/policies", "policy")
        for operation in before.values()
    }
    for operation in before.values():
        if operation.name.lower() not in imported.operations:
            service.remove(operation)
    for name, properties in imported.operations.items():
        existing = before.get(name)
        _store(store, service, Entity(collection, name, properties))
        policy = policies.get(operation_key(properties))
        if existing is None and policy is not None:
            moved = Entity(f"{collection}/{name}/policies", "policy", policy.properties, policy.uses, policy.parsed)
            _store(store, service, moved)
    _store_schema(store, service, api, imported)


def _store_schema(store: Store, service: Service, api: Entity, imported: ImportedApi) -> None:
    collection = f"apis/{api.name}/schemas"
    if imported.schemas:
        document = {"components": {"schemas": imported.schemas}}
        properties = {"contentType": OPENAPI_COMPONENTS, "document": document}
        _store(store, service, Entity(collection, SCHEMA_NAME, properties))
        return
    existing = service.get(collection, SCHEMA_NAME)
    if existing is not None:
        service.remove(existing)


def _store(store: Store, service: Service, entity: Entity) -> None:
    """Store an entity; the ETag of one that did not change stays."""
    old = service.get(entity.collection, entity.name)
    unchanged = old is not None and old.properties == entity.properties
    entity.etag = old.etag if old is not None and unchanged else store.next_etag()
    service.put(entity)
