# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Products, and the APIs that belong to them."""

from __future__ import annotations

from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.mgmt.apimanagement import models

from tests.emulator.harness import GROUP, SERVICE, Azure, api, error_code, policy, problems


def product(**changes: Any) -> dict[str, Any]:
    """Return the properties of a valid product."""
    return {"displayName": "Team", **changes}


def test_life_through_the_sdk(azure: Azure) -> None:
    products = azure.sdk().product
    created = products.create_or_update(GROUP, SERVICE, "team", models.ProductContract(display_name="Team"))
    assert created.state == "notPublished"
    assert created.subscription_required is True
    update = models.ProductUpdateParameters(state="published", description="d")
    assert products.update(GROUP, SERVICE, "team", "*", update).state == "published"
    assert products.get(GROUP, SERVICE, "team").description == "d"
    assert products.get_entity_tag(GROUP, SERVICE, "team")
    assert [item.name for item in products.list_by_service(GROUP, SERVICE)] == ["team"]
    products.delete(GROUP, SERVICE, "team", "*")
    with pytest.raises(ResourceNotFoundError, match="Product not found"):
        products.get(GROUP, SERVICE, "team")


@pytest.mark.parametrize(
    ("changes", "target"),
    [
        ({"displayName": ""}, "displayName"),
        ({"description": "x" * 1001}, "description"),
        ({"state": "draft"}, "state"),
        ({"subscriptionsLimit": -1}, "subscriptionsLimit"),
        ({"subscriptionRequired": False, "approvalRequired": True}, "approvalRequired"),
        ({"other": 1}, "other"),
    ],
)
def test_fields_that_are_refused(azure: Azure, changes: dict[str, Any], target: str) -> None:
    assert set(problems(azure.put("products/team", product(**changes)))) == {target}


def test_apis_of_a_product_through_the_sdk(azure: Azure) -> None:
    azure.put("products/team", product())
    azure.put("apis/models", api())
    links = azure.sdk().product_api
    created = links.create_or_update(GROUP, SERVICE, "team", "models")
    assert (created.name, created.display_name) == ("models", "Models")
    assert links.check_entity_exists(GROUP, SERVICE, "team", "models") is True
    with pytest.raises(ResourceNotFoundError):
        links.check_entity_exists(GROUP, SERVICE, "team", "none")
    assert [item.path for item in links.list_by_product(GROUP, SERVICE, "team")] == ["models"]
    links.delete(GROUP, SERVICE, "team", "models")
    assert list(links.list_by_product(GROUP, SERVICE, "team")) == []
    assert azure.arm("GET", "apis/models").status_code == 200


def test_status_codes_of_a_link(azure: Azure) -> None:
    azure.put("products/team", product())
    azure.put("apis/models", api())
    link = "products/team/apis/models"
    assert [azure.arm("PUT", link).status_code for _ in range(2)] == [201, 200]
    assert azure.arm("HEAD", link).status_code == 204
    assert azure.arm("GET", link).status_code == 405
    assert [azure.arm("DELETE", link).status_code for _ in range(2)] == [200, 204]
    assert azure.arm("HEAD", link).status_code == 404
    assert error_code(azure.arm("PUT", "products/team/apis/none")) == (404, "ResourceNotFound")
    assert error_code(azure.arm("PUT", "products/none/apis/models")) == (404, "ResourceNotFound")


def test_an_api_can_be_in_one_open_product_only(azure: Azure) -> None:
    azure.put("apis/models", api())
    for name in ("first", "second"):
        azure.put(f"products/{name}", product(subscriptionRequired=False))
    assert azure.arm("PUT", "products/first/apis/models").status_code == 201
    assert "apiId" in problems(azure.arm("PUT", "products/second/apis/models"))
    azure.put("products/second", product())
    assert azure.arm("PUT", "products/second/apis/models").status_code == 201
    assert "subscriptionRequired" in problems(azure.put("products/second", product(subscriptionRequired=False)))


def test_a_product_with_subscriptions_goes_with_them_or_not_at_all(azure: Azure) -> None:
    azure.put("products/team", product())
    azure.put("products/team/policies/policy", policy())
    azure.put("subscriptions/s", {"displayName": "S", "scope": "/products/team"})
    products = azure.sdk().product
    with pytest.raises(HttpResponseError, match="Product cannot be deleted since it has existing subscriptions"):
        products.delete(GROUP, SERVICE, "team", "*")
    products.delete(GROUP, SERVICE, "team", "*", delete_subscriptions=True)
    assert [item["name"] for item in azure.all("subscriptions")] == ["master"]
    azure.put("products/team", product())
    assert azure.arm("GET", "products/team/policies/policy").status_code == 404
