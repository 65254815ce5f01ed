# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The policies and documents of the two APIs, as they are stored."""

from __future__ import annotations

import re
from typing import Any

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.openapi import operations_of
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.plan import build_plan
from ansible_collections.citadel.ai_gateway.plugins.plugin_utils._policies import render_apis

from tests.gateway.fragments.fragment_text import read_fragment
from tests.gateway.fragments.gateway import INBOUND

Api = dict[str, Any]
APIS = ("universal", "inference", "azure")
STORED = {
    ("POST", "/responses"),
    ("GET", "/responses/{response-id}"),
    ("DELETE", "/responses/{response-id}"),
    ("GET", "/responses/{response-id}/input_items"),
    ("POST", "/responses/{response-id}/cancel"),
    ("GET", "/files"),
    ("GET", "/files/{file-id}"),
    ("DELETE", "/files/{file-id}"),
    ("GET", "/files/{file-id}/content"),
    ("GET", "/batches"),
    ("GET", "/batches/{batch-id}"),
    ("POST", "/batches/{batch-id}/cancel"),
}


def api_of(name: str, **settings: Any) -> Api:
    """Return one API: the universal one in one of its two types, or that of Azure OpenAI."""
    settings["deploy"] = True
    given: dict[str, dict[str, Any]] = {
        "universal": {"universal_api": settings},
        "inference": {"universal_api": {**settings, "type": "models-inference"}},
        "azure": {"azure_openai_api": settings},
    }
    (api,) = render_apis(build_plan([], **given[name]))
    return api


def policy_of(name: str, **settings: Any) -> Any:
    return read_fragment(api_of(name, **settings)["policy"], "e").root


def paths_of(name: str) -> dict[tuple[str, str], str]:
    """Return method and path of each operation, with its name."""
    return {(each["method"], each["url_template"]): each["name"] for each in operations_of(api_of(name)["definition"])}


@pytest.mark.parametrize("name", APIS)
def test_the_fragments_are_included_after_the_product_in_the_order_of_hubs(name: str) -> None:
    steps = [each.get("fragment-id") or each.tag for each in policy_of(name).find("inbound").iter()]
    order = [step for step in steps if step in {"base", *INBOUND}]
    assert order == ["base", *INBOUND]


@pytest.mark.parametrize("name", APIS)
def test_what_a_product_may_set_is_left_alone(name: str) -> None:
    written = {each.get("name") for each in policy_of(name).iter("set-variable")}
    assert written.isdisjoint({"allowedBackendPools", "allowedModels", "defaultBackendPool"})


@pytest.mark.parametrize("name", APIS)
def test_the_backend_section_has_one_policy_and_keeps_bodies_for_another_attempt(name: str) -> None:
    (only,) = policy_of(name).find("backend")
    attempts = list(only.iter("forward-request"))
    assert {each.get("buffer-request-body") for each in attempts} == {"true"}
    assert sorted(each.get("buffer-response", "true") for each in attempts) == ["false", "true"]


@pytest.mark.parametrize("name", APIS)
def test_no_comment_ends_a_line_of_an_expression(name: str) -> None:
    for expression in read_fragment(api_of(name)["policy"], "e").expressions.values():
        assert "//" not in re.sub(r'"(?:[^"\\]|\\.)*"', '""', expression)


def test_origins_are_allowed_before_anything_else() -> None:
    first = policy_of("universal", cors_origins=["https://ai.azure.com", "https://a.example:8443"]).find("inbound")[0]
    assert first.tag == "cors"
    assert [each.text for each in first.iter("origin")] == ["https://ai.azure.com", "https://a.example:8443"]
    assert policy_of("universal", cors_origins=[]).find(".//cors") is None
    assert policy_of("azure").find(".//cors") is None


def test_each_api_has_the_operations_of_its_clients() -> None:
    posts = {"/chat/completions", "/completions", "/embeddings", "/images/generations"}
    listings = {("GET", "/deployments"), ("GET", "/deployments/{deployment-id}")}
    assert paths_of("universal").keys() == {("POST", path) for path in posts} | listings | STORED
    extra = {("POST", "/images/embeddings")}
    assert paths_of("inference").keys() == {("POST", path) for path in posts} | listings | extra
    below = {("POST", f"/deployments/{{deployment-id}}{path}") for path in posts}
    assert paths_of("azure").keys() == below | listings | STORED | {(method, f"/v1{path}") for method, path in STORED}


@pytest.mark.parametrize("name", APIS)
def test_the_listings_are_answered_by_the_gateway(name: str) -> None:
    policies = api_of(name)["operation_policies"]
    paths = {operation: path for (_, path), operation in paths_of(name).items()}
    assert sorted(paths[operation] for operation in policies) == ["/deployments", "/deployments/{deployment-id}"]
    for policy in policies.values():
        inbound = read_fragment(policy, "e").root.iterfind("inbound/*")
        assert [each.get("fragment-id", each.tag) for each in inbound] == ["base", "get-available-models"]


@pytest.mark.parametrize("name", APIS)
def test_keys_are_shown_as_hubs_want_them(name: str) -> None:
    api = api_of(name, products=["retail"])
    assert api["subscription_key_names"] == {"header": "api-key", "query": "api-key"}
    assert (api["subscription_required"], api["products"]) == (True, ["retail"])
