# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What products that restrict models are tried with."""

from __future__ import annotations

from ansible_collections.citadel.ai_gateway.plugins.module_utils._probe.products import (
    ProductQuestions,
    product_questions,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._probe.service import Product
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.model_options import ModelOptions
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.policies import Document
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.restrictions import Restriction

from tests.unit.plugins.module_utils._routing.inventories import backend, plan_of
from tests.unit.plugins.module_utils._validation.observed import API, AZURE

PLAN = plan_of(backend("a", "gpt-4o", "o3", "whisper"))


def product(subscription: str = "gold-1", *apis: str) -> Product:
    return Product("gold", Document("<policies />"), subscription, frozenset(apis or (AZURE["name"],)))


def tried(restriction: Restriction, wanted: Product | None = None) -> ProductQuestions:
    (found,) = product_questions(PLAN, [API, AZURE], {wanted or product(): restriction}, ModelOptions())
    return found


def restricted(*models: str) -> Restriction:
    return Restriction(models=frozenset(models))


def test_one_allowed_and_one_forbidden_model_are_asked_for_by_an_api_of_the_product() -> None:
    found = tried(restricted("o3"))
    assert found.allowed is not None
    assert found.forbidden is not None
    assert (found.allowed.model, found.allowed.api, found.allowed.costs) == ("o3", AZURE["name"], True)
    assert (found.forbidden.model, found.forbidden.refused, found.forbidden.costs) == ("gpt-4o", True, False)
    assert found.reason == ""


def test_where_there_is_only_one_kind_of_model_that_is_asked_for() -> None:
    everything, nothing = tried(restricted("gpt-4o", "o3", "whisper")), tried(restricted("nobody"))
    assert (everything.allowed is None, everything.forbidden is None) == (False, True)
    assert (nothing.allowed is None, nothing.forbidden is None) == (True, False)


def test_a_model_that_no_api_can_be_asked_for_is_passed_over() -> None:
    found = tried(restricted("whisper"))
    assert found.allowed is None
    assert found.forbidden is not None


def test_a_product_that_cannot_be_tried_is_told_why() -> None:
    unreadable = tried(Restriction(unreadable="an expression sets allowedModels"))
    assert unreadable.reason == "an expression sets allowedModels, so that nobody can foresee what it allows"
    assert tried(restricted("o3"), product("")).reason == (
        "no active subscription to it may be used, because each belongs to somebody: name one that is for validations "
        "in llm_validation_subscriptions"
    )
    assert tried(restricted("o3"), product("s", "other")).reason == "it has none of the APIs that are tried"
    only = plan_of(backend("a", "whisper"))
    (found,) = product_questions(only, [API, AZURE], {product(): restricted("o3")}, ModelOptions())
    assert found.reason == "the inventory has no model to try it with"
