# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Variables of a validation that cannot be used, all of them told before anything is asked."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.checks import GROUPS
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.settings import (
    ALL_CHECKS,
    settings_problems,
)

from tests.unit.plugins.module_utils._routing.inventories import backend, plan_of

PLAN = plan_of(backend("a", "gpt-4o", "o3"))


def problems(**given: Any) -> list[str]:
    settings = {"checks": ALL_CHECKS, "required": [], "models": {}, "chat_options": {}, "headers": {}}
    return settings_problems(PLAN, **{**settings, "token_audience": "", **given})


def test_defaults_and_all_groups_can_be_used() -> None:
    assert problems() == []
    assert problems(required=GROUPS) == []


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"checks": []}, "llm_validation_checks is empty: list some of configuration, prerequisites, listing, models"),
        ({"checks": ["shared"]}, "llm_validation_checks has shared, which is none: list some of configuration"),
        (
            {"checks": "models,shares"},
            "llm_validation_checks is the text 'models,shares': write a list, such as [models, ",
        ),
        ({"required": "shares"}, "llm_validation_required is the text 'shares': write a list, such as [shares]"),
        ({"required": ["traces"]}, "llm_validation_required has traces, which is no group of checks: list some of"),
        (
            {"checks": ["models"], "required": ["shares"]},
            "llm_validation_required has shares, which is not checked: add shares to llm_validation_checks",
        ),
        (
            {"checks": ["models"], "required": ["secrets"]},
            "llm_validation_required has secrets, which is not checked: add access to llm_validation_checks",
        ),
        (
            {"checks": ["listing"], "required": ["connectivity"]},
            "llm_validation_required has connectivity, which is not checked: add models or streaming or shares or ",
        ),
        ({"models": {"gpt-4": {}}}, "llm_validation_models.gpt-4: the inventory has no model of that name: did you "),
        ({"models": ["o3"]}, "llm_validation_models is no mapping"),
        ({"models": {"o3": {"tokens": 5}}}, "llm_validation_models.o3.tokens: there is no such option"),
        ({"chat_options": {"stream": True}}, "llm_validation_chat_options has stream"),
        ({"headers": {"api-key": "x"}}, "llm_validation_headers has api-key, which the subscription's key is sent in"),
        ({"headers": "Bearer 5ecret"}, "llm_validation_headers is no mapping"),
        ({"token_audience": " "}, "llm_validation_token_audience is ' '"),
    ],
)
def test_what_cannot_be_used_is_told_with_its_path_and_remedy(given: dict[str, Any], problem: str) -> None:
    (found,) = problems(**given)
    assert found.startswith(problem)
    assert "5ecret" not in found


def test_connectivity_may_be_required_of_any_check_that_asks_backends() -> None:
    assert problems(checks=["streaming"], required=["connectivity"]) == []


def test_all_problems_are_told_at_once() -> None:
    found = problems(checks=[], required=["x"], models={"o9": {}}, headers={"Host": "h"}, chat_options={"model": "x"})
    assert len(found) == 5
