# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What products restrict: which models their policies allow, and which models that forbids.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.checks import (
    Check,
    failed,
    passed,
    skipped,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.judge_answers import remedy_for
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.observations import Observation
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.policies import elements_of

_POOLS, _MODELS = "allowedBackendPools", "allowedModels"
_REFUSALS = {401: "unauthorized_model_access", 403: "backend_pool_access_forbidden"}


@dataclass(frozen=True)
class Restriction:
    """What the policy of a product allows; an empty set allows everything.

    :ivar unreadable: a variable that an expression sets, so that nothing can be said of it here.
    """

    models: frozenset[str] = frozenset()
    pools: frozenset[str] = frozenset()
    unreadable: str = ""

    @property
    def restricts(self) -> bool:
        """Whether anything may be forbidden."""
        return bool(self.models or self.pools or self.unreadable)

    def allows(self, model: Mapping[str, Any], accounts: Mapping[str, Sequence[str]]) -> bool:
        """Tell whether a model may be used (README, Access).

        :param model: an entry of ``models`` of a plan.
        :param accounts: accounts of each route that is no pool over several of them.
        """
        names = {name.lower() for name in (model["name"], *model["aliases"])}
        if self.models and not names & self.models:
            return False
        own = [hop["route"] for hop in model["hops"] if hop["model"] == model["name"]]
        usable = {name.lower() for route in own for name in (route, *accounts.get(route, ()))}
        return not self.pools or bool(usable & self.pools)


def read_restriction(policy: str) -> Restriction:
    """Return what the text of a product's policy restricts by literals of ``set-variable``."""
    found: dict[str, frozenset[str]] = {}
    for element in elements_of(policy):
        name, value = element.get("name", ""), element.get("value", "")
        if element.tag != "set-variable" or name not in (_POOLS, _MODELS):
            continue
        if value.startswith("@") or "{{" in value:
            return Restriction(unreadable=name)
        found[name] = frozenset(each.strip().lower() for each in value.split(",") if each.strip())
    return Restriction(found.get(_MODELS, frozenset()), found.get(_POOLS, frozenset()))


def accounts_of(plan: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the accounts for which each route may be used: a pool over several stands for itself alone."""
    return {each["name"]: each["accounts"] for each in plan["routes"] if len(each["accounts"]) == 1}


@dataclass
class ProductTrial:
    """What a subscription of a product was answered: for a model that it may use, and for one that it may not.

    :ivar reason: why one of them was not asked; empty when both were, or there is none of that kind.
    """

    product: str
    reason: str = ""
    allowed: Observation | None = None
    forbidden: Observation | None = None


def judge_products(trials: Sequence[ProductTrial]) -> Iterator[Check]:
    """Yield the checks of products that restrict what may be used."""
    for trial in trials:
        if trial.reason:
            yield skipped("access", f"product {trial.product}", trial.reason)
        if trial.allowed is not None:
            yield _allowed(trial.product, trial.allowed)
        if trial.forbidden is not None:
            yield _forbidden(trial.product, trial.forbidden)


def _allowed(product: str, answer: Observation) -> Check:
    name = f"{answer.question.model} is allowed by product {product}"
    if answer.is_good:
        return passed("access", name, duration_ms=answer.duration_ms)
    return failed("access", name, answer.outcome, remedy_for(answer), duration_ms=answer.duration_ms)


def _forbidden(product: str, answer: Observation) -> Check:
    name = f"{answer.question.model} is forbidden by product {product}"
    if answer.status in _REFUSALS and answer.code == _REFUSALS[answer.status]:
        return passed("access", name, answer.outcome, duration_ms=answer.duration_ms)
    wanted = " or ".join(f"HTTP {status} {code}" for status, code in _REFUSALS.items())
    remedy = "check that the API's policy includes <base /> before the fragments, and onboard again"
    return failed(
        "access", name, f"it is answered {answer.outcome}, not {wanted}", remedy, duration_ms=answer.duration_ms
    )
