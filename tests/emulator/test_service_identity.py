# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""PATCH of a service: identities are attached and removed, for ARM and for the gateway; nothing else changes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from azure.mgmt.apimanagement import models

from tests.emulator.gateway.site import Site
from tests.emulator.harness import GROUP, READER, SERVICE, VAULT_SECRET, Azure, error_code, problems

CLIENT = "22222222-2222-2222-2222-222222222222"
IDENTITY = (
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-tests/providers"
    "/Microsoft.ManagedIdentity/userAssignedIdentities/id-gateway"
)
NONE = {"type": "None"}
ATTACHED = {"type": "UserAssigned", "userAssignedIdentities": {IDENTITY: {}}}
REMOVED = {"type": "UserAssigned", "userAssignedIdentities": {IDENTITY: None}}


@pytest.fixture
def azure(azure: Azure) -> Iterator[Azure]:
    """The running embedded Azure; its service has its identity again when a test ends."""
    yield azure
    azure.admin("DELETE", "arm")
    assert patch(azure, ATTACHED).status_code == 202


def patch(azure: Azure, identity: object, **options: Any) -> requests.Response:
    """PATCH the identity of the service."""
    return azure.arm("PATCH", "", json={"identity": identity}, **options)


def identity_of(azure: Azure) -> dict[str, Any]:
    """Return the identity of the service."""
    shown: dict[str, Any] = azure.arm("GET", "").json()["identity"]
    return shown


@pytest.mark.parametrize("identity", [REMOVED, NONE])
def test_remove_and_attach(azure: Azure, identity: dict[str, Any]) -> None:
    before = azure.arm("GET", "")
    started = patch(azure, identity)
    assert started.status_code == 202
    assert started.headers["Location"].startswith(f"{azure.url}{azure.service()}/operationresults/")
    finished = azure.arm("GET", started.headers["Location"].removeprefix(azure.url), version=None)
    assert finished.status_code == 200
    assert finished.json()["identity"] == {"type": "None"} == identity_of(azure)
    assert azure.arm("GET", "").headers["ETag"] != before.headers["ETag"]
    assert patch(azure, ATTACHED).status_code == 202
    assert identity_of(azure) == before.json()["identity"]
    assert identity_of(azure)["type"] == "UserAssigned"


def test_the_gateway_has_what_the_service_has(azure: Azure) -> None:
    site = Site(azure)
    site.policy(
        inbound=f'<authentication-managed-identity client-id="{CLIENT}" resource="https://ai.azure.com" />'
        '<return-response><set-status code="204" /></return-response>'
    )
    assert site.ask().status_code == 204
    patch(azure, REMOVED)
    assert site.ask().status_code == 500
    assert f"no managed identity with client id '{CLIENT}'" in site.log("gateway")[-1]["error"]["Message"]
    patch(azure, ATTACHED)
    assert site.ask().status_code == 204


def test_the_system_assigned_identity(azure: Azure) -> None:
    secret = {"displayName": "vault", "secret": True, "keyVault": {"secretIdentifier": VAULT_SECRET}}
    assert azure.put("namedValues/vault", secret).status_code == 400
    assert patch(azure, {**ATTACHED, "type": "SystemAssigned,UserAssigned"}).status_code == 202
    shown = identity_of(azure)
    assert shown["type"] == "SystemAssigned, UserAssigned"
    assert {"principalId", "tenantId", "userAssignedIdentities"} <= set(shown)
    assert azure.put("namedValues/vault", secret).status_code == 201
    assert patch(azure, {"type": "systemassigned"}).status_code == 202
    assert identity_of(azure)["type"] == "SystemAssigned"
    assert "userAssignedIdentities" not in identity_of(azure)


def test_identities_that_are_not_named_stay(azure: Azure) -> None:
    assert patch(azure, {"type": "UserAssigned"}).status_code == 202
    assert list(identity_of(azure)["userAssignedIdentities"]) == [IDENTITY.replace("resourceGroups", "resourcegroups")]


@pytest.mark.parametrize(
    ("identity", "code"),
    [
        ({"type": "UserAssigned", "userAssignedIdentities": {f"{IDENTITY}-none": {}}}, "FailedIdentityOperation"),
        ({"type": "UserAssigned", "userAssignedIdentities": {"id-gateway": {}}}, "LinkedInvalidPropertyId"),
        ({"type": "SystemAssigned", "userAssignedIdentities": {IDENTITY: {}}}, "FailedIdentityOperation"),
        ({"type": "None", "userAssignedIdentities": {IDENTITY: None}}, "FailedIdentityOperation"),
    ],
)
def test_identities_that_are_refused(azure: Azure, identity: dict[str, Any], code: str) -> None:
    assert error_code(patch(azure, identity)) == (400, code)
    assert identity_of(azure)["type"] == "UserAssigned"


def test_no_identity_to_be_assigned(azure: Azure) -> None:
    assert patch(azure, NONE).status_code == 202
    assert error_code(patch(azure, {"type": "UserAssigned"})) == (400, "MissingIdentityIds")


@pytest.mark.parametrize(
    ("body", "targets"),
    [
        ({}, {"identity"}),
        ({"identity": ATTACHED, "sku": {"name": "Premium"}, "tags": {}}, {"sku", "tags"}),
        ({"properties": {"publisherName": "x"}}, {"properties.publisherName", "identity"}),
        ({"identity": ATTACHED, "properties": {"disableGateway": True}}, {"properties.disableGateway"}),
        ({"identity": ATTACHED, "properties": []}, {"properties"}),
        ({"identity": {}}, {"identity.type"}),
        ({"identity": {"type": "Assigned", "colour": "red"}}, {"identity.type", "identity.colour"}),
        ({"identity": {**ATTACHED, "userAssignedIdentities": []}}, {"identity.userAssignedIdentities"}),
        (
            {"identity": {**ATTACHED, "userAssignedIdentities": {IDENTITY: {"name": "x"}}}},
            {f"identity.userAssignedIdentities.{IDENTITY}"},
        ),
    ],
)
def test_anything_else_is_refused_by_name(azure: Azure, body: dict[str, Any], targets: set[str]) -> None:
    assert set(problems(azure.arm("PATCH", "", json=body))) == targets


def test_what_arm_shows_may_be_sent_back(azure: Azure) -> None:
    etag = azure.arm("GET", "").headers["ETag"]
    assert patch(azure, identity_of(azure), headers={"If-Match": etag}).status_code == 202
    assert azure.arm("GET", "").headers["ETag"] == etag


def test_who_may_change_it_and_when(azure: Azure) -> None:
    reader = {"Authorization": f"Bearer {azure.token(client_id=READER, client_secret='reader')}"}
    assert error_code(patch(azure, NONE, headers=reader)) == (403, "AuthorizationFailed")
    assert error_code(patch(azure, NONE, headers={"If-Match": '"stale"'})) == (412, "PreconditionFailed")
    assert identity_of(azure)["type"] == "UserAssigned"


def test_a_change_that_fails_in_the_end(azure: Azure) -> None:
    azure.configure(faults=[{"method": "PATCH", "status": 500, "code": "Broken", "asynchronous": True}], lro_ms=1000)
    started = patch(azure, NONE)
    assert started.status_code == 202
    location = started.headers["Location"].removeprefix(azure.url)
    assert azure.arm("GET", location, version=None).status_code == 202
    time.sleep(1.05)
    assert error_code(azure.arm("GET", location, version=None)) == (500, "Broken")
    assert identity_of(azure)["type"] == "UserAssigned"


def test_through_the_sdk(azure: Azure) -> None:
    service = azure.sdk().api_management_service
    removed = models.ApiManagementServiceUpdateParameters(identity=models.ApiManagementServiceIdentity(type="None"))
    assert service.begin_update(GROUP, SERVICE, removed).result().identity.type == "None"
    identity = models.ApiManagementServiceIdentity(
        type="UserAssigned", user_assigned_identities={IDENTITY: models.UserIdentityProperties()}
    )
    attached = models.ApiManagementServiceUpdateParameters(identity=identity)
    (values,) = service.begin_update(GROUP, SERVICE, attached).result().identity.user_assigned_identities.values()
    assert values.client_id == CLIENT
