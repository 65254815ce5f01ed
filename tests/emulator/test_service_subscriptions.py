# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Subscriptions of API Management: scopes, states, keys, the built-in one."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.mgmt.apimanagement import models

from tests.emulator.harness import GROUP, SERVICE, Azure, api, error_code, problems


def subscription(**changes: Any) -> dict[str, Any]:
    """Return the properties of a valid subscription; None removes one."""
    properties = {"displayName": "Client", "scope": "/apis", "state": "active", **changes}
    return {name: value for name, value in properties.items() if value is not None}


def test_life_through_the_sdk(azure: Azure) -> None:
    subscriptions = azure.sdk().subscription
    wanted = models.SubscriptionCreateParameters(display_name="Client", scope="/apis", primary_key="first-key")
    created = subscriptions.create_or_update(GROUP, SERVICE, "client", wanted)
    assert (created.state, created.scope) == ("submitted", f"{azure.service()}/apis")
    assert created.start_date is None
    expiry = dt.datetime(2030, 1, 1, tzinfo=dt.UTC)
    update = models.SubscriptionUpdateParameters(state="active", expiration_date=expiry)
    updated = subscriptions.update(GROUP, SERVICE, "client", "*", update)
    assert (updated.start_date is not None, updated.end_date, updated.expiration_date) == (True, None, expiry)
    secrets = subscriptions.list_secrets(GROUP, SERVICE, "client")
    assert secrets.primary_key == "first-key"
    subscriptions.regenerate_primary_key(GROUP, SERVICE, "client")
    subscriptions.regenerate_secondary_key(GROUP, SERVICE, "client")
    renewed = subscriptions.list_secrets(GROUP, SERVICE, "client")
    assert renewed.primary_key != secrets.primary_key
    assert renewed.secondary_key != secrets.secondary_key
    assert [item.name for item in subscriptions.list(GROUP, SERVICE)] == ["client", "master"]
    subscriptions.delete(GROUP, SERVICE, "client", "*")
    assert [item.name for item in subscriptions.list(GROUP, SERVICE)] == ["master"]


def test_keys_are_shown_by_list_secrets_only(azure: Azure) -> None:
    created = azure.put("subscriptions/s", subscription(primaryKey="key-one", secondaryKey="key-two"))
    answers = [created, azure.arm("GET", "subscriptions/s"), azure.arm("GET", "subscriptions")]
    assert all("key-" not in answer.text for answer in answers)
    secrets = azure.arm("POST", "subscriptions/s/listSecrets")
    assert secrets.json() == {"primaryKey": "key-one", "secondaryKey": "key-two"}
    assert secrets.headers["ETag"] == created.headers["ETag"]


def test_an_update_without_keys_keeps_them(azure: Azure) -> None:
    first = azure.put("subscriptions/s", subscription(primaryKey="key-one"))
    again = azure.put("subscriptions/s", subscription())
    assert (again.status_code, again.headers["ETag"]) == (200, first.headers["ETag"])
    assert azure.arm("POST", "subscriptions/s/listSecrets").json()["primaryKey"] == "key-one"


@pytest.mark.parametrize("prefix", ["", "the service"])
@pytest.mark.parametrize("scope", ["/apis", "/apis/models", "/products/team"])
def test_scopes(azure: Azure, scope: str, prefix: str) -> None:
    azure.put("apis/models", api())
    azure.put("products/team", {"displayName": "Team"})
    sent = f"{azure.service() if prefix else ''}{scope}"
    created = azure.put("subscriptions/s", subscription(scope=sent))
    assert created.status_code == 201
    assert created.json()["properties"]["scope"] == f"{azure.service()}{scope}"


@pytest.mark.parametrize(
    ("changes", "target"),
    [
        ({"displayName": "x" * 101}, "displayName"),
        ({"displayName": None}, "displayName"),
        ({"scope": None}, "scope"),
        ({"scope": "/"}, "scope"),
        ({"scope": "/apis/none"}, "scope"),
        ({"scope": "/products/none"}, "scope"),
        ({"scope": "/apis/none/operations/o"}, "scope"),
        ({"state": "on"}, "state"),
        ({"primaryKey": "x" * 257}, "primaryKey"),
        ({"primaryKey": ["k"]}, "primaryKey"),
        ({"ownerId": "/users/2"}, "ownerId"),
        ({"other": 1}, "other"),
    ],
)
def test_fields_that_are_refused(azure: Azure, changes: dict[str, Any], target: str) -> None:
    assert set(problems(azure.put("subscriptions/s", subscription(**changes)))) == {target}


def test_a_key_belongs_to_one_subscription(azure: Azure) -> None:
    azure.put("subscriptions/first", subscription(primaryKey="the-key"))
    refused = azure.put("subscriptions/second", subscription(secondaryKey="the-key"))
    assert set(problems(refused)) == {"secondaryKey"}
    assert "the-key" not in refused.text


def test_the_built_in_subscription(azure: Azure) -> None:
    shown = azure.arm("GET", "subscriptions/master").json()["properties"]
    assert (shown["scope"], shown["state"]) == (f"{azure.service()}/", "active")
    secrets = azure.sdk().subscription.list_secrets(GROUP, SERVICE, "master")
    assert secrets.primary_key == azure.environment["APIM_GATEWAY_KEY"]
    with pytest.raises(HttpResponseError, match="built-in subscription"):
        azure.sdk().subscription.delete(GROUP, SERVICE, "master", "*")
    for answer in (
        azure.put("subscriptions/master", subscription()),
        azure.arm("PATCH", "subscriptions/MASTER", json={"properties": {"state": "suspended"}}),
    ):
        assert error_code(answer) == (400, "ValidationError")


def test_admin_shows_the_present_key_of_the_built_in_subscription(azure: Azure) -> None:
    def shown() -> str:
        return str(azure.admin("GET", "services").json()[0]["key"])

    before = shown()
    assert azure.arm("POST", "subscriptions/master/regeneratePrimaryKey").status_code == 204
    secrets = azure.arm("POST", "subscriptions/master/listSecrets").json()
    assert before != shown() == secrets["primaryKey"]
