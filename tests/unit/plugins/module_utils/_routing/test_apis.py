# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The APIs that an inventory asks for."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.plugins.module_utils._routing.inventories import only_problem, plan_of

UNIVERSAL = {
    "name": "universal-llm-api",
    "variable": "llm_universal_api",
    "path": "models",
    "type": "openai",
    "products": [],
    "cors_origins": ["https://ai.azure.com"],
}


def apis_of(universal: Any = None, azure_openai: Any = None) -> Any:
    return plan_of(universal_api=universal, azure_openai_api=azure_openai)["apis"]


@pytest.mark.parametrize("setting", [None, {}, {"deploy": False}, {"path": "models", "type": "openai"}])
def test_an_api_is_deployed_on_request_only(setting: Any) -> None:
    assert apis_of(setting, setting and {"deploy": False}) == []


def test_what_is_left_out_has_its_default() -> None:
    universal, azure_openai = apis_of({"deploy": True}, {"deploy": True})
    assert universal == UNIVERSAL
    assert (azure_openai["name"], azure_openai["path"]) == ("azure-openai-api", "openai")


@pytest.mark.parametrize(("written", "path"), [("/inference", "inference"), ("a/b/", "a/b"), ("v1.0~x_y", "v1.0~x_y")])
def test_a_path_may_be_written_with_slashes(written: str, path: str) -> None:
    setting = {"deploy": True, "path": written, "type": "models-inference", "products": ["a b"], "cors_origins": []}
    expected = {"path": path, "type": "models-inference", "products": ["a b"], "cors_origins": []}
    assert apis_of(setting) == [UNIVERSAL | expected]


@pytest.mark.parametrize(
    ("setting", "path"),
    [
        ("yes", "llm_universal_api"),
        ({"deploy": "maybe"}, "llm_universal_api.deploy"),
        ({"path": "a//b"}, "llm_universal_api.path"),
        ({"path": "/"}, "llm_universal_api.path"),
        ({"path": "../openai"}, "llm_universal_api.path"),
        ({"path": "a" * 401}, "llm_universal_api.path"),
        ({"type": "gemini"}, "llm_universal_api.type"),
        ({"products": "all"}, "llm_universal_api.products"),
        ({"products": ["a/b"]}, "llm_universal_api.products[0]"),
        ({"cors_origins": ["https://ai.azure.com", '"/><inject a="']}, "llm_universal_api.cors_origins[1]"),
        ({"kind": "openai"}, "llm_universal_api.kind"),
    ],
)
def test_a_setting_is_refused_with_its_place(setting: Any, path: str) -> None:
    assert only_problem(universal_api=setting).path == path


def test_two_apis_do_not_share_a_path() -> None:
    problem = only_problem(universal_api={"deploy": True, "path": "OpenAI"}, azure_openai_api={"deploy": True})
    assert (problem.path, problem.remedy) == ("llm_azure_openai_api.path", "write another path, such as azure-openai")


def test_the_remedy_for_a_shared_path_is_another_one() -> None:
    setting = {"deploy": True, "path": "models"}
    assert only_problem(universal_api=setting, azure_openai_api=setting).remedy == "write another path, such as openai"


def test_the_azure_openai_api_has_one_type() -> None:
    assert only_problem(azure_openai_api={"type": "openai"}).message == "is not a known field"
