# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Export of an API as an OpenAPI 3.0 document, for those who call it through the gateway.

Rules: documentation "API import restrictions and known issues": names of operations become operationId, display names
become summaries; the server is the gateway.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from apim_emulator.arm.store import Entity, Service


def export_document(service: Service, api: Entity) -> dict[str, Any]:
    """Return the document of a stored API, as JSON."""
    properties = api.properties
    info = {"title": properties["displayName"], "version": "1.0"}
    if "description" in properties:
        info["description"] = properties["description"]
    components: dict[str, Any] = {}
    schemas = _schemas(service, api)
    if schemas:
        components["schemas"] = schemas
    document: dict[str, Any] = {
        "openapi": "3.0.1",
        "info": info,
        "servers": [{"url": f"{service.gateway_url}/{properties['path']}".rstrip("/")}],
        **_paths(service.children(f"apis/{api.name}/operations")),
    }
    if properties["subscriptionRequired"]:
        names = properties["subscriptionKeyParameterNames"]
        components["securitySchemes"] = {
            "apiKeyHeader": {"type": "apiKey", "name": names["header"], "in": "header"},
            "apiKeyQuery": {"type": "apiKey", "name": names["query"], "in": "query"},
        }
        document["security"] = [{"apiKeyHeader": []}, {"apiKeyQuery": []}]
    return {**document, "components": components} if components else document


def _schemas(service: Service, api: Entity) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for schema in service.children(f"apis/{api.name}/schemas"):
        found |= schema.properties["document"].get("components", {}).get("schemas", {})
    return found


def _paths(operations: Iterable[Entity]) -> dict[str, Any]:
    """Return `paths`, and `x-ms-paths` for operations that differ from another by their query only."""
    paths: dict[str, dict[str, Any]] = {}
    by_query: dict[str, dict[str, Any]] = {}
    for operation in operations:
        template, method = operation.properties["urlTemplate"], operation.properties["method"].lower()
        item = paths.setdefault(template.partition("?")[0].replace("{*", "{"), {})
        if method in item:
            item = by_query.setdefault(template, {})
        item[method] = _operation(operation)
    return {"paths": paths, "x-ms-paths": by_query} if by_query else {"paths": paths}


def _operation(operation: Entity) -> dict[str, Any]:
    properties = operation.properties
    request = properties.get("request", {})
    in_path = properties["urlTemplate"].partition("?")[0]
    parameters = [
        *(_parameter(item, _place(in_path, item["name"])) for item in properties["templateParameters"]),
        *(_parameter(item, "query") for item in request.get("queryParameters", ())),
        *(_parameter(item, "header") for item in request.get("headers", ())),
    ]
    exported: dict[str, Any] = {"summary": properties["displayName"], "operationId": operation.name}
    if "description" in properties:
        exported["description"] = properties["description"]
    if parameters:
        exported["parameters"] = parameters
    if request.get("representations"):
        exported["requestBody"] = {"content": _content(request["representations"])}
    responses = {str(item["statusCode"]): _response(item) for item in properties.get("responses", ())}
    exported["responses"] = responses or {"200": {"description": ""}}
    return exported


def _place(path: str, name: str) -> str:
    return "path" if f"{{{name}}}" in path or f"{{*{name.lstrip('*')}}}" in path else "query"


def _parameter(item: Mapping[str, Any], place: str) -> dict[str, Any]:
    parameter: dict[str, Any] = {"name": item["name"].lstrip("*"), "in": place, "schema": _schema(item)}
    if item.get("required") or place == "path":
        parameter["required"] = True
    if "description" in item:
        parameter["description"] = item["description"]
    return parameter


def _schema(item: Mapping[str, Any]) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": item["type"]}
    if "values" in item:
        schema["enum"] = [_typed(item["type"], value) for value in item["values"]]
    if "defaultValue" in item:
        schema["default"] = _typed(item["type"], item["defaultValue"])
    return schema


def _typed(kind: str, text: str) -> Any:
    """Return a value, which an operation keeps as text, in the type of its parameter."""
    if kind not in ("boolean", "integer", "number"):
        return text
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text


def _response(item: Mapping[str, Any]) -> dict[str, Any]:
    response: dict[str, Any] = {"description": item.get("description", "")}
    if item.get("headers"):
        response["headers"] = {header["name"]: {"schema": _schema(header)} for header in item["headers"]}
    if item.get("representations"):
        response["content"] = _content(item["representations"])
    return response


def _content(representations: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    content: dict[str, Any] = {}
    for item in representations:
        media: dict[str, Any] = {}
        if "typeName" in item:
            media["schema"] = {"$ref": f"#/components/schemas/{item['typeName']}"}
        if "examples" in item:
            media["examples"] = item["examples"]
        content[item["contentType"]] = media
    return content
