# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Operations of APIs: method, URL template and its parameters (facts 1.1, 1.2 and 1.7)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import Field

from apim_emulator.arm.call import Call
from apim_emulator.arm.contracts import Contract, parse
from apim_emulator.arm.errors import Problem, invalid
from apim_emulator.arm.resources.child import ChildKind, check_text
from apim_emulator.arm.resources.policy_texts import template_parameters
from apim_emulator.arm.store import Entity

# ARM's published naming rule for operations; the 2024-05-01 description gives a length only.
_NAME = re.compile(r"[^*#&+:<>?/]+")
_METHOD = r"^[A-Za-z]+$"

Examples = dict[str, Any]


class ParameterContract(Contract):
    """A parameter of a URL template, a query, a header or a form."""

    name: str = Field(min_length=1)
    type: str
    description: str | None = None
    default_value: str | None = None
    required: bool | None = None
    values: list[str] | None = None
    schema_id: str | None = None
    type_name: str | None = None
    examples: Examples | None = None


class RepresentationContract(Contract):
    """A body: its content type, and the schema that describes it."""

    content_type: str
    schema_id: str | None = None
    type_name: str | None = None
    form_parameters: list[ParameterContract] | None = None
    examples: Examples | None = None


class RequestContract(Contract):
    """What a request of the operation may carry."""

    description: str | None = None
    query_parameters: list[ParameterContract] | None = None
    headers: list[ParameterContract] | None = None
    representations: list[RepresentationContract] | None = None


class ResponseContract(Contract):
    """One kind of answer."""

    status_code: int = Field(ge=100, le=599)
    description: str | None = None
    headers: list[ParameterContract] | None = None
    representations: list[RepresentationContract] | None = None


class OperationContract(Contract):
    """`properties` of an operation."""

    display_name: str = Field(min_length=1, max_length=300)
    method: Annotated[str, Field(pattern=_METHOD)]
    url_template: str = Field(min_length=1, max_length=1000)
    template_parameters: list[ParameterContract] | None = None
    description: str | None = Field(default=None, max_length=1000)
    request: RequestContract | None = None
    responses: list[ResponseContract] | None = None


class ApiOperations(ChildKind):
    """S/apis/A/operations."""

    collection = "operations"
    title = "Operation"
    filterable = frozenset(("name", "displayName", "method", "description", "urlTemplate"))

    def check_name(self, name: str) -> None:
        check_text(name, "operationId", 1, 80, _NAME.fullmatch)

    async def build(self, call: Call, name: str, properties: dict[str, Any], _existing: Entity | None) -> Entity:
        collection = call.collection(self.collection)
        stored, problems = normal_operation(name, properties)
        if stored is not None:
            others = [item for item in call.apim().children(collection) if item.name.lower() != name.lower()]
            problems += duplicate_problems(stored, (other.properties for other in others))
        if problems or stored is None:
            raise invalid(problems)
        return Entity(collection, name, stored)

    def properties(self, _call: Call, entity: Entity) -> dict[str, Any]:
        return entity.properties


def normal_operation(name: str, properties: Mapping[str, Any]) -> tuple[dict[str, Any] | None, list[Problem]]:
    """Return an operation's properties in their stored form, or None, and what is wrong with them."""
    stored, problems = parse(OperationContract, properties)
    if stored is None:
        return None, problems
    stored.setdefault("templateParameters", [])
    template = stored["urlTemplate"]
    if not template.startswith("/"):
        problems.append(Problem("urlTemplate", "The URL template must start with '/'."))
    used = [parameter.lower() for parameter in template_parameters(template)]
    if len(set(used)) != len(used):
        problems.append(Problem("urlTemplate", "The parameters of a URL template must have different names."))
    declared = [parameter["name"].lstrip("*").lower() for parameter in stored["templateParameters"]]
    if sorted(set(used)) != sorted(declared):
        text = "All template parameters used in the UriTemplate must be defined in the Operation '{}', and vice-versa."
        problems.append(Problem("", text.format(name)))
    return stored, problems


def duplicate_problems(stored: Mapping[str, Any], others: Iterable[Mapping[str, Any]]) -> list[Problem]:
    """Refuse a second operation of an API with the same method and URL template."""
    key = operation_key(stored)
    if all(operation_key(other) != key for other in others):
        return []
    text = (
        f"Operation with the same method and URL template already exists: {stored['method']}, {stored['urlTemplate']}"
    )
    return [Problem("urlTemplate", text)]


def operation_key(properties: Mapping[str, Any]) -> tuple[str, str]:
    """Return what tells the operations of one API apart, whatever the case."""
    return properties["method"].upper(), properties["urlTemplate"].lower()
