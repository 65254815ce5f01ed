# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fragment get-available-models."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.gateway.fragments.gateway import Gateway, Result
from tests.gateway.fragments.plans import HOSTILE_NAMES, PLANS

_FRAGMENT = "get-available-models"


def _send(gateway: Gateway, allowed: str | None = None, method: str = "GET", **request: Any) -> Result:
    variables = {} if allowed is None else {"allowedModels": allowed}
    return gateway.send("/deployments", method=method, fragments=[_FRAGMENT], variables=variables, **request)


def _answer(result: Result, status: int = 200) -> Any:
    assert result.response is not None
    assert result.response["status"] == status
    assert result.response["headers"] == {"Content-Type": "application/json"}
    return json.loads(result.response["body"])


def _names(entries: list[dict[str, Any]]) -> list[str]:
    return [entry["name"] for entry in entries]


def test_an_entry_has_the_documented_shape(gateway_of: Callable[[str], Gateway]) -> None:
    entries = {entry["name"]: entry for entry in _answer(_send(gateway_of("single")))["value"]}
    assert entries["gpt-4o"] == {
        "id": "aif-citadel-primary",
        "type": "ai-foundry",
        "name": "gpt-4o",
        "sku": {"name": "GlobalStandard", "capacity": 100},
        "properties": {
            "model": {"format": "OpenAI", "name": "gpt-4o", "version": "2024-11-20"},
            "capabilities": {"chatCompletion": "true"},
            "provisioningState": "Succeeded",
            "retirementDate": "2026-09-30",
        },
    }


def test_an_unknown_retirement_date_is_left_out(gateway: Gateway) -> None:
    entries = {entry["name"]: entry for entry in _answer(_send(gateway))["value"]}
    assert "retirementDate" not in entries["mistral-large"]["properties"]


def test_capabilities_are_those_of_the_plan_in_words_of_azure(gateway_of: Callable[[str], Gateway]) -> None:
    entries = {entry["name"]: entry for entry in _answer(_send(gateway_of("chains")))["value"]}
    capabilities = ["chatCompletion", "completion", "imageGenerations", "responses", "audio"]
    assert entries["renamed"]["properties"]["capabilities"] == dict.fromkeys(capabilities, "true")


def test_a_model_is_found_by_any_of_its_names(gateway_of: Callable[[str], Gateway]) -> None:
    gateway = gateway_of("chains")
    first, second = (e for e in _answer(_send(gateway))["value"] if e["name"] == "chat")
    assert (first["id"], second["id"]) == ("ptu", "foundry")
    assert first["properties"]["aliases"] == ["talk"]
    assert _answer(_send(gateway, parameters={"deployment-id": "TALK"})) == first
    assert _names(_answer(_send(gateway, "Talk"))["value"]) == ["chat", "chat"]


def _listed(plan: str) -> list[tuple[str, str]]:
    """Return model and backend of each deployment, by model."""
    deployments = [
        (model["name"], deployment["backend_id"])
        for model in PLANS[plan]["models"]
        for deployment in model["deployments"]
    ]
    return sorted(deployments, key=lambda each: each[0].upper())


@pytest.mark.parametrize("plan", sorted(PLANS.keys() - {"hostile"}))
def test_every_deployment_is_listed(gateway_of: Callable[[str], Gateway], plan: str) -> None:
    result = _send(gateway_of(plan))
    assert [(entry["name"], entry["id"]) for entry in _answer(result)["value"]] == _listed(plan)
    expected = [name for name, _ in _listed(plan)]
    assert _names(json.loads(result.variables["availableModels"])) == expected
    assert _names(json.loads(result.variables["availableFilteredModels"])) == expected


@pytest.mark.parametrize(
    ("allowed", "names"),
    [
        ("gpt-4o", ["gpt-4o"]),
        (" GPT-5 ,phi-4", ["gpt-5", "Phi-4"]),
        ("deepseek-r1", ["DeepSeek-R1", "DeepSeek-R1"]),
        ("gpt-4", []),
        (",", []),
        ("", None),
        (" ", None),
    ],
)
def test_allowed_models_filter_the_list(gateway: Gateway, allowed: str, names: list[str] | None) -> None:
    result = _send(gateway, allowed)
    everything = [name for name, _ in _listed("providers")]
    assert _names(_answer(result)["value"]) == (everything if names is None else names)
    assert _names(json.loads(result.variables["availableModels"])) == everything


@pytest.mark.parametrize("requested", ["gpt-5", "GPT-5"])
def test_one_deployment_is_answered_alone(gateway: Gateway, requested: str) -> None:
    result = _send(gateway, parameters={"deployment-id": requested})
    (expected,) = (e for e in json.loads(result.variables["availableModels"]) if e["name"] == "gpt-5")
    assert _answer(result) == expected


@pytest.mark.parametrize(("requested", "allowed"), [("gpt-6", ""), ("gpt-5", "gpt-4o"), ('x"}', "")])
def test_a_deployment_that_is_not_there_is_not_found(gateway: Gateway, requested: str, allowed: str) -> None:
    error = _answer(_send(gateway, allowed, parameters={"deployment-id": requested}), 404)["error"]
    assert error["code"] == "DeploymentNotFound"
    assert f"'{requested}'" in error["message"]


@pytest.mark.parametrize("answers", ["false", "False", False])
def test_a_policy_that_answers_itself_can_say_so(gateway: Gateway, answers: Any) -> None:
    result = gateway.send(method="GET", fragments=[_FRAGMENT], variables={"answerAvailableModels": answers})
    assert result.response is None
    assert json.loads(result.variables["availableModels"])


def test_other_methods_are_never_answered(gateway: Gateway) -> None:
    result = _send(gateway, "gpt-5", method="POST")
    assert result.response is None
    assert _names(json.loads(result.variables["availableFilteredModels"])) == ["gpt-5"]


def test_hostile_names_are_listed_as_they_are(gateway_of: Callable[[str], Gateway]) -> None:
    assert sorted(_names(_answer(_send(gateway_of("hostile")))["value"])) == sorted(HOSTILE_NAMES)
