# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options that cannot be used, all of them told at once."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.citadel.ai_gateway.plugins.module_utils._probe.argument_spec import (
    PROBE_ARGUMENT_SPEC,
    problems_of,
)

from tests.unit.plugins.module_utils._routing.inventories import backend, plan_of

PLACE = {"resource_group": "rg-hub", "service_name": "apim-hub"}


def validated(**given: Any) -> dict[str, Any]:
    options = {**PLACE, "plan": plan_of(backend("a")), "apis": [{"path": "models"}], **given}
    result = ArgumentSpecValidator(PROBE_ARGUMENT_SPEC).validate(options)  # type: ignore[no-untyped-call]
    assert result.error_messages == []
    return dict(result.validated_parameters)


def test_defaults_can_be_used() -> None:
    params = validated()
    assert problems_of(params) == []
    assert "failover" not in params["checks"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("concurrency", 0),
        ("concurrency", 65),
        ("max_calls", -1),
        ("share_requests", 9),
        ("share_requests", 1001),
        ("latency_requests", -1),
        ("max_p95_ms", -1),
        ("request_timeout", 0),
        ("propagation_delay", -1),
    ],
)
def test_a_number_out_of_range_is_told(name: str, value: int) -> None:
    (problem,) = problems_of(validated(**{name: value}))
    assert problem.startswith(f"{name} is {value}: write a number from ")


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"plan": {"problems": "The inventory has 1 problem"}}, "plan has no backends, pools, routes, models: "),
        ({"apis": []}, "apis is empty"),
        ({"checks": []}, "checks is empty: list some of listing, models, "),
        ({"headers": {"a b": "x"}}, "headers has 'a b', which is no name of a header"),
        ({"headers": {"Api-Key": "x"}}, "headers has Api-Key, which the subscription's key is sent in: give it as sub"),
        ({"headers": {"Host": "x"}}, "headers has Host, which each request sets by itself"),
        ({"headers": {"x-a": "1", "X-A": "2"}}, "headers has x-a more than once, in different case"),
        ({"token_audience": "api://x y"}, "token_audience is 'api://x y': write an application's id or its URI"),
        (
            {"token_audience": "api://x", "headers": {"authorization": "Bearer x"}},
            "headers has Authorization, which token_audience sets",
        ),
        ({"apis": [{"path": "models"}, {"path": "/Models/"}]}, "apis lists the path models more than once"),
        ({"chat_options": {"model": "other"}}, "chat_options has model"),
        ({"chat_options": {"stream": True}}, "chat_options has stream"),
        ({"chat_options": {"until": date(2026, 1, 1)}}, "chat_options cannot be sent as JSON"),
        ({"chat_options": {"temperature": float("nan")}}, "chat_options cannot be sent as JSON"),
        (
            {"models": {"gpt-4": {}}},
            "models.gpt-4: the inventory has no model of that name: did you mean gpt-4o?",
        ),
        ({"models": {"claude": {}}}, "models.claude: the inventory has no model of that name: it has gpt-4o"),
        ({"models": {"gpt-4o": True}}, "models.gpt-4o is no mapping: write skip, chat_options, max_p95_ms below it"),
        ({"models": {"gpt-4o": {"skipped": True}}}, "models.gpt-4o.skipped: there is no such option: write skip, "),
        ({"models": {"gpt-4o": {"skip": "yes"}}}, "models.gpt-4o.skip is 'yes': write true or false"),
        ({"models": {"gpt-4o": {"max_p95_ms": "9"}}}, "models.gpt-4o.max_p95_ms is '9': write a number from 0"),
        ({"models": {"gpt-4o": {"max_p95_ms": True}}}, "models.gpt-4o.max_p95_ms is True: write a number from 0"),
        ({"models": {"gpt-4o": {"chat_options": 5}}}, "models.gpt-4o.chat_options is no mapping: write members"),
        ({"models": {"gpt-4o": {"chat_options": {"model": "x"}}}}, "models.gpt-4o.chat_options has model, which each"),
    ],
)
def test_what_cannot_work_is_told(options: dict[str, Any], problem: str) -> None:
    (found,) = problems_of(validated(**options))
    assert found.startswith(problem)


def test_an_alias_is_told_with_the_name_of_its_model() -> None:
    plan = plan_of(backend("a", {"name": "gpt-4o", "aliases": ["omni"]}))
    (found,) = problems_of(validated(plan=plan, models={"omni": {"skip": True}}))
    assert found.endswith("it is an alias of gpt-4o, write that")


def test_options_of_models_can_be_used() -> None:
    options = {"skip": False, "chat_options": {"max_tokens": None}, "max_p95_ms": 900}
    assert problems_of(validated(models={"gpt-4o": options})) == []


@pytest.mark.parametrize("key", ["5ecret\n", " 5ecret", "5e cret", "5ecret\u2026", "5ecret\x00"])
def test_a_key_that_no_header_takes_is_told_and_not_shown(key: str) -> None:
    (found,) = problems_of(validated(subscription_key=key))
    assert found.startswith("subscription_key holds a space, a line break or another character that no key has")
    assert "5e" not in found


@pytest.mark.parametrize("value", ["5ecret\n", " 5ecret", "5ecret\u2026", "", 5, None, ["5ecret"]])
def test_a_value_that_no_header_takes_is_told_and_not_shown(value: Any) -> None:
    (found,) = problems_of(validated(headers={"Authorization": value}))
    assert found == (
        "headers.Authorization is no text that a header can hold: write printable ASCII without spaces around it"
    )


def test_all_problems_are_told_at_once() -> None:
    assert len(problems_of(validated(apis=[], concurrency=0, chat_options={"model": "x"}))) == 3
