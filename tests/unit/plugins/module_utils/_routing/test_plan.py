# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of example inventories."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.unit.plugins.module_utils._routing.inventories import (
    DEEPSEEK,
    EMBEDDING,
    OPENAI,
    PRIMARY,
    SECONDARY,
    backend,
    external,
    plan_of,
    routes_of,
)

BREAKER = {
    "enabled": True,
    "count": 3,
    "interval": "PT10S",
    "trip_duration": "PT10S",
    "status_codes": ["429", "500-599"],
    "error_reasons": ["BackendConnectionFailure", "Timeout"],
    "accept_retry_after": True,
}


def member(name: str, priority: int = 1, weight: int = 100) -> dict[str, Any]:
    return {"backend": name, "priority": priority, "weight": weight}


def test_a_backend_becomes_the_options_of_its_module() -> None:
    plan = plan_of(backend("foundry", "gpt-4o", "Phi-4"))
    assert plan["backends"] == [
        {
            "name": "foundry",
            "url": "https://foundry.cognitiveservices.azure.com",
            "description": "LLM backend (ai-foundry): gpt-4o, Phi-4",
            "circuit_breaker": BREAKER,
            "credentials": {},
            "validate_certificate_chain": True,
            "validate_certificate_name": True,
        }
    ]


def test_a_model_gets_the_defaults_of_the_package_document() -> None:
    (model,) = plan_of(backend("foundry", "GPT-4o"))["models"]
    (deployment,) = model["deployments"]
    assert (model["name"], model["key"], model["route"]) == ("GPT-4o", "gpt-4o", "foundry")
    assert deployment == {
        "backend_id": "foundry",
        "backend_type": "ai-foundry",
        "name": "GPT-4o",
        "deployment": "GPT-4o",
        "sku": "Standard",
        "capacity": 100,
        "model_format": "OpenAI",
        "model_version": "1",
        "retirement_date": "",
        "capabilities": ["chat"],
        "aliases": [],
    }


def test_priority_and_weight_have_the_defaults_of_the_package_document() -> None:
    (pool,) = plan_of(backend("east"), backend("west"))["pools"]
    assert pool["members"] == [member("east"), member("west")]


def test_a_single_foundry_serves_all_its_models_directly() -> None:
    plan = plan_of(PRIMARY)
    assert plan["pools"] == []
    assert plan["routes"] == [
        {
            "name": "aif-citadel-primary",
            "type": "ai-foundry",
            "pooled": False,
            "scope": "backend",
            "family": "ai-foundry",
            "token_audience": "https://cognitiveservices.azure.com",
            "retries": 0,
            "models": ["DeepSeek-R1", "gpt-4o", "gpt-4o-mini", "Phi-4", "text-embedding-3-large"],
            "deployment": "",
            "accounts": ["aif-citadel-primary"],
            "members": [
                {"account": "aif-citadel-primary", "deployment": name}
                for name in ("DeepSeek-R1", "gpt-4o", "gpt-4o-mini", "Phi-4", "text-embedding-3-large")
            ],
        }
    ]
    assert plan["accounts"] == [
        {
            "name": "aif-citadel-primary",
            "type": "ai-foundry",
            "family": "ai-foundry",
            "token_audience": "https://cognitiveservices.azure.com",
        }
    ]
    assert plan["warnings"] == []


def test_a_model_in_two_regions_is_balanced_by_priority_and_weight() -> None:
    plan = plan_of(PRIMARY, SECONDARY)
    assert plan["pools"] == [
        {
            "name": "DeepSeek-R1-backend-pool",
            "description": "LLM backends that serve DeepSeek-R1",
            "members": [member("aif-citadel-primary"), member("aif-citadel-secondary", 2, 50)],
        }
    ]
    assert routes_of(plan) == {
        "deepseek-r1": "DeepSeek-R1-backend-pool",
        "gpt-4o": "aif-citadel-primary",
        "gpt-4o-mini": "aif-citadel-primary",
        "gpt-5": "aif-citadel-secondary",
        "phi-4": "aif-citadel-primary",
        "text-embedding-3-large": "aif-citadel-primary",
    }
    assert plan["warnings"] == []


def test_mixed_providers_share_pools_of_members_that_each_get_what_they_accept() -> None:
    plan = plan_of(PRIMARY, OPENAI)
    pools = {route["name"]: (route["scope"], route["family"]) for route in plan["routes"] if route["pooled"]}
    assert pools == {
        "DeepSeek-R1-backend-pool": ("deployment", "mixed"),
        "text-embedding-3-large-backend-pool": ("backend", "azure-openai"),
    }
    assert routes_of(plan)["gpt-5"] == "aoai-eastus-gpt4"
    assert plan["warnings"] == []


def test_each_model_is_told_its_pool_or_else_its_backend() -> None:
    plan = plan_of(PRIMARY, SECONDARY)
    assert plan["model_pools"] == {"DeepSeek-R1": "DeepSeek-R1-backend-pool"}
    assert plan["model_backends"] == {
        "gpt-4o": "aif-citadel-primary",
        "gpt-4o-mini": "aif-citadel-primary",
        "gpt-5": "aif-citadel-secondary",
        "Phi-4": "aif-citadel-primary",
        "text-embedding-3-large": "aif-citadel-primary",
    }


def test_details_of_each_deployment_reach_the_list_of_models() -> None:
    models = {model["name"]: model for model in plan_of(PRIMARY, OPENAI)["models"]}
    of_embedding = models["text-embedding-3-large"]["deployments"]
    assert [deployment["backend_id"] for deployment in of_embedding] == ["aif-citadel-primary", "aoai-eastus-gpt4"]
    for deployed, listed in ((of_embedding[0], EMBEDDING), (models["DeepSeek-R1"]["deployments"][1], DEEPSEEK)):
        assert listed.items() <= deployed.items()


@pytest.mark.parametrize(
    ("kind", "written", "url"),
    [
        ("ai-foundry", "https://h.services.ai.azure.com", "https://h.services.ai.azure.com"),
        ("ai-foundry", "https://h/", "https://h"),
        ("ai-foundry", "https://h/models", "https://h"),
        ("ai-foundry", "https://h/models/", "https://h"),
        ("ai-foundry", "HTTPS://h/openai//", "https://h"),
        ("ai-foundry", " https://h/team/Models ", "https://h/team"),
        ("azure-openai", "https://h/openai/", "https://h"),
        ("azure-openai", "https://h/models", "https://h/models"),
        ("azure-openai", "https://h:8443/xopenai", "https://h:8443/xopenai"),
        ("external", "https://h/v1/", "https://h/v1"),
        ("external", "https://h/openai", "https://h/openai"),
        ("external", "http://h/v1", "http://h/v1"),
    ],
)
def test_an_endpoint_loses_what_the_policies_add(kind: str, written: str, url: str) -> None:
    scheme = "api_key" if kind == "external" else "managed_identity"
    plan = plan_of(backend("b", backend_type=kind, endpoint=written, auth_scheme=scheme))
    assert plan["backends"][0]["url"] == url


def test_settings_of_one_breaker_go_over_those_of_all() -> None:
    own = backend("own", circuit_breaker={"count": 7, "interval": 90, "status_codes": [429, "500-503"]})
    off = backend("off", "Phi-4", circuit_breaker={"enabled": False})
    plan = plan_of(own, off, circuit_breaker={"trip_duration": "pt1m", "accept_retry_after": False})
    first, second = (options["circuit_breaker"] for options in plan["backends"])
    assert first == {
        **BREAKER,
        "count": 7,
        "interval": "PT90S",
        "status_codes": ["429", "500-503"],
        "trip_duration": "PT1M",
        "accept_retry_after": False,
    }
    assert second == {**BREAKER, "enabled": False, "trip_duration": "PT1M", "accept_retry_after": False}


def test_what_yaml_reads_as_dates_and_numbers_is_text() -> None:
    model = {"name": 4.1, "model_version": date(2024, 7, 18), "retirement_date": date(2027, 4, 14)}
    (entry,) = plan_of(backend("b", model))["models"]
    assert entry["name"] == "4.1"
    assert entry["deployments"][0]["model_version"] == "2024-07-18"
    assert entry["deployments"][0]["retirement_date"] == "2027-04-14"


def test_case_twins_are_one_model() -> None:
    plan = plan_of(backend("east", "DeepSeek-R1"), backend("west", "deepseek-r1"))
    assert [(pool["name"], len(pool["members"])) for pool in plan["pools"]] == [("DeepSeek-R1-backend-pool", 2)]
    assert [deployment["name"] for deployment in plan["models"][0]["deployments"]] == ["DeepSeek-R1", "deepseek-r1"]


def test_a_model_listed_twice_by_one_backend_is_no_pool_but_a_warning() -> None:
    plan = plan_of(backend("b", {"name": "gpt-4o", "sku": "S"}, {"name": "GPT-4o", "sku": "GlobalStandard"}, "gpt-4o"))
    assert plan["pools"] == []
    assert [deployment["sku"] for deployment in plan["models"][0]["deployments"]] == ["S", "GlobalStandard", "Standard"]
    assert plan["warnings"] == [
        "llm_backends[0] lists GPT-4o more than once; requests see one",
        "llm_backends[0] lists gpt-4o more than once; requests see one",
    ]


def test_weights_that_do_not_fit_are_scaled_per_priority() -> None:
    backends = [backend("a", weight=1000), backend("b", weight=500), backend("c", weight=7, priority=2)]
    plan = plan_of(*backends)
    assert plan["pools"][0]["members"] == [member("a", weight=2), member("b", weight=1), member("c", 2, 7)]
    assert plan["warnings"] == []


def test_weights_whose_ratio_is_lost_are_a_warning() -> None:
    (warning,) = plan_of(backend("a", weight=1000), backend("b", weight=1))["warnings"]
    assert warning.startswith("gpt-4o-backend-pool: weights [1000, 1] become [100, 1]")
    assert warning.endswith("off by up to 891.1%")


def test_thirty_backends_may_serve_a_model() -> None:
    plan = plan_of(*(backend(f"b{number}") for number in range(30)))
    assert len(plan["pools"][0]["members"]) == 30


def test_a_description_keeps_to_the_room_that_arm_has() -> None:
    models = [f"model-{number:03}-{'x' * 40}" for number in range(200)]
    description = plan_of(backend("b", *models))["backends"][0]["description"]
    assert 1700 < len(description) <= 1800
    listed = description.count("model-")
    assert description.endswith(f" and {200 - listed} more")


def test_an_external_provider_needs_no_identity() -> None:
    plan = plan_of(external("mistral", "mistral-large"), managed_identity=None)
    assert routes_of(plan) == {"mistral-large": "mistral"}


def test_no_backends_are_an_empty_plan() -> None:
    assert not any(value for name, value in plan_of().items() if name != "owner")
    assert plan_of(owner="platform")["owner"] == "platform"
