# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ARM checks before a resource provider sees a request, and what it puts on every answer."""

from __future__ import annotations

import re

import pytest

from tests.emulator.harness import GROUP, READER, SERVICE, Azure, backend, error_code

SUB = "/subscriptions/00000000-0000-0000-0000-000000000000"
APIM = f"{SUB}/resourceGroups/{GROUP}/providers/Microsoft.ApiManagement"


@pytest.mark.parametrize(
    ("path", "version", "expected"),
    [
        ("backends", None, (400, "MissingApiVersionParameter")),
        ("backends", "2019-01-01", (400, "NoRegisteredProviderFound")),
        (SUB, "2001-01-01", (400, "InvalidApiVersionParameter")),
        ("/subscriptions/not-a-guid/resourceGroups", "2021-04-01", (400, "InvalidSubscriptionId")),
        ("/subscriptions/00000000-0000-0000-0000-00000000000f", "2022-12-01", (404, "SubscriptionNotFound")),
        (f"{SUB}/resourceGroups/rg-none", "2021-04-01", (404, "ResourceGroupNotFound")),
        (APIM.replace(GROUP, "rg-none") + f"/service/{SERVICE}", "2024-05-01", (404, "ResourceGroupNotFound")),
        (f"{APIM}/service/apim-none", "2024-05-01", (404, "ResourceNotFound")),
        (f"{APIM}/service/apim-none/backends/b", "2024-05-01", (404, "ParentResourceNotFound")),
        (f"{APIM}/service/{SERVICE}/loggers", "2024-05-01", (404, "InvalidResourceType")),
        (f"{APIM}/service/{SERVICE}/backends/b/what", "2024-05-01", (404, "InvalidResourceType")),
        (f"{APIM}/gateways/g", "2024-05-01", (404, "InvalidResourceType")),
        (APIM.replace("ApiManagement", "Nothing") + "/service", "2024-05-01", (404, "InvalidResourceNamespace")),
        (f"{SUB}/nothing", "2022-12-01", (404, "ResourceNotFound")),
        ("backends/none", "2024-05-01", (404, "ResourceNotFound")),
    ],
)
def test_refusals(azure: Azure, path: str, version: str | None, expected: tuple[int, str]) -> None:
    assert error_code(azure.arm("GET", path, version=version)) == expected


def test_unknown_kind_is_named(azure: Azure) -> None:
    assert "loggers" in azure.arm("GET", "loggers").json()["error"]["message"]


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "backends"), ("POST", "backends/b"), ("PUT", ""), ("DELETE", "")]
)
def test_methods_that_a_path_does_not_have(azure: Azure, method: str, path: str) -> None:
    assert error_code(azure.arm(method, path)) == (405, "MethodNotAllowed")


def test_fragments_have_no_patch(azure: Azure) -> None:
    response = azure.arm("PATCH", "policyFragments/f", json={"properties": {"description": "x"}})
    assert error_code(response) == (405, "MethodNotAllowed")


def test_reader_reads_only(azure: Azure) -> None:
    azure.put("namedValues/nv", {"displayName": "nv", "value": "x", "secret": True})
    headers = {"Authorization": f"Bearer {azure.token(client_id=READER, client_secret='reader')}"}
    assert azure.arm("GET", "namedValues/nv", headers=headers).status_code == 200
    for method, path in (("PUT", "namedValues/nv"), ("DELETE", "namedValues/nv"), ("POST", "namedValues/nv/listValue")):
        refused = azure.arm(method, path, headers=headers)
        assert error_code(refused) == (403, "AuthorizationFailed")
        assert READER in refused.json()["error"]["message"]


def test_headers_of_every_answer(azure: Azure) -> None:
    headers = {"x-ms-client-request-id": "mine", "x-ms-return-client-request-id": "true"}
    response = azure.arm("GET", "", headers=headers)
    assert response.headers["Cache-Control"] == "no-cache"
    assert response.headers["Pragma"] == "no-cache"
    assert response.headers["Expires"] == "-1"
    assert "max-age" in response.headers["Strict-Transport-Security"]
    assert re.fullmatch(r"[0-9a-f-]{36}", response.headers["x-ms-request-id"])
    assert response.headers["x-ms-client-request-id"] == "mine"
    assert b"\r\n" in response.content


@pytest.mark.parametrize("body", ["", "{", "[]", '"text"'])
def test_bodies_that_are_not_json_objects(azure: Azure, body: str) -> None:
    assert error_code(azure.arm("PUT", "backends/b", data=body)) == (400, "InvalidRequestContent")


def test_body_above_the_limit(azure: Azure) -> None:
    response = azure.put("policyFragments/f", {"value": "x" * (4 * 1024 * 1024)})
    assert error_code(response) == (413, "RequestContentTooLarge")


def test_ids_ignore_case(azure: Azure) -> None:
    azure.put("backends/Mixed-Case", backend())
    path = azure.service().upper().replace("/SUBSCRIPTIONS", "/subscriptions") + "/BACKENDS/mixed-case"
    assert azure.arm("GET", path).json()["name"] == "Mixed-Case"
    assert azure.put("backends/MIXED-CASE", backend(title="new")).status_code == 200
    assert [item["name"] for item in azure.all("backends")] == ["Mixed-Case"]


def test_subscriptions_groups_and_tenants(azure: Azure) -> None:
    listed = azure.arm("GET", "/subscriptions", version="2022-12-01").json()["value"]
    assert [item["displayName"] for item in listed] == ["first", "second"]
    assert {"id", "subscriptionId", "tenantId", "state"} <= set(listed[0])
    assert azure.arm("GET", SUB, version="2022-12-01").json()["subscriptionId"] == azure.subscription
    groups = azure.arm("GET", f"{SUB}/resourcegroups", version="2021-04-01").json()["value"]
    assert {group["name"] for group in groups} == {"rg-empty", GROUP, "rg-other"}
    assert azure.arm("GET", f"{SUB}/resourceGroups/RG-TESTS", version="2021-04-01").json()["name"] == GROUP


def test_service(azure: Azure) -> None:
    service = azure.arm("GET", "").json()
    assert service["id"] == azure.service()
    assert service["sku"] == {"name": "Developer", "capacity": 1}
    ((identity, values),) = service["identity"]["userAssignedIdentities"].items()
    assert identity.endswith("/id-gateway")
    assert values["clientId"] == "22222222-2222-2222-2222-222222222222"
    names = {
        item["name"] for item in azure.arm("GET", f"{SUB}/providers/Microsoft.ApiManagement/service").json()["value"]
    }
    assert names == {SERVICE, "apim-consumption", "apim-v2"}
    in_group = azure.arm("GET", f"{APIM}/service").json()["value"]
    assert {item["name"] for item in in_group} == {SERVICE, "apim-consumption"}


def test_service_through_the_sdk(azure: Azure) -> None:
    service = azure.sdk().api_management_service.get("rg-other", "apim-v2")
    assert (service.sku.name, service.identity.type) == ("StandardV2", "SystemAssigned")


def test_user_assigned_identity(azure: Azure) -> None:
    base = f"{SUB}/resourceGroups/{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities"
    identity = azure.arm("GET", f"{base}/ID-gateway", version="2023-01-31").json()
    assert identity["properties"]["clientId"] == "22222222-2222-2222-2222-222222222222"
    assert [item["name"] for item in azure.arm("GET", base, version="2023-01-31").json()["value"]] == ["id-gateway"]
    assert error_code(azure.arm("GET", f"{base}/none", version="2023-01-31")) == (404, "ResourceNotFound")
