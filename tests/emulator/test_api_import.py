# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Import of OpenAPI documents into an API, and their export."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
import yaml
from azure.mgmt.apimanagement import models
from openapi_spec_validator import OpenAPIV30SpecValidator

from tests.emulator.harness import GROUP, SERVICE, Azure, api, operation, policy, problems

CHAT: dict[str, Any] = {
    "operationId": "Chat_Completions.Create",
    "summary": "Create a chat completion",
    "parameters": [
        {"name": "api-version", "in": "query", "required": True, "schema": {"$ref": "#/components/schemas/Version"}},
        {"name": "trace", "in": "query", "schema": {"type": "boolean", "default": False}},
        {"name": "x-client", "in": "header", "schema": {"type": "string"}, "description": "who calls"},
        {"name": "session", "in": "cookie", "schema": {"type": "string"}},
    ],
    "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Chat"}}}},
    "responses": {
        "200": {"description": "OK", "content": {"application/json": {"schema": {"type": "object"}}}},
        "default": {"description": "error"},
    },
}
DOCUMENT: dict[str, Any] = {
    "openapi": "3.0.1",
    "info": {"title": "Azure OpenAI", "version": "2024-10-21", "description": "for all"},
    "servers": [
        {"url": "/relative"},
        {"url": "https://{host}/openai", "variables": {"host": {"default": "x.example"}}},
    ],
    "paths": {
        "/deployments/{id}/chat": {
            "parameters": [{"$ref": "#/components/parameters/Id"}],
            "post": CHAT,
            "get": {"responses": {"200": {"description": "OK"}}},
        }
    },
    "components": {
        "parameters": {"Id": {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}},
        "schemas": {
            "Chat": {"type": "object", "properties": {"model": {"type": "string"}}},
            "Version": {"type": "string", "enum": ["2024-10-21"]},
        },
    },
}


def imported(document: Any = None, **changes: Any) -> dict[str, Any]:
    """Return the properties of a PUT that imports a document."""
    text = document if isinstance(document, str) else json.dumps(document or DOCUMENT)
    return {"path": "models", "format": "openapi+json", "value": text, **changes}


def test_import_through_the_sdk(azure: Azure) -> None:
    client = azure.sdk()
    wanted = models.ApiCreateOrUpdateParameter(path="models", format="openapi", value=yaml.safe_dump(DOCUMENT))
    made = client.api.begin_create_or_update(GROUP, SERVICE, "models", wanted).result()
    assert (made.display_name, made.description) == ("Azure OpenAI", "for all")
    assert made.service_url == "https://x.example/openai"
    chat, listed = client.api_operation.list_by_api(GROUP, SERVICE, "models")
    assert (chat.name, chat.display_name) == ("chat-completions-create", "Create a chat completion")
    assert chat.url_template == "/deployments/{id}/chat?api-version={api-version}"
    assert [(item.name, item.required) for item in chat.template_parameters] == [("id", True), ("api-version", True)]
    assert chat.template_parameters[1].values == ["2024-10-21"]
    assert [(item.name, item.default_value) for item in chat.request.query_parameters] == [("trace", "false")]
    assert [item.name for item in chat.request.headers] == ["x-client"]
    assert [item.type_name for item in chat.request.representations] == ["Chat"]
    assert [item.status_code for item in chat.responses] == [200]
    assert (listed.name, listed.display_name) == ("get-deployments-id-chat", "GET - /deployments/{id}/chat")
    schema = next(iter(client.api_schema.list_by_api(GROUP, SERVICE, "models")))
    inline = chat.responses[0].representations[0].type_name
    assert set(schema.components["schemas"]) == {"Chat", "Version", inline}


def test_what_is_sent_beside_the_document_goes_before_it(azure: Azure) -> None:
    sent = imported(displayName="Mine", serviceUrl="https://mine.example")
    shown = azure.put("apis/models", sent).json()["properties"]
    assert (shown["displayName"], shown["serviceUrl"]) == ("Mine", "https://mine.example")
    assert not {"value", "format"} & shown.keys()


def test_required_query_parameters_can_stay_in_the_query(azure: Azure) -> None:
    azure.put("apis/models", imported(translateRequiredQueryParameters="query"))
    chat = azure.arm("GET", "apis/models/operations/chat-completions-create").json()["properties"]
    assert chat["urlTemplate"] == "/deployments/{id}/chat"
    assert [item["name"] for item in chat["request"]["queryParameters"]] == ["api-version", "trace"]


def test_a_document_of_version_31_with_what_is_rare(azure: Azure) -> None:
    """Names of nothing but dashes, schemas without a type, values that are no text, two names that become one."""
    anything = {"content": {"application/json": {"schema": True}}}
    parameter = {"name": "n", "in": "query", "schema": {"type": ["integer", "null"], "enum": [1, None], "default": 1}}
    rare: dict[str, Any] = {"requestBody": anything, "parameters": [parameter]}
    rare["responses"] = {"204": {"description": "done"}, "2XX": {"description": "any"}}
    operations = {
        "/a": {"post": {"operationId": "___", **rare}},
        "/b": {"get": {"operationId": "Get.It"}, "put": {"operationId": "get_it", "requestBody": {"$ref": "#/x-body"}}},
    }
    info = {"title": "Rare", "version": "1"}
    document = {"openapi": "3.1.0", "info": info, "paths": operations, "x-body": anything}
    assert azure.put("apis/rare", imported(document)).status_code == 201
    shown = {item["name"]: item["properties"] for item in azure.all("apis/rare/operations")}
    assert set(shown) == {"post-a", "get-it", "get-it-1"}
    (query,) = shown["post-a"]["request"]["queryParameters"]
    assert (query["type"], query["values"], query["defaultValue"]) == ("string", ["1", "null"], "1")
    assert shown["post-a"]["responses"] == [{"statusCode": 204, "description": "done"}]


def test_the_same_import_changes_nothing(azure: Azure) -> None:
    path = "apis/models/operations/chat-completions-create"
    first = azure.put("apis/models", imported())
    before = azure.arm("GET", path)
    again = azure.put("apis/models", imported())
    assert (again.status_code, again.headers["ETag"]) == (200, first.headers["ETag"])
    after = azure.arm("GET", path)
    assert (after.headers["ETag"], after.json()) == (before.headers["ETag"], before.json())


def test_an_import_replaces_operations_and_keeps_their_policies(azure: Azure) -> None:
    azure.put("apis/models", imported())
    azure.put("apis/models/operations/hand-made", operation(urlTemplate="/hand-made"))
    for name in ("chat-completions-create", "get-deployments-id-chat"):
        assert azure.put(f"apis/models/operations/{name}/policies/policy", policy()).status_code == 201
    changed = copy.deepcopy(DOCUMENT)
    item = changed["paths"]["/deployments/{id}/chat"]
    item["post"]["summary"] = "Another"
    item["get"]["operationId"] = "renamed"
    azure.put("apis/models", imported(changed))
    shown = {item["name"]: item["properties"]["displayName"] for item in azure.all("apis/models/operations")}
    assert shown == {"chat-completions-create": "Another", "renamed": "renamed"}
    for name in shown:
        assert azure.arm("GET", f"apis/models/operations/{name}/policies/policy").status_code == 200


def test_a_put_without_a_document_keeps_the_operations(azure: Azure) -> None:
    azure.put("apis/models", imported())
    azure.put("apis/models", api(displayName="Renamed"))
    assert len(azure.all("apis/models/operations")) == 2


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ('{"openapi": "3.0.1", ', "(Lin: 0, Col: 21, Chr: 21)"),
        ("[]", "not one of OpenAPI 3.0 or 3.1"),
        ('{"swagger": "2.0"}', "not one of OpenAPI 3.0 or 3.1"),
        ('{"openapi": "3.0.1", "info": {"title": "t", "version": "1"}}', "'paths' is a required property [#/]"),
        (json.dumps(DOCUMENT | {"components": {}}), "'#/components/schemas/Chat' is not to a part of the document"),
        (json.dumps(DOCUMENT | {"x-other": {"$ref": "file:///etc/hostname"}}), "'file:///etc/hostname' is not to"),
        (json.dumps(DOCUMENT | {"paths": {"/{x}": {"get": CHAT}}}), "Path parameter 'x'"),
        ("openapi: 3.0.1\ninfo: &a {b: *a}", "nested too deeply"),
        ("[" * 5000, "nested too deeply"),
    ],
)
def test_documents_that_are_refused(azure: Azure, text: str, part: str) -> None:
    refused = azure.put("apis/models", imported(text))
    error = refused.json()["error"]
    assert (refused.status_code, error["code"]) == (400, "ValidationError")
    assert {detail["target"] for detail in error["details"]} == {"representation"}
    assert all(detail["message"].startswith("Parsing error(s): ") for detail in error["details"])
    assert any(part in detail["message"] for detail in error["details"])
    assert azure.arm("GET", "apis/models").status_code == 404


@pytest.mark.parametrize("changes", [{"format": "swagger-json"}, {"format": None}, {"value": None}])
def test_imports_that_are_refused(azure: Azure, changes: dict[str, Any]) -> None:
    assert set(problems(azure.put("apis/models", imported(**changes)))) == set(changes)


def test_export_is_a_valid_document_of_the_same_api(azure: Azure) -> None:
    azure.put("apis/models", imported())
    query = {"export": "true", "format": "openapi+json"}
    exported = azure.arm("GET", "apis/models", params=query).json()
    assert exported["format"] == "openapi+json"
    document = exported["value"]
    assert list(OpenAPIV30SpecValidator(document).iter_errors()) == []
    assert document["servers"] == [{"url": f"{azure.environment['APIM_GATEWAY_URL']}/models"}]
    chat = document["paths"]["/deployments/{id}/chat"]["post"]
    assert chat["operationId"] == "chat-completions-create"
    places = {item["name"]: (item["in"], item.get("required", False)) for item in chat["parameters"]}
    assert places["id"] == ("path", True)
    assert places["api-version"] == ("query", True)
    assert places["trace"] == ("query", False)
    assert chat["requestBody"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Chat"}
    assert document["components"]["schemas"]["Chat"] == DOCUMENT["components"]["schemas"]["Chat"]
    before = azure.all("apis/models/operations")
    azure.put("apis/models", imported(document))
    assert azure.all("apis/models/operations") == before


def test_other_formats_of_an_export_are_refused(azure: Azure) -> None:
    azure.put("apis/models", api())
    refused = azure.arm("GET", "apis/models", params={"export": "true", "format": "wadl-link"})
    assert set(problems(refused)) == {"format"}


def test_schemas_through_the_sdk(azure: Azure) -> None:
    azure.put("apis/models", api())
    schemas = azure.sdk().api_schema
    contract = models.SchemaContract(content_type="application/json", value='{"type": "object"}')
    schemas.begin_create_or_update(GROUP, SERVICE, "models", "s", contract).result()
    assert schemas.get(GROUP, SERVICE, "models", "s").value == '{"type": "object"}'
    schemas.delete(GROUP, SERVICE, "models", "s", "*")
    assert list(schemas.list_by_api(GROUP, SERVICE, "models")) == []
