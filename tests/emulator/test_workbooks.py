# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Workbooks of Azure Monitor: contract, revisions, content on request, lists."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import requests
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.identity import ClientSecretCredential
from azure.mgmt.applicationinsights import ApplicationInsightsManagementClient

from tests.emulator.harness import GROUP, READER, Azure, error_code, problems

VERSION = "2023-06-01"
NAME = "11111111-2222-3333-4444-55555555aaaa"
OTHER = "11111111-2222-3333-4444-55555555bbbb"
DATA = json.dumps({"version": "Notebook/1.0", "items": [{"type": 1, "content": {"json": "# Gateway"}, "name": "t"}]})


def place(azure: Azure, name: str = NAME, group: str | None = GROUP) -> str:
    """Return the path of a workbook, or of a collection of them."""
    scope = f"/subscriptions/{azure.subscription}" + (f"/resourceGroups/{group}" if group else "")
    return f"{scope}/providers/Microsoft.Insights/workbooks/{name}".rstrip("/")


def body(properties: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """Return a valid body of a PUT; None removes a member."""
    members = {"displayName": "Gateway", "serializedData": DATA, "category": "workbook", **(properties or {})}
    kept = {name: value for name, value in members.items() if value is not None}
    whole = {"location": "swedencentral", "kind": "shared", "properties": kept, **changes}
    return {name: value for name, value in whole.items() if value is not None}


def call(azure: Azure, method: str, name: str = NAME, group: str | None = GROUP, **options: Any) -> requests.Response:
    """Send a request for a workbook."""
    return azure.arm(method, place(azure, name, group), version=options.pop("version", VERSION), **options)


def put(azure: Azure, content: dict[str, Any] | None = None, name: str = NAME, **options: Any) -> dict[str, Any]:
    """Store a workbook, and return what ARM answers."""
    response = call(azure, "PUT", name, json=content or body(), **options)
    assert response.status_code == 200, response.text
    shown: dict[str, Any] = response.json()
    return shown


@pytest.fixture
def azure(azure: Azure) -> Azure:
    """The embedded Azure without workbooks."""
    for group in (GROUP, "rg-other"):
        for name in (NAME, OTHER):
            call(azure, "DELETE", name, group)
    return azure


def sdk(azure: Azure, version: str) -> Any:
    """Return Microsoft's client."""
    credential = ClientSecretCredential(
        azure.tenant,
        azure.environment["AZURE_CLIENT_ID"],
        azure.environment["AZURE_SECRET"],
        authority=azure.url,
        disable_instance_discovery=True,
        connection_verify=azure.bundle,
    )
    return ApplicationInsightsManagementClient(
        credential,
        azure.subscription,
        api_version=version,
        base_url=azure.url,
        credential_scopes=[f"{azure.url}/.default"],
        connection_verify=azure.bundle,
    )


@pytest.mark.parametrize("version", ["2022-04-01", "2023-06-01"])
def test_life_through_the_sdk(azure: Azure, version: str) -> None:
    client = sdk(azure, version)
    workbooks, models = client.workbooks, client.models(version)
    wanted = models.Workbook(
        location="swedencentral", kind="shared", display_name="Gateway", serialized_data=DATA, category="workbook"
    )
    created = workbooks.create_or_update(GROUP, NAME, wanted)
    assert (created.display_name, created.serialized_data, created.kind) == ("Gateway", DATA, "shared")
    assert workbooks.get(GROUP, NAME).serialized_data is None
    assert workbooks.get(GROUP, NAME, can_fetch_content=True).serialized_data == DATA
    changed = workbooks.update(
        GROUP, NAME, workbook_update_parameters=models.WorkbookUpdateParameters(display_name="Other", tags={"a": "b"})
    )
    assert (changed.display_name, changed.tags) == ("Other", {"a": "b", "hidden-title": "Other"})
    assert changed.revision != created.revision
    by_group = list(workbooks.list_by_resource_group(GROUP, "workbook", can_fetch_content=True))
    assert [(item.name, item.serialized_data) for item in by_group] == [(NAME, DATA)]
    (listed,) = workbooks.list_by_subscription("workbook")
    assert listed.serialized_data is None
    workbooks.delete(GROUP, NAME)
    workbooks.delete(GROUP, NAME)
    with pytest.raises(ResourceNotFoundError):
        workbooks.get(GROUP, NAME)
    with pytest.raises(HttpResponseError, match="not valid JSON"):
        workbooks.create_or_update(
            GROUP,
            NAME,
            models.Workbook(location="x", kind="shared", display_name="G", serialized_data="{", category="workbook"),
        )


def test_shape(azure: Azure) -> None:
    shown = put(azure, body(tags={"owner": "a"}), NAME.upper())
    assert shown["id"] == (
        f"/subscriptions/{azure.subscription}/resourcegroups/{GROUP}/providers/microsoft.insights/workbooks/{NAME}"
    )
    assert (shown["name"], shown["type"], shown["kind"], shown["location"]) == (NAME, None, "shared", "swedencentral")
    assert shown["tags"] == {"owner": "a", "hidden-title": "Gateway"}
    assert re.fullmatch(r'"[0-9a-f]{8}-0000-0200-0000-[0-9a-f]{8}"', shown["etag"])
    properties = shown["properties"]
    assert re.fullmatch(r"[0-9a-f]{32}", properties.pop("revision"))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:]{8}\.\d{7}Z", properties.pop("timeModified"))
    assert properties == {
        "displayName": "Gateway",
        "serializedData": DATA,
        "version": None,
        "category": "workbook",
        "userId": "33333333-3333-3333-3333-333333333334",
        "sourceId": None,
        "tags": None,
        "storageUri": None,
    }
    read = call(azure, "GET")
    assert read.json()["properties"]["serializedData"] is None
    assert "ETag" not in read.headers
    whole = call(azure, "GET", params={"canFetchContent": "True"}).json()
    assert whole["properties"]["serializedData"] == DATA
    assert whole["properties"]["revision"] == read.json()["properties"]["revision"]


def test_each_put_makes_a_revision(azure: Azure) -> None:
    first, second = put(azure), put(azure)
    assert first["etag"] != second["etag"]
    assert first["properties"]["revision"] != second["properties"]["revision"]
    assert first["properties"]["timeModified"] < second["properties"]["timeModified"]


def test_a_put_replaces_what_it_does_not_name(azure: Azure) -> None:
    put(azure, body({"description": "d", "version": "Notebook/1.0", "sourceId": "Azure Monitor"}, tags={"a": "b"}))
    shown = call(azure, "GET").json()
    assert shown["properties"]["description"] == "d"
    assert shown["properties"]["sourceId"] == "azure monitor"
    shown = put(azure, body({"displayName": "New"}, tags={"hidden-title": "mine"}))
    assert shown["tags"] == {"hidden-title": "New"}
    assert "description" not in shown["properties"]
    assert (shown["properties"]["version"], shown["properties"]["sourceId"]) == (None, None)


def test_what_was_read_can_be_sent_back(azure: Azure) -> None:
    put(azure, body({"sourceId": "azure monitor", "version": "Notebook/1.0"}))
    whole = call(azure, "GET", params={"canFetchContent": "true"}).json()
    again = put(azure, whole)
    assert again["properties"]["serializedData"] == DATA
    assert error_code(call(azure, "PUT", json=whole)) == (412, "PreconditionFailed")


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_if_match(azure: Azure, method: str) -> None:
    stale = put(azure)["etag"]
    current = put(azure)["etag"]
    content = body() if method == "PUT" else {} if method == "PATCH" else None
    refused = call(azure, method, json=content, headers={"If-Match": stale})
    assert error_code(refused) == (412, "PreconditionFailed")
    assert call(azure, method, json=content, headers={"If-Match": current}).status_code == 200


def test_if_match_of_a_workbook_that_is_not_there(azure: Azure) -> None:
    assert error_code(call(azure, "PUT", json=body(), headers={"If-Match": '"x"'})) == (412, "PreconditionFailed")
    assert call(azure, "PUT", json=body(), headers={"If-Match": "*"}).status_code == 200


@pytest.mark.parametrize(
    ("content", "targets"),
    [
        (body({"displayName": None}), ["properties.displayName"]),
        (body({"serializedData": None}), ["properties.serializedData"]),
        (body({"category": None}), ["properties.category"]),
        (body({"serializedData": "items: []"}), ["properties.serializedData"]),
        (body({"serializedData": {"items": []}}), ["properties.serializedData"]),
        (body({"storageUri": "/subscriptions/x"}), ["properties.storageUri"]),
        (body({"tags": ["a"]}), ["properties.tags"]),
        (body({"title": "x"}), ["properties.title"]),
        (body(kind="user"), ["kind"]),
        (body(kind=None), ["kind"]),
        (body(identity={"type": "None"}), ["identity"]),
        (body(tags={"a": 1}), ["tags.a"]),
        ({"location": "swedencentral", "kind": "shared"}, ["properties"]),
        (body({"displayName": "", "category": 1}), ["properties.category", "properties.displayName"]),
    ],
)
def test_bodies_that_are_refused(azure: Azure, content: dict[str, Any], targets: list[str]) -> None:
    assert sorted(problems(call(azure, "PUT", json=content))) == targets
    assert call(azure, "GET").status_code == 404


def test_location(azure: Azure) -> None:
    assert error_code(call(azure, "PUT", json=body(location=None))) == (400, "LocationRequired")
    assert put(azure, body(location="Sweden Central"))["location"] == "swedencentral"
    moved = call(azure, "PUT", json=body(location="westeurope"))
    assert error_code(moved) == (409, "InvalidResourceLocation")


def test_names(azure: Azure) -> None:
    refused = call(azure, "PUT", "Gateway", json=body())
    assert error_code(refused)[0] == 400
    assert refused.json()["error"]["message"] == "Invalid Workbook resource name: 'gateway'"
    assert error_code(call(azure, "GET", "gateway")) == (404, "ResourceNotFound")


def test_a_display_name_is_unique_in_its_resource_group(azure: Azure) -> None:
    put(azure)
    assert error_code(call(azure, "PUT", OTHER, json=body({"category": "tsg"}))) == (409, "Conflict")
    put(azure, body({"displayName": "Second"}), OTHER)
    assert error_code(call(azure, "PATCH", OTHER, json={"properties": {"displayName": "Gateway"}})) == (409, "Conflict")
    call(azure, "DELETE", OTHER)
    put(azure, name=OTHER, group="rg-other")


def test_patch(azure: Azure) -> None:
    assert error_code(call(azure, "PATCH", json={})) == (404, "ResourceNotFound")
    put(azure, body({"version": "Notebook/1.0"}, tags={"a": "b"}))
    shown = call(azure, "PATCH", json={"properties": {"serializedData": "{}", "description": "d"}}).json()
    assert shown["tags"] == {"a": "b", "hidden-title": "Gateway"}
    properties = shown["properties"]
    assert (properties["serializedData"], properties["version"], properties["description"]) == (
        "{}",
        "Notebook/1.0",
        "d",
    )
    assert call(azure, "PATCH").json()["properties"]["description"] == "d"
    refused = call(azure, "PATCH", json={"location": "x", "properties": {"sourceId": "y", "serializedData": "{"}})
    assert sorted(problems(refused)) == ["location", "properties.serializedData", "properties.sourceId"]


def test_lists(azure: Azure) -> None:
    put(azure, body({"sourceId": "azure monitor"}))
    put(azure, body({"category": "sentinel"}), OTHER, group="rg-other")

    def names(group: str | None, **params: str) -> list[str]:
        response = call(azure, "GET", "", group, params=params)
        assert set(response.json()) == {"value"}
        return [item["name"] for item in response.json()["value"]]

    assert names(GROUP, category="workbook") == names(None, category="workbook") == [NAME]
    assert names(None, category="sentinel") == names("RG-OTHER", category="sentinel") == [OTHER]
    assert names(GROUP, category="sentinel") == []
    assert names(GROUP, category="workbook", sourceId="azure monitor") == [NAME]
    assert names(GROUP, category="workbook", sourceId="other") == []
    assert set(problems(call(azure, "GET", ""))) == {"category"}
    tags = call(azure, "GET", "", params={"category": "workbook", "tags": "a"})
    assert set(problems(tags)) == {"tags"}
    assert set(problems(call(azure, "GET", params={"canFetchContent": "yes"}))) == {"canFetchContent"}


def test_what_is_not_known(azure: Azure) -> None:
    put(azure)
    revisions = call(azure, "GET", f"{NAME}/revisions")
    assert error_code(revisions) == (404, "InvalidResourceType")
    assert "revisions" in revisions.json()["error"]["message"]
    assert error_code(call(azure, "POST")) == (405, "MethodNotAllowed")
    assert error_code(call(azure, "POST", "", params={"category": "workbook"})) == (405, "MethodNotAllowed")
    assert set(problems(call(azure, "PUT", json=body(), params={"sourceId": "x"}))) == {"sourceId"}
    assert error_code(call(azure, "GET", version="2021-08-01")) == (400, "NoRegisteredProviderFound")
    assert error_code(call(azure, "GET", group="rg-none")) == (404, "ResourceGroupNotFound")


def test_a_reader_reads(azure: Azure) -> None:
    put(azure)
    reader = {"Authorization": f"Bearer {azure.token(client_id=READER, client_secret='reader')}"}
    assert call(azure, "GET", headers=reader).status_code == 200
    for method in ("PUT", "PATCH", "DELETE"):
        assert error_code(call(azure, method, json=body(), headers=reader)) == (403, "AuthorizationFailed")
