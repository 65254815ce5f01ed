# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""APIs: contract, long-running writes, paths, revisions, removal with all that hangs on them."""

from __future__ import annotations

import time
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.mgmt.apimanagement import models

from tests.emulator.harness import GROUP, SERVICE, Azure, api, operation, policy, problems


def test_life_through_the_sdk(azure: Azure) -> None:
    apis = azure.sdk().api
    wanted = models.ApiCreateOrUpdateParameter(display_name="Models", path="/models", protocols=["https"])
    created = apis.begin_create_or_update(GROUP, SERVICE, "models", wanted).result()
    assert (created.name, created.path, created.api_revision, created.is_current) == ("models", "models", "1", True)
    assert created.subscription_required is True
    names = created.subscription_key_parameter_names
    assert (names.header, names.query) == ("Ocp-Apim-Subscription-Key", "subscription-key")
    update = models.ApiUpdateContract(description="all of them")
    assert apis.update(GROUP, SERVICE, "models", "*", update).description == "all of them"
    assert apis.get(GROUP, SERVICE, "models").display_name == "Models"
    assert apis.get_entity_tag(GROUP, SERVICE, "models")
    assert [item.name for item in apis.list_by_service(GROUP, SERVICE)] == ["models"]
    apis.begin_delete(GROUP, SERVICE, "models", "*").result()
    assert list(apis.list_by_service(GROUP, SERVICE)) == []


def test_writes_are_long_running(azure: Azure) -> None:
    azure.configure(lro_ms=1000)
    created = azure.put("apis/models", api())
    assert created.status_code == 201
    assert created.json()["properties"]["provisioningState"] == "InProgress"
    assert "asyncCode=201" in created.headers["Location"]
    assert "/tenant/operationResults/" in created.headers["Azure-AsyncOperation"]
    time.sleep(1.05)
    assert "provisioningState" not in azure.arm("GET", "apis/models").json()["properties"]
    removed = azure.arm("DELETE", "apis/models")
    assert (removed.status_code, removed.content) == (202, b"")
    location = removed.headers["Location"].removeprefix(azure.url).partition("?")
    polled = {name: value for name, _, value in (part.partition("=") for part in location[2].split("&"))}
    assert azure.arm("GET", location[0], params=polled).status_code == 202
    time.sleep(1.05)
    assert azure.arm("GET", location[0], params=polled).status_code == 204
    assert azure.arm("DELETE", "apis/models").status_code == 204


def test_the_same_put_keeps_the_etag_and_a_stale_one_is_refused(azure: Azure) -> None:
    first = azure.put("apis/models", api())
    again = azure.put("apis/models", api(path="/models/"))
    assert (again.status_code, again.headers["ETag"]) == (200, first.headers["ETag"])
    changed = azure.put("apis/models", api(displayName="Other"))
    assert changed.headers["ETag"] != first.headers["ETag"]
    stale = azure.put("apis/models", api(), headers={"If-Match": first.headers["ETag"]})
    assert stale.status_code == 412


@pytest.mark.parametrize(
    ("changes", "target"),
    [
        ({"displayName": None}, "displayName"),
        ({"displayName": "x" * 301}, "displayName"),
        ({"path": None}, "path"),
        ({"path": "x" * 401}, "path"),
        ({"serviceUrl": "models.example"}, "serviceUrl"),
        ({"protocols": []}, "protocols"),
        ({"protocols": ["ftp"]}, "protocols[0]"),
        ({"type": "graphql"}, "type"),
        ({"isCurrent": False}, "isCurrent"),
        ({"apiVersionSetId": "/apiVersionSets/s"}, "apiVersionSetId"),
        ({"sourceApiId": "/apis/other"}, "sourceApiId"),
        ({"other": 1}, "other"),
    ],
)
def test_fields_that_are_refused(azure: Azure, changes: dict[str, Any], target: str) -> None:
    assert set(problems(azure.put("apis/models", api(**changes)))) == {target}


@pytest.mark.parametrize("name", ["a+b", "a:b", "x" * 257, "models;rev=2"])
def test_names_that_are_refused(azure: Azure, name: str) -> None:
    assert "apiId" in problems(azure.put(f"apis/{name}", api()))


def test_two_apis_cannot_share_a_path(azure: Azure) -> None:
    azure.put("apis/first", api(path="models"))
    message = problems(azure.put("apis/second", api(path="/Models")))["path"]
    assert message.startswith("Cannot create API 'second' with the same Path 'Models' as API 'first'")
    assert azure.put("apis/second", api(path="models/v1")).status_code == 201


def test_the_current_revision_can_be_named_but_not_removed(azure: Azure) -> None:
    azure.put("apis/models", api())
    assert azure.arm("GET", "apis/models;rev=1").json()["name"] == "models"
    assert azure.arm("GET", "apis/models;rev=2").status_code == 404
    with pytest.raises(HttpResponseError, match="Cannot delete the current revision of an API"):
        azure.sdk().api.begin_delete(GROUP, SERVICE, "models;rev=1", "*").result()
    assert azure.arm("GET", "apis/models").status_code == 200


def test_what_hangs_on_an_api_goes_with_it(azure: Azure) -> None:
    azure.put("apis/models", api())
    azure.put("apis/models/operations/chat", operation())
    azure.put("apis/models/policies/policy", policy())
    azure.put("apis/models/operations/chat/policies/policy", policy())
    azure.put("products/p", {"displayName": "P"})
    azure.arm("PUT", "products/p/apis/models")
    azure.put("subscriptions/s", {"displayName": "S", "scope": "/apis/models"})
    assert azure.arm("DELETE", "apis/models").status_code == 202
    assert azure.arm("GET", "apis/models/operations").status_code == 404
    assert azure.all("products/p/apis") == []
    assert [item["name"] for item in azure.all("subscriptions")] == ["master"]
    azure.put("apis/models", api())
    assert azure.all("apis/models/operations") == []
    assert azure.arm("GET", "apis/models/policies/policy").status_code == 404


def test_an_operation_that_fails_leaves_the_api_as_it_was(azure: Azure) -> None:
    azure.put("apis/models", api())
    fault = {"method": "DELETE", "path": "/apis/", "status": 409, "message": "in progress", "asynchronous": True}
    azure.configure(faults=[fault])
    with pytest.raises(HttpResponseError, match="in progress"):
        azure.sdk().api.begin_delete(GROUP, SERVICE, "models", "*").result()
    assert azure.arm("GET", "apis/models").status_code == 200
