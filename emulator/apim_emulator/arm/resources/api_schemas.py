# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Schemas of APIs, to which the bodies of operations refer (facts 1.2)."""

from __future__ import annotations

import re
from typing import Any

from pydantic import Field

from apim_emulator.arm.call import Call
from apim_emulator.arm.contracts import Contract, parse
from apim_emulator.arm.errors import invalid
from apim_emulator.arm.resources.child import ChildKind, check_text
from apim_emulator.arm.store import Entity

OPENAPI_COMPONENTS = "application/vnd.oai.openapi.components+json"

_NAME = re.compile(r"[^*#&+:<>?/]+")


class DocumentContract(Contract):
    """The schema itself: text, or the definitions of an OpenAPI document."""

    value: str | None = None
    definitions: dict[str, Any] | None = None
    components: dict[str, Any] | None = None


class SchemaContract(Contract):
    """`properties` of a schema; `provisioningState` is read-only and ignored when it is sent back."""

    content_type: str = Field(min_length=1)
    document: DocumentContract
    provisioning_state: str | None = None


class ApiSchemas(ChildKind):
    """S/apis/A/schemas."""

    collection = "schemas"
    title = "Schema"
    filterable = frozenset(("contentType",))
    long_running = frozenset(("PUT",))
    patchable = False

    def check_name(self, name: str) -> None:
        check_text(name, "schemaId", 1, 80, _NAME.fullmatch)

    async def build(self, call: Call, name: str, properties: dict[str, Any], _existing: Entity | None) -> Entity:
        stored, problems = parse(SchemaContract, properties)
        if problems or stored is None:
            raise invalid(problems)
        stored.pop("provisioningState", None)
        return Entity(call.collection(self.collection), name, stored)

    def properties(self, _call: Call, entity: Entity) -> dict[str, Any]:
        return entity.properties if entity.is_ready() else {**entity.properties, "provisioningState": "InProgress"}
