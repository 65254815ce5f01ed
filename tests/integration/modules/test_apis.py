# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module apim_llm_api through the whole life of an API, and what it leaves alone."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from tests.integration.modules.steps import Gateway, Task, task

MODULE = "apim_llm_api"


def policy(status: int) -> str:
    """A policy that answers with a status."""
    answer = f'<return-response><set-status code="{status}" reason="@("r")" /></return-response>'
    rest = "<backend><base /></backend><outbound><base /></outbound><on-error><base /></on-error>"
    return f"<policies><inbound><base />{answer}</inbound>{rest}</policies>"


def definition(**operations: tuple[str, str]) -> dict[str, Any]:
    """An OpenAPI document of operations: name to method and path."""
    paths: dict[str, Any] = {}
    for name, (method, path) in operations.items():
        paths.setdefault(path, {})[method] = {"operationId": name, "responses": {"200": {"description": "Done."}}}
    return {"openapi": "3.0.1", "info": {"title": "T", "version": "1"}, "paths": paths}


FIRST = {
    "name": "models",
    "display_name": "Models",
    "path": "/models/",
    "subscription_key_names": {},
    "definition": definition(chat=("post", "/chat"), show=("get", "/deployments/{deployment-id}")),
    "policy": policy(200),
    "operation_policies": {"show": policy(404)},
    "products": ["retail"],
}
SECOND = {
    "name": "models",
    "path": "inference",
    # `chat` gets another name, and with it loses its policy, which is not given for the new one.
    "definition": definition(converse=("post", "/chat"), show=("get", "/deployments/{deployment-id}")),
    "operation_policies": {"show": policy(410)},
}
CREATED = [
    "PUT apis/models",
    "PUT apis/models/operations/show",
    "PUT apis/models/operations/chat",
    "PUT apis/models/policies/policy",
    "PUT apis/models/operations/show/policies/policy",
    "PUT products/retail/apis/models",
]
MODIFIED = [
    "PUT apis/models",
    "DELETE apis/models/operations/chat",
    "PUT apis/models/operations/converse",
    "PUT apis/models/operations/show/policies/policy",
]


@pytest.fixture
def product(gateway: Gateway) -> None:
    """A product of the hub."""
    body = {"properties": {"displayName": "retail", "state": "published"}}
    gateway.azure.sdk.product.create_or_update(*gateway.service.place, "retail", body)
    gateway.azure.forget()


def matrix(**options: Any) -> list[Task]:
    """A task in check mode and for real, each twice."""
    return [
        task(MODULE, f"{mode} {time}", check=mode == "check", **options)
        for mode, time in itertools.product(("check", "real"), ("first", "again"))
    ]


@pytest.mark.usefixtures("product")
def test_check_mode_tells_real_runs_do_and_repeated_runs_change_nothing(gateway: Gateway) -> None:
    phases = [
        (matrix(apis=[FIRST], owner="me"), CREATED),
        (matrix(apis=[SECOND], owner="me"), MODIFIED),
        (matrix(apis=[{"name": "MODELS"}], state="absent"), ["DELETE apis/models"]),
    ]
    steps = iter(gateway.run(*(each for tasks, _ in phases for each in tasks)))
    for _, writes in phases:
        check, check_again, real, real_again = itertools.islice(steps, 4)
        assert [each.changed for each in (check, check_again, real, real_again)] == [True, True, True, False]
        assert [check.writes, check_again.writes, real_again.writes] == [[], [], []]
        assert sorted(real.writes) == sorted(writes)
        assert check.diff == check_again.diff == real.diff
        assert check.actions == real.actions
        assert real_again.diff == {}


@pytest.mark.usefixtures("product")
def test_the_sdk_sees_what_was_asked_for(gateway: Gateway) -> None:
    gateway.run(task(MODULE, apis=[FIRST], owner="me"))
    sdk, place = gateway.azure.sdk, gateway.service.place
    api = sdk.api.get(*place, "models")
    assert (api.path, api.display_name, api.description) == ("models", "Models", "[owner: me]")
    assert api.subscription_key_parameter_names.header == "api-key"
    operations = {each.name: each for each in sdk.api_operation.list_by_api(*place, "models")}
    assert {name: (each.method, each.url_template) for name, each in operations.items()} == {
        "chat": ("POST", "/chat"),
        "show": ("GET", "/deployments/{deployment-id}"),
    }
    assert [each.name for each in operations["show"].template_parameters] == ["deployment-id"]
    assert 'code="200"' in sdk.api_policy.get(*place, "models", "policy").value
    assert 'code="404"' in sdk.api_operation_policy.get(*place, "models", "show", "policy").value
    assert [each.name for each in sdk.product_api.list_by_product(*place, "retail")] == ["models"]


def test_what_is_not_asked_for_is_left_alone(gateway: Gateway) -> None:
    sdk, place = gateway.azure.sdk, gateway.service.place
    properties = {"displayName": "Echo", "path": "echo", "protocols": ["https"], "serviceUrl": "https://a.example"}
    sdk.api.begin_create_or_update(*place, "echo", {"properties": properties}, polling_interval=0).result()
    operation = {"properties": {"displayName": "By hand", "method": "GET", "urlTemplate": "/"}}
    sdk.api_operation.create_or_update(*place, "echo", "by-hand", operation)
    body = {"properties": {"format": "rawxml", "value": policy(418)}}
    sdk.api_policy.create_or_update(*place, "echo", "policy", body)

    (step,) = gateway.run(task(MODULE, apis=[{"name": "Echo", "display_name": "Renamed"}]))

    assert step.writes == ["PUT apis/echo"]
    api = sdk.api.get(*place, "echo")
    assert (api.display_name, api.path, api.service_url) == ("Renamed", "echo", "https://a.example")
    assert [each.name for each in sdk.api_operation.list_by_api(*place, "echo")] == ["by-hand"]
    assert 'code="418"' in sdk.api_policy.get(*place, "echo", "policy").value


@pytest.mark.parametrize("owner", ["me", None])
def test_operations_without_the_owners_mark_stay_in_every_run(gateway: Gateway, owner: str | None) -> None:
    sdk, place = gateway.azure.sdk, gateway.service.place
    properties = {"displayName": "Echo", "path": "echo", "protocols": ["https"], "serviceUrl": "https://a.example"}
    sdk.api.begin_create_or_update(*place, "echo", {"properties": properties}, polling_interval=0).result()
    operation = {"properties": {"displayName": "By hand", "method": "GET", "urlTemplate": "/"}}
    sdk.api_operation.create_or_update(*place, "echo", "by-hand", operation)
    wanted = {"name": "echo", "definition": definition(chat=("post", "/chat"))}

    options: dict[str, Any] = {"apis": [wanted], "owner": owner, "adopt": owner is not None}
    first, again = gateway.run(task(MODULE, **options), task(MODULE, **options))

    assert "PUT apis/echo/operations/chat" in first.writes
    assert again.writes == []
    operations = [each.name for each in sdk.api_operation.list_by_api(*place, "echo")]
    assert sorted(operations) == ["by-hand", "chat"]


def test_prune_removes_what_its_owner_no_longer_lists(gateway: Gateway) -> None:
    kept = {"name": "kept", "path": "kept"}
    *_, pruned = gateway.run(
        task(MODULE, apis=[{"name": "other", "path": "other"}], owner="you"),
        task(MODULE, apis=[{"name": "unmarked", "path": "unmarked"}]),
        task(MODULE, apis=[kept, {"name": "gone", "path": "gone"}], owner="me"),
        task(MODULE, "prune", apis=[kept], owner="me", prune=True),
    )
    assert pruned.writes == ["DELETE apis/gone"]
    names = [each.name for each in gateway.azure.sdk.api.list_by_service(*gateway.service.place)]
    assert sorted(names) == ["kept", "other", "unmarked"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"apis": [{"name": "a"}]}, "apis[0] (a): path is missing"),
        (
            {"apis": [{"name": "a", "path": "a", "definition": {"swagger": "2.0"}}]},
            "apis[0] (a): definition: openapi: is not 3",
        ),
        (
            {"apis": [{"name": "a", "path": "a", "policy": "<policies>"}]},
            "apis[0].policy[0] (a): value: is not a policy",
        ),
        ({"apis": [], "prune": True}, "give owner"),
    ],
)
def test_what_cannot_be_done_is_refused_before_anything_is_written(
    gateway: Gateway, options: dict[str, Any], message: str
) -> None:
    (step,) = gateway.attempt(task(MODULE, **options))
    assert message in step.message
    assert step.writes == []


@pytest.mark.usefixtures("product")
def test_azures_refusal_names_the_object(gateway: Gateway) -> None:
    lacking = policy(200).replace("<base />", '<include-fragment fragment-id="nowhere" />', 1)
    api = {"name": "models", "path": "models", "policy": lacking, "products": ["retail"]}
    (step,) = gateway.attempt(task(MODULE, apis=[api]))
    assert "API policy models" in step.message
    assert "Policy fragment with id 'nowhere' could not be found" in step.message
    assert [tuple(entry.values()) for entry in step.result["objects"]] == [
        ("API", "models", "created"),
        ("API policy", "models", "failed"),
        ("product link", "retail/models", "skipped"),
    ]
