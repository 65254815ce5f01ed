# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Named values: plain, secret, in Key Vault."""

from __future__ import annotations

from typing import Any

import pytest
from azure.mgmt.apimanagement import models

from tests.emulator.harness import GROUP, SERVICE, VAULT_SECRET, Azure, backend, error_code, problems

SECRET = {"displayName": "key", "value": "hidden-value", "secret": True}
IDENTITY = "22222222-2222-2222-2222-222222222222"


def test_life_through_the_sdk(azure: Azure) -> None:
    values = azure.sdk().named_value
    contract = models.NamedValueCreateContract(display_name="nv", value="one", tags=["a"])
    created = values.begin_create_or_update(GROUP, SERVICE, "nv", contract).result()
    assert (created.value, created.secret, created.tags) == ("one", False, ["a"])
    changes = models.NamedValueUpdateParameters(value="two")
    assert values.begin_update(GROUP, SERVICE, "nv", "*", changes).result().value == "two"
    assert values.list_value(GROUP, SERVICE, "nv").value == "two"
    assert [value.name for value in values.list_by_service(GROUP, SERVICE)] == ["nv"]
    values.delete(GROUP, SERVICE, "nv", "*")
    assert list(values.list_by_service(GROUP, SERVICE)) == []


def test_a_secret_is_shown_by_list_value_only(azure: Azure) -> None:
    created = azure.put("namedValues/key", SECRET)
    assert created.status_code == 201
    shown = azure.arm("GET", "namedValues/key")
    listed = azure.arm("GET", "namedValues")
    for response in (created, shown, listed):
        assert "hidden-value" not in response.text
    value = azure.arm("POST", "namedValues/key/listValue")
    assert value.json() == {"value": "hidden-value"}
    assert value.headers["ETag"] == shown.headers["ETag"]


def test_etag_of_an_identical_put_stays(azure: Azure) -> None:
    first = azure.put("namedValues/key", SECRET).headers["ETag"]
    assert azure.put("namedValues/key", SECRET).headers["ETag"] == first
    assert azure.put("namedValues/key", {**SECRET, "value": "other"}).headers["ETag"] != first


@pytest.mark.parametrize(
    ("changes", "target"),
    [
        ({"displayName": None}, "displayName"),
        ({"displayName": "with space"}, "displayName"),
        ({"displayName": "x" * 257}, "displayName"),
        ({"value": None}, "value"),
        ({"value": "  "}, "value"),
        ({"value": "x" * 4097}, "value"),
        ({"tags": ["t"] * 33}, "tags"),
        ({"secret": "yes"}, "secret"),
        ({"hidden": True}, "hidden"),
        ({"keyVault": {"secretIdentifier": VAULT_SECRET, "identityClientId": IDENTITY}}, "value"),
    ],
)
def test_fields_that_are_refused(azure: Azure, changes: dict[str, Any], target: str) -> None:
    assert set(problems(azure.put("namedValues/key", {**SECRET, **changes}))) == {target}


@pytest.mark.parametrize("name", ["a%23b", "a%2Bb", "a%3Ab", "x" * 257])
def test_names_that_are_refused(azure: Azure, name: str) -> None:
    assert "namedValueId" in problems(azure.put(f"namedValues/{name}", SECRET))


def test_display_names_are_unique(azure: Azure) -> None:
    azure.put("namedValues/key", SECRET)
    assert "already exists" in problems(azure.put("namedValues/other", SECRET))["displayName"]


def test_rename_in_use_is_refused(azure: Azure) -> None:
    azure.put("namedValues/key", SECRET)
    azure.put("backends/b", backend(credentials={"query": {"k": ["{{key}}"]}}))
    assert "/backends/b" in problems(azure.put("namedValues/key", {**SECRET, "displayName": "new"}))["displayName"]
    azure.put("backends/b", backend())
    assert azure.put("namedValues/key", {**SECRET, "displayName": "new"}).status_code == 200


def test_patch_is_an_operation(azure: Azure) -> None:
    azure.put("namedValues/key", SECRET)
    accepted = azure.arm("PATCH", "namedValues/key", json={"properties": {"tags": ["x"]}})
    assert (accepted.status_code, accepted.content) == (202, b"")
    result = azure.http(
        "GET", accepted.headers["Location"], headers={"Authorization": accepted.request.headers["Authorization"]}
    )
    assert result.json()["properties"]["tags"] == ["x"]


def _in_vault(**changes: str) -> dict[str, Any]:
    vault = {"secretIdentifier": VAULT_SECRET, "identityClientId": IDENTITY, **changes}
    return {"displayName": "token", "keyVault": vault}


def test_key_vault(azure: Azure) -> None:
    assert azure.put("namedValues/token", _in_vault()).status_code == 201
    shown = azure.arm("GET", "namedValues/token").json()["properties"]
    assert shown["secret"] is True
    assert "value" not in shown
    assert shown["keyVault"]["lastStatus"]["code"] == "Success"
    assert azure.arm("POST", "namedValues/token/listValue").json() == {"value": "from-the-vault"}
    assert azure.arm("POST", "namedValues/token/refreshSecret").status_code == 200
    assert azure.arm("PUT", "namedValues/token", json={"properties": shown}).status_code == 200


@pytest.mark.parametrize(
    ("changes", "target"),
    [
        ({"secretIdentifier": "https://vault.vault.azure.net/secrets/none"}, "keyVault.secretIdentifier"),
        ({"identityClientId": "99999999-9999-9999-9999-999999999999"}, "keyVault.identityClientId"),
    ],
)
def test_key_vault_that_cannot_be_read(azure: Azure, changes: dict[str, str], target: str) -> None:
    assert set(problems(azure.put("namedValues/token", _in_vault(**changes)))) == {target}


def test_refresh_needs_key_vault(azure: Azure) -> None:
    azure.put("namedValues/key", SECRET)
    assert "keyVault" in problems(azure.arm("POST", "namedValues/key/refreshSecret"))


def test_unknown_action(azure: Azure) -> None:
    azure.put("namedValues/key", SECRET)
    assert error_code(azure.arm("POST", "namedValues/key/reveal")) == (404, "InvalidResourceType")
