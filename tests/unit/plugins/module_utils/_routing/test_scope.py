# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scopes: when members of a model get APIM backends of their own, and what these look like."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.plugins.module_utils._routing.inventories import (
    TRICKY_MODELS,
    backend,
    external,
    only_problem,
    plan_of,
    problems_of,
)

AOAI = {"backend_type": "azure-openai"}
KEY = {"auth_scheme": "api_key", "credential": {"named_value": "the-key"}}
DEEPSEEK = {"name": "DeepSeek-R1", "model_format": "DeepSeek"}
SERVERLESS = {"endpoint": "https://m.eastus.models.ai.azure.com"}


def backend_of(plan: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the options of one APIM backend."""
    (found,) = (each for each in plan["backends"] if each["name"] == name)
    return dict(found)


def hops_of(plan: dict[str, Any], model: str) -> list[tuple[str, str]]:
    """Return (route, deployment) of each hop of a model."""
    (found,) = (each for each in plan["models"] if each["name"] == model)
    return [(hop["route"], hop["deployment"]) for hop in found["hops"]]


@pytest.mark.parametrize(
    "members",
    [
        pytest.param([backend("a"), backend("b")], id="one family"),
        pytest.param([backend("a"), backend("b", **AOAI)], id="a model of OpenAI on both kinds of account"),
        pytest.param([backend("a", DEEPSEEK), backend("b", DEEPSEEK)], id="another model on AI Foundry"),
        pytest.param([backend("a", **KEY), backend("b", **KEY)], id="credentials of their own"),
        pytest.param([external("a", **KEY), external("b", **KEY)], id="external"),
        pytest.param([backend("a", {"name": "m", "deployment": "d"}), backend("b", {"name": "M", "deployment": "D"})]),
    ],
)
def test_members_that_one_way_of_asking_suits_are_their_accounts(members: list[dict[str, Any]]) -> None:
    plan = plan_of(*members)
    assert [each["name"] for each in plan["backends"]] == ["a", "b"]
    assert [(route["scope"], route["pooled"]) for route in plan["routes"]] == [("backend", True)]


@pytest.mark.parametrize(
    "members",
    [
        pytest.param([backend("a", DEEPSEEK), backend("b", DEEPSEEK, **AOAI)], id="no shape in common"),
        pytest.param([backend("a"), backend("b", **SERVERLESS)], id="audiences"),
        pytest.param([backend("a"), backend("b", **KEY)], id="a token and a key"),
        pytest.param([backend("a"), external("b", **KEY)], id="external"),
        pytest.param([backend("a"), backend("b", {"name": "gpt-4o", "deployment": "d"})], id="deployments"),
        pytest.param([external("a", "m", **KEY), external("b", "M", **KEY)], id="spellings that a provider may tell"),
        pytest.param([external("a", **KEY), external("b")], id="a credential that is not given"),
    ],
)
def test_other_members_get_backends_of_their_own(members: list[dict[str, Any]]) -> None:
    plan = plan_of(*members)
    assert [each["name"] for each in plan["backends"][:2]] == ["a", "b"]
    assert len(plan["backends"]) == 4
    assert {route["scope"] for route in plan["routes"]} == {"deployment"}


def test_deployments_of_one_account_can_share_a_pool() -> None:
    models = ({"name": "gpt-4o", "deployment": "blue"}, {"name": "gpt-4o", "deployment": "green"})
    plan = plan_of(backend("a", *models))
    (pool,) = plan["pools"]
    assert (pool["name"], [each["backend"] for each in pool["members"]]) == (
        "gpt-4o-backend-pool",
        ["a-blue", "a-green"],
    )
    assert plan["models"][0]["members"] == [
        {"account": "a", "deployment": "blue"},
        {"account": "a", "deployment": "green"},
    ]
    assert plan["warnings"] == []


def test_case_tells_deployments_of_an_external_provider_apart() -> None:
    plan = plan_of(external("a", {"name": "m", "deployment": "d"}, {"name": "m", "deployment": "D"}, **KEY))
    assert [member["deployment"] for member in plan["models"][0]["members"]] == ["d", "D"]
    assert [hop["deployment"] for hop in plan["models"][0]["hops"]] == ["d", "D"]
    assert "requests see one" not in "".join(plan["warnings"])


def test_case_tells_no_deployments_of_azure_apart() -> None:
    plan = plan_of(backend("a", {"name": "m", "deployment": "d"}, {"name": "m", "deployment": "D"}))
    assert [member["deployment"] for member in plan["models"][0]["members"]] == ["d"]
    assert plan["warnings"] == ["llm_backends[0] lists m more than once; requests see one"]


@pytest.mark.parametrize(
    ("account", "url", "family", "deployment"),
    [
        (backend("a", **AOAI), "https://a.cognitiveservices.azure.com/openai/deployments/gpt-4o", "azure-openai", ""),
        (backend("a"), "https://a.cognitiveservices.azure.com/openai/deployments/gpt-4o", "azure-openai", ""),
        (backend("a", DEEPSEEK), "https://a.cognitiveservices.azure.com/models", "ai-foundry", "DeepSeek-R1"),
        (backend("a", **SERVERLESS), SERVERLESS["endpoint"], "serverless", "gpt-4o"),
        (external("a"), "https://a.example/v1", "external", "gpt-4o"),
        (
            backend("a", {"name": "m", "deployment": "é d"}, **AOAI),
            "https://a.cognitiveservices.azure.com/openai/deployments/%C3%A9%20d",
            "azure-openai",
            "",
        ),
    ],
)
def test_a_deployment_has_a_complete_url(account: dict[str, Any], url: str, family: str, deployment: str) -> None:
    plan = plan_of(account, backend_scope="deployment")
    (route,) = plan["routes"]
    assert backend_of(plan, route["name"])["url"] == url
    assert (route["scope"], route["family"], route["deployment"]) == ("deployment", family, deployment)


@pytest.mark.parametrize(
    ("models", "scope", "codes"),
    [
        (["m", "n"], "auto", ["429", "500-599"]),
        (["m", "n"], "deployment", ["500-599"]),
        ([{"name": "m", "fallbacks": ["n"]}, "n"], "auto", ["500-599"]),
        ([{"name": "m", "fallbacks": ["n"]}, "n", "o"], "auto", ["429", "500-599"]),
    ],
)
def test_an_account_of_no_route_stays_in_service_when_one_deployment_is_throttled(
    models: list[Any], scope: str, codes: list[str]
) -> None:
    assert (
        backend_of(plan_of(backend("a", *models), backend_scope=scope), "a")["circuit_breaker"]["status_codes"] == codes
    )


def test_status_codes_that_are_given_hold_for_accounts_of_no_route() -> None:
    plan = plan_of(backend("a", circuit_breaker={"status_codes": [429]}), backend_scope="deployment")
    assert [each["circuit_breaker"]["status_codes"] for each in plan["backends"]] == [["429"], ["429"]]


def test_a_deployment_has_the_settings_of_its_account() -> None:
    account = external("ext", "m", circuit_breaker={"count": 7}, **KEY)
    own = backend_of(plan_of(account, backend_scope="deployment"), "ext-m")
    assert own == {
        **backend_of(plan_of(account), "ext"),
        "name": "ext-m",
        "description": "LLM deployment m of ext: m",
    }


@pytest.mark.parametrize(
    ("deployment", "name"),
    [("gpt-4.1", "a-gpt-41"), ("x/y z", "a-xyz"), ("模型", "a"), ("L" * 200, f"a-{'L' * 78}"), ("b-c", "a-b-c")],
)
def test_a_deployment_is_named_after_what_arm_takes(deployment: str, name: str) -> None:
    plan = plan_of(external("a", {"name": "m", "deployment": deployment}), backend_scope="deployment")
    found = plan["backends"][1]["name"]
    assert found == name if name != "a" else found.startswith("a-")


def test_deployments_whose_names_collide_are_told_apart() -> None:
    plan = plan_of(backend("a", "b-c", "gpt-4.1"), backend("a-b", "c"), backend("a-gpt-41"), backend_scope="deployment")
    names = [each["name"].lower() for each in plan["backends"]]
    assert len(set(names)) == len(names) == 7


def test_a_pool_never_takes_the_name_of_a_deployment() -> None:
    plan = plan_of(backend("gpt", "4o-backend-pool"), backend("a"), backend("b"), backend_scope="deployment")
    assert backend_of(plan, "gpt-4o-backend-pool")["url"].endswith("/4o-backend-pool")
    assert plan["pools"][0]["name"] != "gpt-4o-backend-pool"


def test_azure_ignores_the_case_in_which_another_provider_wants_the_name() -> None:
    entry = {"name": "DeepSeek-R1", "model_format": "DeepSeek"}
    plan = plan_of(backend("azure", entry, **KEY), external("ext", "deepseek-r1", **KEY))
    assert hops_of(plan, "DeepSeek-R1") == [("DeepSeek-R1-backend-pool", "deepseek-r1")]


def test_keys_share_a_pool_whose_members_bring_their_api_version() -> None:
    plan = plan_of(
        backend("aoai", "m", **AOAI, **KEY),
        backend("foundry", DEEPSEEK | {"name": "m"}, **KEY),
        external("ext", "m", **KEY),
    )
    assert [(route["name"], route["family"], route["retries"]) for route in plan["routes"]] == [
        ("m-backend-pool", "mixed", 6)
    ]
    assert [each["credentials"] for each in plan["backends"][3:]] == [
        {"header": {"api-key": "{{the-key}}"}, "query": {"api-version": "2024-10-21"}},
        {"header": {"Authorization": "Bearer {{the-key}}"}},
        {"header": {"api-key": "{{the-key}}"}, "query": {"api-version": "2024-05-01-preview"}},
    ]


def test_a_backend_brings_its_api_version_on_every_route() -> None:
    """Model m is mixed. Its deployment d also serves n, beside e, which also serves o alone."""
    d, e = {"deployment": "d"}, {"deployment": "e"}
    plan = plan_of(
        backend("aoai", {"name": "m", **d}, {"name": "n", **d}, **AOAI),
        backend("foundry", {"name": "m", **d, "model_format": "X"}),
        backend("second", {"name": "n", **e}, {"name": "o", **e}, **AOAI),
        backend("third", {"name": "p", "deployment": "f"}, **AOAI),
        backend_scope="deployment",
    )
    assert {route["name"]: route["family"] for route in plan["routes"]} == {
        "m-backend-pool": "mixed",
        "n-backend-pool": "mixed",
        "second-e": "mixed",
        "third-f": "azure-openai",
    }
    versions = {each["name"]: each["credentials"].get("query") for each in plan["backends"]}
    assert versions["second-e"] == versions["aoai-d"] == {"api-version": "2024-10-21"}
    assert versions["third-f"] is None


def test_credentials_that_are_not_given_are_left_alone() -> None:
    plan = plan_of(external("a"), backend("b", **AOAI, auth_scheme="api_key"), external("c", **KEY))
    assert [hop for hop, _deployment in hops_of(plan, "gpt-4o")] == ["a-gpt-4o", "b-gpt-4o", "c-gpt-4o"]
    assert "credentials" not in backend_of(plan, "a-gpt-4o")
    assert "credentials" not in backend_of(plan, "b-gpt-4o")


def test_the_groups_of_a_priority_are_tried_in_order_and_told() -> None:
    plan = plan_of(
        backend("a"),
        external("x", **KEY),
        backend("b", weight=50),
        external("y", priority=2, **KEY),
        backend("c", priority=2),
    )
    assert [(pool["name"], [each["backend"] for each in pool["members"]]) for pool in plan["pools"]] == [
        ("gpt-4o-backend-pool", ["a-gpt-4o", "b-gpt-4o"]),
        ("gpt-4o-backend-pool-2", ["x-gpt-4o", "y-gpt-4o"]),
    ]
    assert [route for route, _deployment in hops_of(plan, "gpt-4o")] == [
        "gpt-4o-backend-pool",
        "gpt-4o-backend-pool-2",
        "c-gpt-4o",
    ]
    first, second, hubs = plan["warnings"]
    assert first.startswith("gpt-4o: one request does not suit all members of priority 1")
    assert second.startswith("gpt-4o: one request does not suit all members of priority 2")
    assert hubs.startswith("several routes are tried in order for gpt-4o: an API of the hub's own uses the first alone")


@pytest.mark.parametrize(("universal", "azure_openai"), [(True, True), (True, False), (False, True), (False, False)])
def test_apis_of_a_hub_are_warned_of_where_a_hub_may_have_some(universal: bool, azure_openai: bool) -> None:
    apis = {"universal_api": {"deploy": universal}, "azure_openai_api": {"deploy": azure_openai}}
    warnings = plan_of(backend("a"), external("x", priority=2, **KEY), **apis)["warnings"]
    assert ["an API of the hub's own" in warning for warning in warnings] == [True] * (not (universal and azure_openai))


def test_groups_of_different_priorities_are_no_warning_but_for_hubs() -> None:
    plan = plan_of(backend("a"), external("x", priority=2, **KEY))
    assert [route for route, _deployment in hops_of(plan, "gpt-4o")] == ["a-gpt-4o", "x-gpt-4o"]
    assert len(plan["warnings"]) == 1


def test_many_models_of_several_routes_are_one_warning() -> None:
    names = [f"m{number}" for number in range(8)]
    (warning,) = plan_of(backend("a", *names), external("x", *names, priority=2, **KEY))["warnings"]
    assert "m0, m1, m2, m3, m4 and 3 more" in warning


@pytest.mark.parametrize(
    ("members", "path", "remedy"),
    [
        ([backend("a"), backend("b", **KEY)], "llm_backends[1].auth_scheme", "authenticate all backends"),
        ([backend("a"), external("b", **KEY)], "llm_backends[1].auth_scheme", "authenticate all backends"),
        ([backend("a"), backend("b", **SERVERLESS)], "llm_backends[1].auth_scheme", "authenticate all backends"),
        (
            [backend("a"), backend("b", {"name": "gpt-4o", "deployment": "d"})],
            "llm_backends[1].supported_models[0]",
            "give the deployments of a model one name",
        ),
        (
            [backend("a", "x", DEEPSEEK), backend("b", DEEPSEEK, **AOAI)],
            "llm_backends[0].supported_models[1]",
            "give it a name of its own there",
        ),
        (
            [backend("a", {"name": "x", "fallbacks": ["y"]}, "z"), backend("b", "y")],
            "llm_backends[0].supported_models[0].fallbacks",
            "remove it",
        ),
    ],
)
def test_what_backend_scope_cannot_serve_is_refused(members: list[dict[str, Any]], path: str, remedy: str) -> None:
    problem = problems_of(*members, backend_scope="backend")[0]
    assert problem.path == path
    assert problem.message.endswith(", and llm_backend_scope is backend")
    assert problem.remedy == f"{problem.remedy.split(', or ')[0]}, or set llm_backend_scope to auto or deployment"
    assert problem.remedy.startswith(remedy)


def test_backend_scope_serves_what_fits() -> None:
    plan = plan_of(backend("a", "gpt-4o", "Phi-4"), backend("b"), backend_scope="backend")
    assert {route["name"]: route["scope"] for route in plan["routes"]} == {
        "a": "backend",
        "gpt-4o-backend-pool": "backend",
    }


@pytest.mark.parametrize("scope", ["", None, "Auto", 1, [], {}])
def test_a_scope_that_is_none_is_refused(scope: Any) -> None:
    problem = only_problem(backend("a"), backend_scope=scope)
    assert (problem.path, problem.remedy) == ("llm_backend_scope", "write one of auto, backend, deployment")


@pytest.mark.parametrize("name", [".", "..", "a/b", "a\\b", "a?b", "a#b", "a%b"])
def test_a_deployment_that_no_path_can_name_is_refused(name: str) -> None:
    named = only_problem(backend("a", name, **AOAI))
    assert named.path == "llm_backends[0].supported_models[0].name"
    own = only_problem(backend("a", {"name": "m", "deployment": name}), backend_scope="deployment")
    assert own.path == "llm_backends[0].supported_models[0].deployment"
    assert "cannot be a segment of a path" in own.message
    assert plan_of(backend("a", name), external("b", f"{name}2"))["models"]


def test_a_deployment_whose_url_is_too_long_is_refused() -> None:
    model = {"name": "m", "deployment": "模" * 250}
    problem = only_problem(backend("a", "gpt-4o", model), backend_scope="deployment")
    assert problem.path == "llm_backends[0].supported_models[1].deployment"
    assert problem.message.endswith("characters, but ARM takes 2000")
    assert plan_of(backend("a", model))["models"]


def test_a_deployment_of_two_formats_is_refused() -> None:
    problem = only_problem(backend("a", "Phi-4", {"name": "small", "deployment": "phi-4", "model_format": "Microsoft"}))
    assert problem.path == "llm_backends[0].supported_models[1].model_format"
    assert "llm_backends[0].supported_models[0] has 'OpenAI'" in problem.message
    assert plan_of(backend("a", "Phi-4", {"name": "phi-4", "model_format": "Microsoft"}, **AOAI))["models"]


def test_thirty_members_fit_a_pool_and_groups_count_on_their_own() -> None:
    azure = [backend(f"a{number}") for number in range(30)]
    others = [external(f"x{number}", priority=2, **KEY) for number in range(30)]
    plan = plan_of(*azure, *others)
    assert [len(pool["members"]) for pool in plan["pools"]] == [30, 30]
    problem = only_problem(*azure, *others, external("x30", priority=2, **KEY))
    assert (problem.path, problem.message) == (
        "llm_backends[60].supported_models",
        "31 backends serve 'gpt-4o', but a pool holds 30",
    )


def test_tricky_names_are_routed_in_deployment_scope() -> None:
    plan = plan_of(external("a", *TRICKY_MODELS), external("b", *TRICKY_MODELS), backend_scope="deployment")
    assert {model["name"] for model in plan["models"]} <= set(TRICKY_MODELS)
