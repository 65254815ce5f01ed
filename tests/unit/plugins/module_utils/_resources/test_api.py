# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An API and what belongs to it: ARM bodies, and what compares equal."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.api import Api
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.api_operation import ApiOperation
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.api_policy import ApiPolicy
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.product_link import ProductLink
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.resource import InvalidOptionsError
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.plugins.module_utils._resources.objects import (
    after,
    created,
    descriptions,
    is_settled,
    options_of,
    owners,
    updated,
)

API = Api()
OPERATION = ApiOperation("universal")
_given: dict[str, Any] = {
    "display_name": st.sampled_from(["Models", "LLM"]),
    "description": descriptions,
    "owner": owners,
    "service_url": st.sampled_from(["https://a.example", ""]),
    "protocols": st.lists(st.sampled_from(["http", "https"]), min_size=1),
    "subscription_required": st.booleans(),
    "subscription_key_names": st.just({"header": "api-key", "query": "api-key"}),
}
_paths = st.sampled_from(["models", "/models/", "team/models", ""])
new_options = st.fixed_dictionaries({"path": _paths}, optional=_given).map(lambda drawn: options_of(API, **drawn))
update_options = st.fixed_dictionaries({}, optional={"path": _paths, **_given}).map(
    lambda drawn: options_of(API, **drawn)
)
POLICY = "<policies><inbound><base /></inbound><backend><base /></backend><outbound /><on-error /></policies>"


def as_arm_answers(properties: dict[str, Any]) -> dict[str, Any]:
    """Return what ARM answers with: what was left out has its default, and further members are there."""
    return {
        "apiRevision": "1",
        "isCurrent": True,
        "subscriptionRequired": True,
        "protocols": ["https"],
        "subscriptionKeyParameterNames": {"header": "Ocp-Apim-Subscription-Key", "query": "subscription-key"},
        "serviceUrl": None,
    } | properties


@given(new_options)
def test_a_second_run_changes_nothing(options: dict[str, Any]) -> None:
    wanted = API.wanted(options)
    assert is_settled(API, as_arm_answers(created(API, wanted)), wanted)


@given(new_options, update_options)
def test_an_update_settles_and_keeps_what_is_unset(first: dict[str, Any], second: dict[str, Any]) -> None:
    existing = as_arm_answers(created(API, API.wanted(first)))
    wanted = API.wanted(second)
    replaced = updated(API, existing, wanted)
    assert is_settled(API, as_arm_answers(replaced), wanted)
    assert API.current(as_arm_answers(replaced)) == after(API, existing, wanted)
    assert (replaced["apiRevision"], replaced["isCurrent"]) == ("1", True)


def test_an_api_is_written_as_arm_takes_it() -> None:
    options = options_of(API, path="/models", subscription_key_names={"header": "api-key", "query": "key"}, owner="me")
    assert created(API, API.wanted(options)) == {
        "displayName": "name",
        "description": "[owner: me]",
        "path": "models",
        "subscriptionKeyParameterNames": {"header": "api-key", "query": "key"},
    }


def test_a_path_is_needed_to_create_an_api() -> None:
    assert API.missing(API.wanted(options_of(API, display_name="x"))) == "path"


def test_another_revision_is_another_kind() -> None:
    assert not API.is_same_kind({"isCurrent": False})
    assert API.is_same_kind({})


def test_an_operation_is_written_with_its_parameters() -> None:
    options = options_of(OPERATION, display_name="Show", method="GET", url_template="/a/{b}/{c}", parameters=["b", "c"])
    wanted = OPERATION.wanted(options)
    written = created(OPERATION, wanted)
    assert written == {
        "displayName": "Show",
        "method": "GET",
        "urlTemplate": "/a/{b}/{c}",
        "templateParameters": [
            {"name": "b", "type": "string", "required": True},
            {"name": "c", "type": "string", "required": True},
        ],
    }
    assert is_settled(OPERATION, {**written, "method": "get", "request": {}, "responses": []}, wanted)


def test_what_else_an_operation_has_is_kept() -> None:
    described = [{"name": "b", "type": "string", "required": True, "description": "by hand"}]
    existing = {"displayName": "Old", "method": "GET", "urlTemplate": "/{b}", "templateParameters": described}
    replaced = updated(OPERATION, existing | {"responses": [{}]}, OPERATION.wanted({"display_name": "New"}))
    assert replaced == existing | {"displayName": "New", "responses": [{}]}


def test_a_policy_is_compared_by_what_it_says() -> None:
    policy = ApiPolicy("universal")
    wanted = policy.wanted({"value": POLICY})
    laid_out = POLICY.replace("><", ">\r\n\t<").replace("<outbound />", "<outbound></outbound>")
    assert is_settled(policy, {"value": laid_out, "format": "xml"}, wanted)
    assert created(policy, wanted) == {"value": POLICY, "format": "rawxml"}


def test_a_policy_is_shown_without_its_credentials() -> None:
    header = '<set-header name="api-key"><value>{}</value></set-header>'
    policy = ApiPolicy("universal")
    state = policy.current({"value": header.format("hunter2") + header.format("{{named}}"), "format": "rawxml"})
    shown = policy.shown(state)["value"]
    assert "hunter2" not in shown
    assert "<value>********</value>" in shown
    assert "<value>{{named}}</value>" in shown
    assert policy.secrets(state) == {"named"}


def test_the_url_of_a_backend_is_shown_without_its_credentials() -> None:
    state = API.current({"path": "a", "serviceUrl": "https://a.example/v1?code=hunter2&api-version=1"})
    assert API.shown(state)["service_url"] == "https://a.example/v1?code=********&api-version=1"


@pytest.mark.parametrize("value", ["<policies>", "text <b", "<policies>" + "x" * 600_000 + "</policies>"])
def test_what_is_no_policy_is_refused(value: str) -> None:
    with pytest.raises(InvalidOptionsError):
        ApiPolicy("universal").wanted({"value": value})


@pytest.mark.parametrize(
    ("resource", "kind", "collection", "title"),
    [
        (API, "API", "apis", "policy"),
        (OPERATION, "API operation", "apis/universal/operations", "universal/policy"),
        (ApiPolicy("universal"), "API policy", "apis/universal/policies", "universal"),
        (
            ApiPolicy("universal", "list"),
            "operation policy",
            "apis/universal/operations/list/policies",
            "universal/list",
        ),
        (ProductLink("retail"), "product link", "products/retail/apis", "retail/policy"),
    ],
)
def test_each_kind_has_its_place_and_a_title_that_tells_it(
    resource: Any, kind: str, collection: str, title: str
) -> None:
    assert (resource.kind, resource.collection, resource.title("policy")) == (kind, collection, title)


def test_a_link_is_there_or_not() -> None:
    link = ProductLink("retail")
    wanted = link.wanted({"name": "universal"})
    assert created(link, wanted) == {}
    assert is_settled(link, {"displayName": "Universal LLM API", "path": "models"}, wanted)
