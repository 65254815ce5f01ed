# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a request to each route must look like: family, audience of the token, retries."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.plugins.module_utils._routing.inventories import backend, external, only_problem, plan_of

COGNITIVE = "https://cognitiveservices.azure.com"
MACHINE_LEARNING = "https://ml.azure.com"
SERVERLESS = "https://my-foundry-project.eastus.models.ai.azure.com"


def route_of(*backends: dict[str, Any], **variables: Any) -> dict[str, Any]:
    (route,) = plan_of(*backends, **variables)["routes"]
    return dict(route)


@pytest.mark.parametrize(
    ("kind", "endpoint", "family", "audience"),
    [
        ("azure-openai", "https://a.openai.azure.com", "azure-openai", COGNITIVE),
        ("azure-openai", "https://a.cognitiveservices.azure.com", "azure-openai", COGNITIVE),
        ("azure-openai", "https://gateway.example/aoai", "azure-openai", COGNITIVE),
        ("azure-openai", "https://a.openai.azure.us", "azure-openai", "https://cognitiveservices.azure.us"),
        ("ai-foundry", "https://a.services.ai.azure.com/models", "ai-foundry", COGNITIVE),
        ("ai-foundry", "https://a.cognitiveservices.azure.cn", "ai-foundry", "https://cognitiveservices.azure.cn"),
        ("ai-foundry", "https://A.OpenAI.azure.com/", "azure-openai", COGNITIVE),
        ("ai-foundry", SERVERLESS, "serverless", MACHINE_LEARNING),
        ("ai-foundry", "https://e.westeurope.inference.ml.azure.com/", "serverless", MACHINE_LEARNING),
        ("ai-foundry", "https://e.x.inference.ml.azure.us", "serverless", "https://ml.azure.us"),
        ("ai-foundry", "https://models.ai.azure.com.evil.example", "ai-foundry", COGNITIVE),
    ],
)
def test_the_host_tells_family_and_audience(kind: str, endpoint: str, family: str, audience: str) -> None:
    route = route_of(backend("b", backend_type=kind, endpoint=endpoint))
    assert (route["type"], route["family"], route["token_audience"]) == (kind, family, audience)


@pytest.mark.parametrize("endpoint", ["https://api.provider.example/v1", SERVERLESS])
def test_an_external_provider_gets_no_token_whatever_its_host(endpoint: str) -> None:
    route = route_of(external("b", endpoint=endpoint))
    assert (route["family"], route["token_audience"]) == ("external", "")


def test_a_key_takes_the_place_of_a_token() -> None:
    assert route_of(backend("b", auth_scheme="api_key"), managed_identity=None)["token_audience"] == ""


@pytest.mark.parametrize("suffix", ["", "/", "/models", "/models/", "/openai", "/openai/v1", "/openai/v1/"])
@pytest.mark.parametrize("host", [SERVERLESS, "https://a.services.ai.azure.com"])
def test_however_an_endpoint_is_written_it_is_the_same(host: str, suffix: str) -> None:
    assert plan_of(backend("b", endpoint=host + suffix)) == plan_of(backend("b", endpoint=host))


def test_a_serverless_endpoint_has_no_azure_openai_deployments() -> None:
    problem = only_problem(backend("b", backend_type="azure-openai", endpoint=SERVERLESS))
    assert (problem.path, problem.remedy) == ("llm_backends[0].backend_type", "write ai-foundry")


def test_members_that_take_different_tokens_are_routes_of_their_own() -> None:
    plan = plan_of(backend("a"), backend("b", endpoint=SERVERLESS))
    assert [(route["name"], route["family"], route["token_audience"]) for route in plan["routes"]] == [
        ("a-gpt-4o", "azure-openai", COGNITIVE),
        ("b-gpt-4o", "serverless", MACHINE_LEARNING),
    ]


def test_a_route_names_its_deployments_in_the_order_of_the_pool() -> None:
    late = backend("late", {"name": "gpt-4o", "deployment": "blue"}, priority=2)
    plan = plan_of(late, backend("early", {"name": "gpt-4o", "deployment": "Green"}))
    (route,) = plan["routes"]
    assert route["scope"] == "deployment"
    assert route["members"] == [
        {"account": "early", "deployment": "Green"},
        {"account": "late", "deployment": "blue"},
    ]
    assert [member["backend"] for member in plan["pools"][0]["members"]] == ["early-Green", "late-blue"]


def test_models_that_share_a_deployment_share_a_member_of_its_route() -> None:
    first, second = ({"name": name, "deployment": "one", "fallbacks": ["other"]} for name in ("a", "b"))
    routes = {route["name"]: route["members"] for route in plan_of(backend("x", first, second, "other"))["routes"]}
    assert routes["x-one"] == [{"account": "x", "deployment": "one"}]


def test_a_pool_that_retries_cannot_cross_is_a_warning() -> None:
    (warning,) = plan_of(*(backend(f"b{number}") for number in range(30)))["warnings"]
    assert warning.startswith("gpt-4o: a request may meet 87 failures")
    assert plan_of(*(backend(f"b{number}", circuit_breaker={"count": 1}) for number in range(30)))["warnings"] == []


@pytest.mark.parametrize(
    ("breakers", "retries"),
    [
        ([{}], 0),
        ([{}, {}], 3),
        ([{}, {}, {}], 6),
        ([{"count": 1}, {"count": 5}], 5),
        ([{"count": 1}, {"count": 1}], 1),
        ([{"enabled": False}, {"enabled": False}], 1),
        ([{}] * 30, 50),
    ],
)
def test_a_request_is_tried_until_every_other_member_must_be_out(breakers: list[Any], retries: int) -> None:
    members = [backend(f"b{index}", circuit_breaker=each) for index, each in enumerate(breakers)]
    assert route_of(*members)["retries"] == retries
