# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Import of OpenAPI 3 documents: what operations and schemas API Management makes of one.

Rules: documentation "API import restrictions and known issues" (servers, names, display names, required query
parameters, request bodies, cookies).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from apim_emulator.arm.contracts import is_absolute_url
from apim_emulator.arm.errors import Problem, invalid
from apim_emulator.arm.openapi.document import Document, load
from apim_emulator.arm.resources.operations import duplicate_problems, normal_operation

FORMATS = ("openapi", "openapi+json")
SCHEMA_NAME = "openapi-components"

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch")
_BODILESS = frozenset(("get", "head", "options"))
_NAME_LENGTH = 76
_DISPLAY_LENGTH = 300
_DESCRIPTION_LENGTH = 1000


@dataclass
class ImportedApi:
    """What a document says: operations by name, and its schemas by name (components/schemas)."""

    title: str
    description: str | None
    service_url: str | None
    operations: dict[str, dict[str, Any]] = field(default_factory=dict)
    schemas: dict[str, Any] = field(default_factory=dict)

    def api_properties(self) -> dict[str, str]:
        """Return the properties of the API that the document gives; what a client sends beside it goes before."""
        given = {"displayName": self.title, "description": self.description, "serviceUrl": self.service_url}
        return {name: value for name, value in given.items() if value is not None}


def import_document(text: str, *, in_template: bool) -> ImportedApi:
    """Turn a document into operations; `in_template`: required query parameters become part of the URL template.

    Raises ArmError (ValidationError) with everything that is wrong.
    """
    document = load(text)
    info = document.root["info"]
    schemas = dict(document.root.get("components", {}).get("schemas", {}))
    imported = ImportedApi(info["title"], info.get("description"), _service_url(document.root), schemas=schemas)
    problems: list[Problem] = []
    for path, item in document.root.get("paths", {}).items():
        resolved = document.resolve(item)
        for method in _METHODS:
            if method in resolved:
                source = _Source(document, path, method, resolved, imported.schemas, in_template)
                problems += _add(imported, source)
    if problems:
        raise invalid(problems)
    return imported


def _add(imported: ImportedApi, source: _Source) -> list[Problem]:
    name = _free_name(source.name(), imported.operations)
    stored, problems = normal_operation(name, source.properties(name))
    if stored is None:
        return problems
    problems += duplicate_problems(stored, imported.operations.values())
    imported.operations[name] = stored
    return problems


def _service_url(root: Mapping[str, Any]) -> str | None:
    """Return the first https server, its variables replaced by their defaults."""
    for server in root.get("servers", ()):
        url = server["url"]
        for variable, meaning in server.get("variables", {}).items():
            url = url.replace(f"{{{variable}}}", str(meaning["default"]))
        if url.lower().startswith("https://") and is_absolute_url(url):
            return str(url)
    return None


def _free_name(wanted: str, taken: Mapping[str, Any]) -> str:
    if wanted not in taken:
        return wanted
    return next(name for name in (f"{wanted}-{number}" for number in range(1, 1000)) if name not in taken)


def _normal_name(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:_NAME_LENGTH]


class _Source:
    """One operation of the document."""

    def __init__(
        self,
        document: Document,
        path: str,
        method: str,
        item: Mapping[str, Any],
        schemas: dict[str, Any],
        in_template: bool,
    ) -> None:
        self._document = document
        self._path = path
        self._method = method
        self._operation: Mapping[str, Any] = item[method]
        self._schemas = schemas
        self._in_template = in_template
        shared = (document.resolve(parameter) for parameter in item.get("parameters", ()))
        own = (document.resolve(parameter) for parameter in self._operation.get("parameters", ()))
        # A parameter of the operation replaces the path's with the same name and place.
        self._parameters = list({(item["name"], item["in"]): item for item in (*shared, *own)}.values())

    def name(self) -> str:
        """Return the name of the ARM resource."""
        return _normal_name(self._operation.get("operationId", "")) or _normal_name(f"{self._method}-{self._path}")

    def properties(self, name: str) -> dict[str, Any]:
        """Return the properties of the ARM resource, not yet checked; inline schemas are named after the operation."""
        operation_id = self._operation.get("operationId") or f"{self._method.upper()} - {self._path}"
        display_name = (self._operation.get("summary") or operation_id)[:_DISPLAY_LENGTH]
        required = self._query(required=True) if self._in_template else []
        query = "&".join(f"{parameter['name']}={{{parameter['name']}}}" for parameter in required)
        in_path = [self._parameter(item) for item in self._parameters if item["in"] == "path"]
        properties = {
            "displayName": display_name,
            "method": self._method.upper(),
            "urlTemplate": f"{self._path}?{query}" if query else self._path,
            "templateParameters": [*in_path, *required],
            "request": self._request(name),
            "responses": list(self._responses(name)),
        }
        description = self._operation.get("description")
        return {**properties, "description": description[:_DESCRIPTION_LENGTH]} if description else properties

    def _query(self, *, required: bool) -> list[dict[str, Any]]:
        return [
            self._parameter(item)
            for item in self._parameters
            if item["in"] == "query" and bool(item.get("required")) == required
        ]

    def _parameter(self, item: Mapping[str, Any]) -> dict[str, Any]:
        sent = item.get("schema")
        # OpenAPI 3.1 knows the schemas `true` and `false`, which say nothing about a type.
        schema = self._document.resolve(sent) if isinstance(sent, Mapping) else {}
        kind = schema.get("type", "string")
        parameter: dict[str, Any] = {"name": item["name"], "type": kind if isinstance(kind, str) else "string"}
        if item.get("required"):
            parameter["required"] = True
        if item.get("description"):
            parameter["description"] = item["description"]
        if "default" in schema:
            parameter["defaultValue"] = _plain(schema["default"])
        if "enum" in schema:
            parameter["values"] = [_plain(value) for value in schema["enum"]]
        return parameter

    def _request(self, name: str) -> dict[str, Any]:
        request: dict[str, Any] = {}
        optional = self._query(required=False)
        query = optional if self._in_template else [*self._query(required=True), *optional]
        if query:
            request["queryParameters"] = query
        headers = [self._parameter(item) for item in self._parameters if item["in"] == "header"]
        if headers:
            request["headers"] = headers
        if "requestBody" in self._operation and self._method not in _BODILESS:
            body = self._document.resolve(self._operation["requestBody"])
            request["representations"] = list(self._representations(body, f"{name}-request"))
            if body.get("description"):
                request["description"] = body["description"]
        return request

    def _responses(self, name: str) -> Iterator[dict[str, Any]]:
        """Yield the answers with a status code; `default` and ranges have no place in an operation."""
        for code, node in self._operation.get("responses", {}).items():
            if not code.isdigit():
                continue
            response = self._document.resolve(node)
            shown: dict[str, Any] = {"statusCode": int(code), "description": response["description"]}
            representations = list(self._representations(response, f"{name}-{code}-response"))
            headers = [
                self._parameter({**self._document.resolve(header), "name": header_name})
                for header_name, header in response.get("headers", {}).items()
            ]
            yield shown | _present(representations=representations, headers=headers)

    def _representations(self, node: Mapping[str, Any], inline_name: str) -> Iterator[dict[str, Any]]:
        for content_type, media in node.get("content", {}).items():
            representation = {"contentType": content_type}
            schema = media.get("schema")
            if isinstance(schema, Mapping) and schema:
                representation |= {"schemaId": SCHEMA_NAME, "typeName": self._type_name(schema, inline_name)}
            yield representation | _present(examples=_examples(media))

    def _type_name(self, schema: Mapping[str, Any], inline_name: str) -> str:
        """Return the name of a body's schema; one that stands inline gets a name of its own."""
        prefix = "#/components/schemas/"
        reference = str(schema.get("$ref", ""))
        if reference.startswith(prefix):
            return reference.removeprefix(prefix)
        name = _free_name(inline_name, {key: None for key, value in self._schemas.items() if value != schema})
        self._schemas[name] = schema
        return name


def _examples(media: Mapping[str, Any]) -> dict[str, Any]:
    if "example" in media:
        return {"default": {"value": media["example"]}}
    return dict(media.get("examples", {}))


def _present(**members: Any) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value}


def _plain(value: object) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode("utf-8")
