# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tries products that restrict models: as a client of each, for a model that it allows and for one that it forbids.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.errors import ClientError, DeadlineExceeded
from ansible_collections.citadel.ai_gateway.plugins.module_utils._probe.asking import Access
from ansible_collections.citadel.ai_gateway.plugins.module_utils._probe.service import Product, ServiceReader
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.model_options import ModelOptions
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.observations import Observation
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.questions import (
    Question,
    questions_of,
    repeated_question,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.restrictions import (
    ProductTrial,
    Restriction,
    accounts_of,
)

Ask = Callable[[Question, Access], Observation]

_NOBODY = (
    "no active subscription to it may be used, because each belongs to somebody: name one that is for validations in "
    "llm_validation_subscriptions"
)


@dataclass(frozen=True)
class ProductQuestions:
    """What a product is tried with.

    :ivar reason: why it is not tried; empty when it is.
    :ivar allowed: for a model that it allows; ``forbidden`` for one that it forbids. None where there is none.
    """

    product: Product
    reason: str = ""
    allowed: Question | None = None
    forbidden: Question | None = None


def product_questions(
    plan: Mapping[str, Any],
    apis: Sequence[Mapping[str, str]],
    restricted: Mapping[Product, Restriction],
    options: ModelOptions,
) -> list[ProductQuestions]:
    """Return what each product that restricts models is tried with."""
    return [_questions(plan, apis, product, restriction, options) for product, restriction in restricted.items()]


def _questions(
    plan: Mapping[str, Any],
    apis: Sequence[Mapping[str, str]],
    product: Product,
    restriction: Restriction,
    options: ModelOptions,
) -> ProductQuestions:
    own = [api for api in apis if api["name"] in product.apis]
    if restriction.unreadable:
        return ProductQuestions(product, f"{restriction.unreadable}, so that nobody can foresee what it allows")
    if not own:
        return ProductQuestions(product, "it has none of the APIs that are tried")
    if not product.subscription:
        return ProductQuestions(product, _NOBODY)
    accounts, asked = accounts_of(plan), questions_of(plan, own, options).asked
    allowed = {model["name"]: restriction.allows(model, accounts) for model in plan["models"]}
    allows, forbids = (
        next((each for name in allowed if allowed[name] is wanted and (each := repeated_question(asked, name))), None)
        for wanted in (True, False)
    )
    if allows is None and forbids is None:
        return ProductQuestions(product, "the inventory has no model to try it with")
    return ProductQuestions(product, allowed=allows, forbidden=replace(forbids, refused=True) if forbids else None)


def try_products(
    products: Sequence[ProductQuestions], reader: ServiceReader, ask: Ask, apis: Sequence[Mapping[str, str]]
) -> list[ProductTrial]:
    """Return what a subscription of each product was answered.

    :param ask: asks a question as a client.
    """
    return [_try(each, reader, ask, apis) for each in products]


def _try(wanted: ProductQuestions, reader: ServiceReader, ask: Ask, apis: Sequence[Mapping[str, str]]) -> ProductTrial:
    trial = ProductTrial(wanted.product.name, wanted.reason)
    if trial.reason:
        return trial
    try:
        access = reader.access(wanted.product.subscription, apis)
    except DeadlineExceeded:
        raise
    except ClientError as error:
        return ProductTrial(trial.product, f"its subscription gives no key: {error}")
    trial.allowed = ask(wanted.allowed, access) if wanted.allowed else None
    trial.forbidden = ask(wanted.forbidden, access) if wanted.forbidden else None
    return trial
