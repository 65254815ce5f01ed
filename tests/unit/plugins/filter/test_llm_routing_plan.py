# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter llm_routing_plan: what it adds to the routing domain."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible.parsing.dataloader import DataLoader
from ansible_collections.citadel.ai_gateway.plugins.filter import llm_routing_plan as door
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.plan import build_plan

IDENTITY = {"client_id": "22222222-2222-2222-2222-222222222222"}
BACKEND = {
    "backend_id": "foundry",
    "backend_type": "ai-foundry",
    "endpoint": "https://foundry.cognitiveservices.azure.com/",
    "auth_scheme": "managed_identity",
    "supported_models": ["gpt-4o"],
}


def test_ansible_finds_the_filter_by_its_name() -> None:
    assert door.FilterModule().filters() == {"llm_routing_plan": door.llm_routing_plan}


def test_the_filter_returns_the_plan_of_the_domain() -> None:
    arguments: dict[str, Any] = {
        "circuit_breaker": {"count": 5},
        "managed_identity": IDENTITY,
        "service": {
            "apim_subscription_id": IDENTITY["client_id"],
            "apim_resource_group": "rg",
            "apim_service_name": "apim",
        },
        "owner": "platform-team",
    }
    plan = door.llm_routing_plan([BACKEND], **arguments)
    assert plan == build_plan([BACKEND], **arguments)
    assert plan["backends"][0]["circuit_breaker"]["count"] == 5


@pytest.mark.parametrize(
    ("argument", "value", "path"),
    [
        ("circuit_breaker", {"count": 0}, "llm_circuit_breaker.count"),
        ("managed_identity", None, "apim_managed_identity"),
        ("service", {}, "apim_subscription_id"),
        ("service", "apim", "service"),
        ("owner", "", "llm_owner"),
        ("adopt", "maybe", "llm_adopt"),
        ("prune", "maybe", "llm_prune"),
        ("prune_delay", "soon", "llm_prune_delay"),
        ("preflight", "perhaps", "llm_preflight"),
        ("variables", ["llm_backend"], "llm_backend"),
        ("backend_scope", "account", "llm_backend_scope"),
        ("retirement", {"retired": "drop"}, "llm_retirement.retired"),
        ("workbook", {"deploy": True}, "llm_workbook.application_insights"),
    ],
)
def test_every_argument_is_checked(argument: str, value: Any, path: str) -> None:
    with pytest.raises(AnsibleFilterError, match=rf"\n  - {path}: "):
        door.llm_routing_plan([BACKEND], **{"managed_identity": IDENTITY, argument: value})


def test_all_problems_are_in_one_error_of_ansible() -> None:
    faulty = {**BACKEND, "backend_id": "1", "endpoint": "https://user:s3cret@host", "priority": 9}
    with pytest.raises(AnsibleFilterError) as refusal:
        door.llm_routing_plan([faulty], managed_identity=IDENTITY)
    text = str(refusal.value)
    assert "The inventory has 3 problems; nothing was written:" in text
    for field in ("backend_id", "endpoint", "priority"):
        assert f"llm_backends[0].{field}: " in text
    assert "s3cret" not in text


def test_retirement_dates_are_compared_with_today() -> None:
    dates = {"past": "2000-01-01", "future": "9999-12-31"}
    models = [{"name": name, "retirement_date": day} for name, day in dates.items()]
    arguments: dict[str, Any] = {"managed_identity": IDENTITY, "retirement": {"retired": "exclude"}}
    plan = door.llm_routing_plan([{**BACKEND, "supported_models": models}], **arguments)
    assert [model["name"] for model in plan["models"]] == ["future"]


def test_strings_that_ansible_has_tagged_are_read_as_text() -> None:
    text = yaml.safe_dump([BACKEND]).replace("- gpt-4o", "- {name: gpt-4o, model_version: 2024-11-20, capacity: '50'}")
    plan = door.llm_routing_plan(DataLoader().load(text), managed_identity=IDENTITY)  # type: ignore[no-untyped-call]
    (deployment,) = plan["models"][0]["deployments"]
    assert (deployment["model_version"], deployment["capacity"]) == ("2024-11-20", 50)
    assert plan["backends"][0]["url"] == "https://foundry.cognitiveservices.azure.com"


def test_the_example_of_the_documentation_has_a_plan() -> None:
    (task,) = yaml.safe_load(door.EXAMPLES)
    variables = task["vars"]
    plan = door.llm_routing_plan(variables["llm_backends"], managed_identity=variables["identity"])
    assert {model["name"]: model["route"] for model in plan["models"]} == {
        "gpt-4o": "foundry-east",
        "Phi-4": "foundry-east",
    }


def test_the_documentation_lists_what_the_plan_has() -> None:
    documented = yaml.safe_load(door.RETURN)["_value"]["contains"]
    plan = door.llm_routing_plan([BACKEND], managed_identity=IDENTITY)
    refused = door.llm_routing_plan("no list", raise_problems=False)
    assert documented.keys() == plan.keys() | refused.keys()
    assert refused["problems"].startswith("The inventory has 1 problem; nothing was written:")
