# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Policies as resources at every scope; what the check of their text finds is tested in `policies`."""

from __future__ import annotations

import pytest
import requests
from azure.mgmt.apimanagement import models

from tests.emulator.harness import (
    GROUP,
    SERVICE,
    Azure,
    api,
    backend,
    error_code,
    fragment,
    operation,
    policy,
    problems,
)

SCOPES = ["policies", "products/p/policies", "apis/models/policies", "apis/models/operations/chat/policies"]
TEMPLATE = {"urlTemplate": "/d/{name}", "templateParameters": [{"name": "name", "type": "string"}]}


@pytest.fixture
def furnished(azure: Azure) -> Azure:
    """The embedded Azure with a product, an API and an operation."""
    assert azure.put("products/p", {"displayName": "P"}).status_code == 201
    assert azure.put("apis/models", api()).status_code == 201
    assert azure.put("apis/models/operations/chat", operation(**TEMPLATE)).status_code == 201
    return azure


def test_life_through_the_sdk(furnished: Azure) -> None:
    client = furnished.sdk()
    contract = models.PolicyContract(**policy('<set-variable name="n" value="@(1 < 2 ? "a" : "b")" />'))
    scoped = [
        (client.policy, ()),
        (client.product_policy, ("p",)),
        (client.api_policy, ("models",)),
        (client.api_operation_policy, ("models", "chat")),
    ]
    for operations, owner in scoped:
        stored = operations.create_or_update(GROUP, SERVICE, *owner, "policy", contract)
        assert stored.name == "policy"
        assert "1 &lt; 2" in operations.get(GROUP, SERVICE, *owner, "policy").value
        assert "1 < 2" in operations.get(GROUP, SERVICE, *owner, "policy", format="rawxml").value
        assert operations.get_entity_tag(GROUP, SERVICE, *owner, "policy")
        operations.delete(GROUP, SERVICE, *owner, "policy", "*")


@pytest.mark.parametrize("scope", SCOPES)
def test_status_codes_and_lists(furnished: Azure, scope: str) -> None:
    path = f"{scope}/policy"
    first = furnished.put(path, policy()).status_code
    assert first == (200 if scope == "policies" else 201)
    again = furnished.put(path, {**policy(), "format": "xml"})
    assert again.status_code == 200
    assert again.headers["ETag"] == furnished.arm("GET", path).headers["ETag"]
    assert [item["id"] for item in furnished.all(scope)] == [f"{furnished.service()}/{path}"]
    assert furnished.arm("PATCH", path, json={"properties": policy()}).status_code == 405
    assert furnished.arm("DELETE", path).status_code == 200
    assert furnished.arm("GET", path).status_code == (200 if scope == "policies" else 404)


def test_a_service_starts_with_the_default_policy_and_goes_back_to_it(azure: Azure) -> None:
    default = azure.arm("GET", "policies/policy").json()["properties"]["value"]
    assert "<backend>\r\n\t\t<forward-request />\r\n\t</backend>" in default
    azure.put("policies/policy", policy())
    azure.arm("DELETE", "policies/policy")
    assert azure.arm("GET", "policies/policy").json()["properties"]["value"] == default


@pytest.mark.parametrize(
    ("inbound", "target", "text"),
    [
        ('<set-backend-service backend-id="x" />', "set-backend-service", "Backend with id 'x' could not be found."),
        ('<include-fragment fragment-id="x" />', "include-fragment", "Policy fragment with id 'x' could not be found."),
        ('<choose><when condition="@(x)" /></choose>', "choose", "Error in element 'choose' on line 1, column 29: "),
        ("<set-method>{{x}}</set-method>", "set-method", "Cannot find a property 'x'"),
        ("<forward-request />", "forward-request", "Policy is not allowed in the 'inbound' section."),
    ],
)
def test_policies_that_are_refused(furnished: Azure, inbound: str, target: str, text: str) -> None:
    for scope in SCOPES:
        assert text in problems(furnished.put(f"{scope}/policy", policy(inbound)))[target]


def test_other_names_and_formats_are_refused(furnished: Azure) -> None:
    assert "policyId" in problems(furnished.put("apis/models/policies/other", policy()))
    link = {"value": "https://x.example/policy.xml", "format": "xml-link"}
    assert "format" in problems(furnished.put("apis/models/policies/policy", link))
    assert "representation" in problems(furnished.put("apis/models/policies/policy", {"value": "<policies>"}))
    assert error_code(furnished.put("apis/none/policies/policy", policy())) == (404, "ResourceNotFound")


def test_a_rewrite_uses_the_operations_parameters_only(furnished: Azure) -> None:
    path = "apis/models/operations/chat/policies/policy"
    for template in ("/x/{name}", "/x", '@("/" + "{other}")', "/{{nv}}"):
        furnished.put("namedValues/nv", {"displayName": "nv", "value": "v"})
        rewrite = f"<rewrite-uri template='{template}' />"
        assert furnished.put(path, policy(rewrite)).status_code in (200, 201), template
    refused = problems(furnished.put(path, policy('<rewrite-uri template="/x/{other}" />')))
    assert refused["rewrite-uri"].endswith(
        "Only parameters specified in the original URL template can be used in the rewrite template"
    )


@pytest.mark.parametrize("scope", SCOPES)
def test_what_a_policy_uses_cannot_be_removed(furnished: Azure, scope: str) -> None:
    furnished.put("backends/b", backend())
    furnished.put("policyFragments/f", fragment())
    furnished.put("namedValues/nv", {"displayName": "audience", "value": "https://x"})
    used = (
        '<set-backend-service backend-id="b" /><include-fragment fragment-id="f" />'
        '<authentication-managed-identity resource="{{audience}}" />'
    )
    assert furnished.put(f"{scope}/policy", policy(used)).status_code in (200, 201)
    for path in ("backends/b", "policyFragments/f", "namedValues/nv"):
        message = furnished.arm("DELETE", path).json()["error"]["message"]
        assert message.endswith(f"is used by the following entities:\r\n/{scope}/policy\r\n")
    references = furnished.arm("POST", "policyFragments/f/listReferences").json()
    assert [item["id"] for item in references["value"]] == [f"{furnished.service()}/{scope}/policy"]
    assert furnished.arm("DELETE", f"{scope}/policy").status_code == 200
    for path in ("backends/b", "policyFragments/f", "namedValues/nv"):
        assert furnished.arm("DELETE", path).status_code == 200


def test_a_policy_of_the_consumption_tier_is_small_with_its_fragments(azure: Azure) -> None:
    service = azure.service("apim-consumption")

    def put(path: str, properties: dict[str, str]) -> requests.Response:
        return azure.arm("PUT", f"{service}/{path}", json={"properties": properties})

    large = f'<set-variable name="n" value="{"x" * 10_000}" />'
    assert put("policyFragments/f", fragment(value=f"<fragment>{large}</fragment>")).status_code == 201
    assert put("policies/policy", policy(large)).status_code == 200
    include = '<include-fragment fragment-id="f" />'
    assert put("policies/policy", policy(include)).status_code == 200
    for text in (large + include, include * 2, large * 2):
        assert problems(put("policies/policy", policy(text)))["value"] == "The policy is larger than 16 KB."
    assert azure.put("policies/policy", policy(large * 2)).status_code == 200
    azure.arm("DELETE", f"{service}/policies/policy")
    assert azure.arm("DELETE", f"{service}/policyFragments/f").status_code == 200


def test_references_of_a_removed_api_are_gone(furnished: Azure) -> None:
    furnished.put("backends/b", backend())
    used = policy('<set-backend-service backend-id="b" />')
    furnished.put("apis/models/operations/chat/policies/policy", used)
    assert furnished.arm("DELETE", "backends/b").status_code == 400
    furnished.arm("DELETE", "apis/models")
    assert furnished.arm("DELETE", "backends/b").status_code == 200
