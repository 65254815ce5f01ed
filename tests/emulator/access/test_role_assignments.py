# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Role assignments of Microsoft.Authorization: what a scope shows, and what ARM takes and refuses."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from tests.emulator.access.land import FOUNDRY, IDENTITY, OPENAI, OPENAI_USER, ROLES, SUB, USER, Land
from tests.emulator.harness import READER, error_code

GROUP = f"{SUB}/resourceGroups/rg-models"
STRANGER = "99999999-9999-9999-9999-999999999999"


def scopes(items: list[dict[str, Any]]) -> list[str]:
    return sorted(item["properties"]["scope"] for item in items)


def test_shape(land: Land) -> None:
    (item,) = [item for item in land.assignments(OPENAI) if item["properties"]["scope"] == OPENAI]
    assert uuid.UUID(item["name"])
    assert item["id"] == f"{OPENAI}/providers/Microsoft.Authorization/roleAssignments/{item['name']}"
    assert item["type"] == "Microsoft.Authorization/roleAssignments"
    properties = item["properties"]
    assert properties["roleDefinitionId"] == f"{SUB}/providers/Microsoft.Authorization/roleDefinitions/{OPENAI_USER}"
    assert (properties["principalId"], properties["principalType"]) == (IDENTITY, "ServicePrincipal")
    assert land.roles("GET", OPENAI, item["name"]).json() == item


def test_a_scope_shows_what_is_at_it_above_it_and_below_it(land: Land) -> None:
    assert scopes(land.assignments(OPENAI)) == [SUB, OPENAI]
    assert scopes(land.assignments(FOUNDRY)) == [SUB]
    assert scopes(land.assignments(GROUP)) == [SUB, OPENAI]
    assert scopes(land.assignments(SUB)) == [SUB, OPENAI]
    assert scopes(land.assignments(land.azure.service())) == [SUB]


@pytest.mark.parametrize(
    ("clause", "expected"),
    [
        ("atScope()", [SUB]),
        (f"assignedTo('{IDENTITY}')", [SUB, OPENAI]),
        (f"principalId eq '{IDENTITY.upper()}'", [SUB, OPENAI]),
        (f"atScope() and assignedTo('{IDENTITY}')", [SUB]),
        (f"atScope() and principalId eq '{STRANGER}'", []),
        (f"principalId eq '{STRANGER}'", []),
    ],
)
def test_filters(land: Land, clause: str, expected: list[str]) -> None:
    assert scopes(land.assignments(GROUP, clause)) == expected


@pytest.mark.parametrize(
    "clause",
    [
        "",
        "roleName eq 'x'",
        f"principalId eq {IDENTITY}",
        f"principalId eq '{IDENTITY}' and atScope()",
        "not atScope()",
    ],
)
def test_other_filters_are_refused(land: Land, clause: str) -> None:
    refused = land.roles("GET", GROUP, clause=clause)
    assert error_code(refused) == (400, "UnsupportedQuery")


def test_assign_and_remove(land: Land) -> None:
    name = str(uuid.uuid4())
    created = land.assign(FOUNDRY, USER, name, description="chat")
    assert created.status_code == 201
    properties = created.json()["properties"]
    assert (properties["scope"], properties["description"]) == (FOUNDRY, "chat")
    assert properties["createdBy"] == properties["updatedBy"]
    assert scopes(land.assignments(FOUNDRY, "atScope()")) == [SUB, FOUNDRY]
    assert land.assign(FOUNDRY, USER, name.upper()).status_code == 200
    removed = land.roles("DELETE", FOUNDRY, name)
    assert (removed.status_code, removed.json()["name"]) == (200, name)
    assert land.roles("DELETE", FOUNDRY, name).status_code == 204
    assert error_code(land.roles("GET", FOUNDRY, name)) == (404, "RoleAssignmentNotFound")


def test_a_second_assignment_of_the_same(land: Land) -> None:
    name = str(uuid.uuid4())
    assert land.assign(GROUP, USER, name).status_code == 201
    refused = land.assign(GROUP, USER)
    assert error_code(refused) == (409, "RoleAssignmentExists")
    assert name.replace("-", "") in refused.json()["error"]["message"]


def test_an_assignment_keeps_scope_principal_and_role(land: Land) -> None:
    name = str(uuid.uuid4())
    assert land.assign(GROUP, USER, name).status_code == 201
    for scope, role in ((FOUNDRY, USER), (GROUP, OPENAI_USER)):
        assert error_code(land.assign(scope, role, name)) == (400, "RoleAssignmentUpdateNotPermitted")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        (
            {"roleDefinitionId": f"{SUB}/providers/Microsoft.Authorization/roleDefinitions/{STRANGER}"},
            "RoleDefinitionDoesNotExist",
        ),
        ({"roleDefinitionId": USER}, "InvalidRoleDefinitionId"),
        ({"principalId": "somebody"}, "InvalidPrincipalId"),
        ({"principalId": STRANGER, "principalType": None}, "PrincipalNotFound"),
        ({"principalType": "User"}, "UnmatchedPrincipalType"),
        ({"principalType": "Robot"}, "InvalidRequestContent"),
        ({"principalId": None}, "InvalidRequestContent"),
        ({"condition": "true"}, "InvalidRequestContent"),
    ],
)
def test_bodies_that_are_refused(land: Land, changes: dict[str, Any], code: str) -> None:
    assert error_code(land.assign(FOUNDRY, USER, **changes)) == (400, code)


def test_a_principal_that_is_not_seen_yet_needs_its_type(land: Land) -> None:
    assert land.assign(FOUNDRY, USER, principalId=STRANGER, principalType="Group").status_code == 201


def test_names_are_guids(land: Land) -> None:
    assert error_code(land.assign(FOUNDRY, USER, "chat")) == (400, "InvalidRoleAssignmentId")


@pytest.mark.parametrize("scope", [f"{FOUNDRY}-none", f"{FOUNDRY}/deployments/none", f"{SUB}/resourceGroups/rg-none"])
def test_scopes_that_do_not_exist(land: Land, scope: str) -> None:
    assert land.assign(scope, USER).status_code == 404
    assert land.roles("GET", scope).status_code == 404


def test_children_are_scopes_too(land: Land) -> None:
    assert land.assign(f"{FOUNDRY}/deployments/chat", USER).status_code == 201
    assert scopes(land.assignments(FOUNDRY)) == [SUB, f"{FOUNDRY}/deployments/chat"]
    policy = f"{land.azure.service()}/policies/policy"
    assert land.assign(policy, USER).status_code == 201
    assert policy in scopes(land.assignments(land.azure.service()))


def test_only_an_owner_gives_roles(land: Land) -> None:
    name = land.assignments(OPENAI)[0]["name"]
    contributor: dict[str, str] = {}
    reader = {"Authorization": f"Bearer {land.azure.token(client_id=READER, client_secret='reader')}"}
    for headers in (contributor, reader):
        assert land.roles("GET", OPENAI, headers=headers).status_code == 200
        refused = land.roles("DELETE", OPENAI, name, headers=headers)
        assert error_code(refused) == (403, "AuthorizationFailed")
        assert "'Microsoft.Authorization/roleAssignments/delete'" in refused.json()["error"]["message"]


def test_role_definitions(land: Land) -> None:
    base = f"{FOUNDRY}/providers/Microsoft.Authorization/roleDefinitions"
    role = land.azure.arm("GET", f"{base}/{OPENAI_USER.upper()}", version=ROLES).json()
    assert role["id"] == f"{SUB}/providers/Microsoft.Authorization/roleDefinitions/{OPENAI_USER}"
    assert (role["name"], role["type"]) == (OPENAI_USER, "Microsoft.Authorization/roleDefinitions")
    properties = role["properties"]
    assert (properties["roleName"], properties["type"]) == ("Cognitive Services OpenAI User", "BuiltInRole")
    assert properties["assignableScopes"] == ["/"]
    (permissions,) = properties["permissions"]
    chat = "Microsoft.CognitiveServices/accounts/OpenAI/deployments/chat/completions/action"
    assert chat in permissions["dataActions"]
    assert "Microsoft.CognitiveServices/*/read" in permissions["actions"]
    listed = land.azure.arm("GET", base, version=ROLES).json()["value"]
    assert len(listed) == 10
    assert role in listed


@pytest.mark.parametrize(
    ("clause", "expected"),
    [
        ("roleName eq 'Cognitive Services User'", [USER]),
        ("roleName eq 'cognitive services user'", [USER]),
        ("roleName eq 'None'", []),
    ],
)
def test_role_definitions_by_name(land: Land, clause: str, expected: list[str]) -> None:
    path = f"{SUB}/providers/Microsoft.Authorization/roleDefinitions"
    answer = land.azure.arm("GET", path, version=ROLES, params={"$filter": clause})
    assert [item["name"] for item in answer.json()["value"]] == expected


def test_a_custom_role(land: Land) -> None:
    path = f"{SUB}/providers/Microsoft.Authorization/roleDefinitions"
    (role,) = land.azure.arm("GET", path, version=ROLES, params={"$filter": "roleName eq 'Chat only'"}).json()["value"]
    assert role["properties"]["type"] == "CustomRole"
    assert role["properties"]["assignableScopes"] == [SUB]


def test_role_definitions_that_do_not_exist(land: Land) -> None:
    path = f"{SUB}/providers/Microsoft.Authorization/roleDefinitions"
    assert error_code(land.azure.arm("GET", f"{path}/{STRANGER}", version=ROLES)) == (404, "RoleDefinitionDoesNotExist")
    unknown = land.azure.arm("GET", path, version=ROLES, params={"$filter": "type eq 'CustomRole'"})
    assert error_code(unknown) == (400, "UnsupportedQuery")
    assert error_code(land.azure.arm("PUT", f"{path}/{STRANGER}", version=ROLES, headers=land.owner)) == (
        405,
        "MethodNotAllowed",
    )


@pytest.mark.parametrize(
    ("path", "code"),
    [
        (f"{SUB}/providers/Microsoft.Authorization/locks", "InvalidResourceType"),
        (f"{FOUNDRY}/providers/Microsoft.CognitiveServices/accounts", "ResourceNotFound"),
        (f"{FOUNDRY}/providers/Microsoft.Nothing/things", "InvalidResourceNamespace"),
        (f"{SUB}/providers/Microsoft.CognitiveServices/accounts/foundry", "ResourceNotFound"),
        (f"{FOUNDRY}/providers", "ResourceNotFound"),
        (f"{SUB}/providers/Microsoft.Authorization/roleAssignments/{USER}/what", "InvalidResourceType"),
    ],
)
def test_paths_that_do_not_exist(land: Land, path: str, code: str) -> None:
    assert error_code(land.azure.arm("GET", path, version=ROLES)) == (404, code)
