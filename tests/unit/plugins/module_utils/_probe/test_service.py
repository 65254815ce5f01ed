# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a validation reads of a service, as a conversation with ARM."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.client import ArmClient
from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.errors import ConfigurationError
from ansible_collections.citadel.ai_gateway.plugins.module_utils._probe.service import ServiceReader
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.policies import Document
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.restrictions import Restriction

from tests.unit.plugins.module_utils._azure.azure_server import Answer, AzureServer, S, refused
from tests.unit.plugins.module_utils._validation.observed import API

Connect = Callable[..., ArmClient]
ABSENT = Answer(404, refused("ResourceNotFound", "Policy not found."))
POLICY = '<policies><inbound><base /><include-fragment fragment-id="limits" /></inbound></policies>'
FRAGMENT = '<fragment><set-variable name="allowedModels" value="o3" /></fragment>'


def listed(*entries: tuple[str, dict[str, Any]]) -> Answer:
    return Answer(body={"value": [{"name": name, "properties": properties} for name, properties in entries]})


def policy(text: str) -> Answer:
    return Answer(body={"properties": {"format": "rawxml", "value": text}})


@pytest.fixture
def reader(connect: Connect) -> ServiceReader:
    return ServiceReader(connect(), 2)


def test_apis_are_found_by_their_paths(arm: AzureServer, reader: ServiceReader) -> None:
    names = {"header": "api-key", "query": "api-key"}
    arm.on(
        "GET",
        f"{S}/apis",
        listed(
            ("universal", {"path": "Models", "isCurrent": True, "subscriptionKeyParameterNames": names}),
            ("universal;rev=2", {"path": "models", "isCurrent": False}),
            ("azure", {"path": "openai"}),
            ("at-the-root", {"path": ""}),
            ("websocket", {"path": None}),
        ),
    )
    wanted = [{"path": "/models/", "type": "openai"}, {"path": "openai", "type": "azure-openai"}]
    assert reader.apis(wanted) == [
        {"name": "universal", "path": "Models", "type": "openai", "key_header": "api-key"},
        {"name": "azure", "path": "openai", "type": "azure-openai", "key_header": "Ocp-Apim-Subscription-Key"},
    ]


@pytest.mark.parametrize(("entries", "there"), [([], "none"), ([("a", {"path": "echo"}), ("r", {"path": ""})], "echo")])
def test_apis_that_are_missing_are_told_with_what_is_there(
    arm: AzureServer, reader: ServiceReader, entries: list[tuple[str, dict[str, Any]]], there: str
) -> None:
    arm.on("GET", f"{S}/apis", listed(*entries))
    with pytest.raises(ConfigurationError) as caught:
        reader.apis([{"path": "models", "type": "openai"}, {"path": "openai", "type": "openai"}])
    assert caught.value.problems == [
        f"the service has no API at path {path}; it has {there}: onboard first, or list the APIs that clients use "
        "(llm_validation_apis)"
        for path in ("models", "openai")
    ]


HUB = [{"path": "models", "type": "openai", "optional": True}, {"path": "openai", "type": "openai", "optional": True}]


def test_apis_that_may_be_missing_are_left_out(arm: AzureServer, reader: ServiceReader) -> None:
    arm.on("GET", f"{S}/apis", listed(("azure", {"path": "openai"})))
    assert [each["name"] for each in reader.apis(HUB)] == ["azure"]


def test_without_any_of_them_there_is_nothing_to_try(arm: AzureServer, reader: ServiceReader) -> None:
    arm.on("GET", f"{S}/apis", listed(("llm", {"path": "ai/llm"})))
    with pytest.raises(ConfigurationError) as caught:
        reader.apis(HUB)
    (problem,) = caught.value.problems
    assert problem.startswith("the service has no API at path models or openai; it has ai/llm: onboard first, or list ")
    assert problem.endswith("(llm_validation_apis)")


@pytest.mark.parametrize(
    ("secrets", "key"), [({"primaryKey": "one", "secondaryKey": "two"}, "one"), ({"secondaryKey": "two"}, "two")]
)
def test_a_key_is_read(arm: AzureServer, reader: ServiceReader, secrets: dict[str, str], key: str) -> None:
    arm.on("POST", f"{S}/subscriptions/master/listSecrets", Answer(body=secrets))
    access = reader.access("master", [{**API, "key_header": "api-key"}])
    assert access.header(API["name"]) == {"api-key": key}


def test_a_subscription_without_a_key_is_told(arm: AzureServer, reader: ServiceReader) -> None:
    arm.on("POST", f"{S}/subscriptions/master/listSecrets", Answer(body={}))
    with pytest.raises(ConfigurationError, match="the subscription master has no key"):
        reader.access("master", [])


def test_a_subscription_that_does_not_exist_is_told(arm: AzureServer, reader: ServiceReader) -> None:
    arm.on("POST", f"{S}/subscriptions/nope/listSecrets", Answer(404, {"error": {"code": "ResourceNotFound"}}))
    with pytest.raises(ConfigurationError, match=r"subscription is nope, which does not exist.*llm_validation_subsc"):
        reader.access("nope", [])


def test_products_that_restrict_are_found_through_their_fragments(arm: AzureServer, reader: ServiceReader) -> None:
    arm.on("GET", f"{S}/products", listed(("gold", {}), ("free", {})))
    arm.on(
        "GET",
        f"{S}/subscriptions",
        listed(
            ("all", {"scope": f"{S}/apis", "state": "active"}),
            ("waiting", {"scope": f"{S}/products/gold", "state": "submitted"}),
            ("somebody", {"scope": f"{S}/products/gold", "state": "active"}),
            ("gold-1", {"scope": f"{S}/Products/Gold", "state": "active"}),
        ),
    )
    arm.on("GET", f"{S}/products/gold/policies/policy", policy(POLICY))
    arm.on("GET", f"{S}/products/free/policies/policy", ABSENT)
    arm.on("GET", f"{S}/products/gold/apis", listed(("universal", {})))
    arm.on("GET", f"{S}/policyFragments", listed(("limits", {"format": "xml", "value": FRAGMENT})))
    (product,) = reader.products(["all", "waiting", "GOLD-1"])
    assert (product.name, product.subscription, product.apis) == ("gold", "gold-1", frozenset({"universal"}))
    assert reader.restricted([product]) == {product: Restriction(models=frozenset({"o3"}))}


def test_a_subscription_of_somebody_is_not_used(arm: AzureServer, reader: ServiceReader) -> None:
    arm.on("GET", f"{S}/products", listed(("gold", {})))
    arm.on("GET", f"{S}/products/gold/policies/policy", policy(POLICY))
    arm.on("GET", f"{S}/products/gold/apis", listed())
    (product,) = reader.products([])
    assert product.subscription == ""


def test_subscriptions_that_the_service_does_not_have_are_told(arm: AzureServer, reader: ServiceReader) -> None:
    arm.on("GET", f"{S}/subscriptions", listed(("gold-1", {"scope": f"{S}/products/gold", "state": "active"})))
    with pytest.raises(ConfigurationError) as caught:
        reader.products(["ci-a", "gold-1", "ci-b"])
    assert caught.value.problems == [
        f"subscriptions has {name}, which the service does not have: name subscriptions of the service "
        "(llm_validation_subscriptions)"
        for name in ("ci-a", "ci-b")
    ]


def test_a_client_shows_its_headers_with_its_key(arm: AzureServer, connect: Connect) -> None:
    arm.on("POST", f"{S}/subscriptions/master/listSecrets", Answer(body={"primaryKey": "one"}))
    reader = ServiceReader(connect(), 2, lambda: {"x-team": "ci"})
    access = reader.access("master", [{**API, "key_header": "api-key"}])
    assert access.header(API["name"]) == {"api-key": "one", "x-team": "ci"}


def test_every_policy_that_a_request_may_pass_is_read(arm: AzureServer, reader: ServiceReader) -> None:
    path = f"{S}/apis/{API['name']}"
    arm.on("GET", f"{S}/policyFragments", listed(("limits", {"format": "xml", "value": FRAGMENT})))
    arm.on("GET", f"{S}/policies/policy", policy("<policies>all</policies>"))
    arm.on("GET", f"{path}/policies/policy", ABSENT)
    arm.on("GET", f"{path}/operations", listed(("chat", {}), ("list", {})))
    arm.on("GET", f"{path}/operations/chat/policies/policy", ABSENT)
    arm.on("GET", f"{path}/operations/list/policies/policy", policy("<policies>list</policies>"))
    assert reader.policies([API], []) == {
        "fragment limits": Document(FRAGMENT, "xml"),
        "the policy of all APIs": Document("<policies>all</policies>"),
        f"the policy of API {API['name']}, operation list": Document("<policies>list</policies>"),
    }
