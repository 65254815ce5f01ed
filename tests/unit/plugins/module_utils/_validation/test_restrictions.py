# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What products restrict, and what their clients are answered."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.checks import FAILED, PASSED, SKIPPED
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.policies import Document
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.restrictions import (
    ProductTrial,
    Restriction,
    accounts_of,
    judge_products,
    read_restriction,
)

from tests.unit.plugins.module_utils._routing.inventories import backend, external, plan_of
from tests.unit.plugins.module_utils._validation.observed import answer, chat

PLAN = plan_of(
    backend("a", {"name": "gpt-4o", "aliases": ["omni"]}, "o3"), backend("b", "gpt-4o"), external("x", "claude")
)


def read(inbound: str = "", outbound: str = "", fragments: dict[str, str] | None = None) -> Restriction:
    text = f"<policies><inbound><base />{inbound}</inbound><outbound>{outbound}</outbound></policies>"
    return read_restriction(Document(text), {name: Document(text) for name, text in (fragments or {}).items()})


def sets(name: str, value: str) -> str:
    return f'<set-variable name="{name}" value="{value}" />'


def allowed(restriction: Restriction) -> set[str]:
    return {model["name"] for model in PLAN["models"] if restriction.allows(model, accounts_of(PLAN))}


def test_literals_are_read_in_any_case_and_with_spaces() -> None:
    found = read(sets("allowedModels", " GPT-4o , o3,,") + sets("allowedBackendPools", "a,B"))
    assert found == Restriction(frozenset({"gpt-4o", "o3"}), frozenset({"a", "b"}))
    assert found.restricts


@pytest.mark.parametrize("inbound", ["", sets("allowedModels", ""), sets("allowedModels", " , "), sets("other", "x")])
def test_what_restricts_nothing(inbound: str) -> None:
    assert not read(inbound).restricts
    assert allowed(read(inbound)) == {"gpt-4o", "o3", "claude"}


def test_the_last_literal_counts() -> None:
    assert read(sets("allowedModels", "o3") + sets("allowedModels", "gpt-4o")).models == {"gpt-4o"}


@pytest.mark.parametrize(
    ("inbound", "reason"),
    [
        (sets("allowedModels", "@(context.User.Id)"), "an expression sets allowedModels"),
        (sets("allowedBackendPools", "{{pools}}"), "an expression sets allowedBackendPools"),
        (
            f'<choose><when condition="@(true)">{sets("allowedModels", "o3")}</when></choose>',
            "allowedModels is not set in any case",
        ),
        ("<broken", "its policy cannot be read: it is not well-formed"),
    ],
)
def test_what_nobody_can_foresee_is_said(inbound: str, reason: str) -> None:
    found = read(inbound)
    assert (found.unreadable, found.restricts) == (reason, True)


def test_what_is_set_when_the_request_has_been_sent_does_not_count() -> None:
    assert not read(outbound=sets("allowedModels", "o3")).restricts


def test_fragments_are_looked_into() -> None:
    include = '<include-fragment fragment-id="limits" />'
    fragments = {"limits": f"<fragment>{sets('allowedModels', 'o3')}</fragment>"}
    assert read(include, fragments=fragments).models == {"o3"}
    assert read(include + sets("allowedModels", "gpt-4o"), fragments=fragments).models == {"gpt-4o"}
    within = f'<choose><when condition="@(true)">{include}</when></choose>'
    assert read(within, fragments=fragments).unreadable == "allowedModels is not set in any case"
    assert not read(include).restricts


@pytest.mark.parametrize(
    ("models", "pools", "names"),
    [
        ({"gpt-4o"}, set(), {"gpt-4o"}),
        ({"omni"}, set(), {"gpt-4o"}),
        ({"nobody"}, set(), set()),
        (set(), {"gpt-4o-backend-pool"}, {"gpt-4o"}),
        (set(), {"a"}, {"o3"}),
        (set(), {"x"}, {"claude"}),
        ({"gpt-4o", "claude"}, {"x", "gpt-4o-backend-pool"}, {"gpt-4o", "claude"}),
        ({"gpt-4o"}, {"a"}, set()),
    ],
    ids=["name", "alias", "unknown", "pool", "account of a single backend", "external", "both", "both, of none"],
)
def test_both_restrictions_must_allow_a_model(models: set[str], pools: set[str], names: set[str]) -> None:
    assert allowed(Restriction(frozenset(models), frozenset(pools))) == names


def test_an_account_stands_for_its_deployments_and_for_pools_over_it_alone() -> None:
    two = [{"name": "gpt-4o", "deployment": "d1"}, {"name": "gpt-4o", "deployment": "d2"}]
    plan = plan_of(backend("a", *two, "o3"), backend_scope="deployment")
    restriction = Restriction(pools=frozenset({"a"}))
    assert all(restriction.allows(model, accounts_of(plan)) for model in plan["models"])


def test_a_fallback_does_not_make_a_model_usable() -> None:
    plan = plan_of(backend("a", {"name": "gpt-4o", "fallbacks": ["claude"]}), external("x", "claude"))
    restriction = Restriction(pools=frozenset({"x"}))
    assert {each["name"] for each in plan["models"] if restriction.allows(each, accounts_of(plan))} == {"claude"}


def test_a_product_that_could_not_be_tried_is_left_out() -> None:
    (check,) = judge_products([ProductTrial("gold", "it has no active subscription")])
    assert (check.name, check.outcome, check.message) == ("product gold", SKIPPED, "it has no active subscription")


@pytest.mark.parametrize(
    ("fields", "outcome"),
    [
        ({}, PASSED),
        ({"status": 401, "code": "unauthorized_model_access"}, FAILED),
        ({"status": 403, "code": "backend_pool_access_forbidden"}, FAILED),
        ({"error": "not JSON"}, FAILED),
        ({"status": 500}, FAILED),
        ({"status": 401, "message": "JWT not present."}, SKIPPED),
        ({"status": 403, "message": "Out of call volume quota."}, SKIPPED),
        ({"status": 429, "message": "Rate limit is exceeded."}, SKIPPED),
    ],
)
def test_an_allowed_model_is_answered(fields: dict[str, Any], outcome: str) -> None:
    (check,) = judge_products([ProductTrial("gold", allowed=answer(question=chat("o3"), **fields))])
    assert (check.group, check.name, check.outcome) == ("access", "o3 is allowed by product gold", outcome)


@pytest.mark.parametrize(
    ("fields", "outcome"),
    [
        ({"status": 401, "code": "unauthorized_model_access"}, PASSED),
        ({"status": 403, "code": "backend_pool_access_forbidden"}, PASSED),
        ({"status": 200}, FAILED),
        ({"status": 403, "code": "unauthorized_model_access"}, FAILED),
        ({"status": None, "error": "cut"}, FAILED),
        ({"status": 401, "code": "", "message": "JWT not present."}, SKIPPED),
        ({"status": 403, "message": "Out of call volume quota."}, SKIPPED),
        ({"status": 429, "code": "throttled"}, SKIPPED),
    ],
)
def test_a_forbidden_model_is_refused_for_that_reason(fields: dict[str, Any], outcome: str) -> None:
    (check,) = judge_products([ProductTrial("gold", forbidden=answer(question=chat("o3"), **fields))])
    assert (check.name, check.outcome) == ("o3 is forbidden by product gold", outcome)


def test_what_is_not_judged_is_told_with_the_answer() -> None:
    (check,) = judge_products([ProductTrial("gold", allowed=answer(status=429, message="Token limit is exceeded."))])
    assert check.message.startswith(
        "not judged, for another rule than that of models refuses it: HTTP 429: Token limit is exceeded."
    )
