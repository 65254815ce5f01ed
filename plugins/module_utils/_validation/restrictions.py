# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What products restrict: which models their policies allow, and which models that forbids.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element

from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.checks import (
    Check,
    failed,
    passed,
    skipped,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.judge_answers import remedy_for
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.observations import Observation
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.policies import Document

_POOLS, _MODELS = "allowedBackendPools", "allowedModels"
# Sections in which a request has long been sent.
_LATER = ("outbound", "on-error")
_NO_FRAGMENT = Document("")
_THROTTLED = 429
_REFUSALS = {401: "unauthorized_model_access", 403: "backend_pool_access_forbidden"}


@dataclass(frozen=True)
class Restriction:
    """What the policy of a product allows; an empty set allows everything.

    :ivar unreadable: why nobody can foresee what it allows; empty when that can be read.
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


def read_restriction(policy: Document, fragments: Mapping[str, Document]) -> Restriction:
    """Return what the policy of a product restricts by literals of ``set-variable``, its fragments included.

    :param fragments: those of the service, by their ids.
    """
    if policy.fault:
        return Restriction(unreadable=f"its policy cannot be read: {policy.fault}")
    found: dict[str, frozenset[str]] = {}
    for element, is_certain in _settings(policy.children(), fragments):
        name, value = element.get("name", ""), element.get("value", "")
        if not is_certain:
            return Restriction(unreadable=f"{name} is not set in any case")
        if value.startswith("@") or "{{" in value:
            return Restriction(unreadable=f"an expression sets {name}")
        found[name] = frozenset(each.strip().lower() for each in value.split(",") if each.strip())
    return Restriction(found.get(_MODELS, frozenset()), found.get(_POOLS, frozenset()))


def _settings(
    elements: Iterable[Element], fragments: Mapping[str, Document], *, is_certain: bool = True
) -> Iterator[tuple[Element, bool]]:
    """Yield what sets a variable that restricts, in the order of execution, and whether every request passes it."""
    for element in elements:
        if element.tag == "set-variable":
            if element.get("name") in (_POOLS, _MODELS):
                yield element, is_certain
        elif element.tag == "include-fragment":
            fragment = fragments.get(element.get("fragment-id", ""), _NO_FRAGMENT)
            yield from _settings(fragment.children(), {}, is_certain=is_certain)
        elif element.tag not in _LATER:
            yield from _settings(element, fragments, is_certain=is_certain and element.tag == "inbound")


def accounts_of(plan: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the accounts for which each route may be used: a pool over several stands for itself alone."""
    return {each["name"]: each["accounts"] for each in plan["routes"] if len(each["accounts"]) == 1}


@dataclass
class ProductTrial:
    """What a subscription of a product was answered: for a model that it may use, and for one that it may not.

    :ivar reason: why nothing was asked; empty when something was.
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
    if _is_refused_otherwise(answer):
        return skipped("access", name, _not_judged(answer))
    return failed("access", name, answer.outcome, remedy_for(answer), duration_ms=answer.duration_ms)


def _forbidden(product: str, answer: Observation) -> Check:
    name = f"{answer.question.model} is forbidden by product {product}"
    if answer.status in _REFUSALS and answer.code == _REFUSALS[answer.status]:
        return passed("access", name, answer.outcome, duration_ms=answer.duration_ms)
    if _is_refused_otherwise(answer):
        return skipped("access", name, _not_judged(answer))
    wanted = " or ".join(f"HTTP {status} {code}" for status, code in _REFUSALS.items())
    remedy = "check that the API's policy includes <base /> before the fragments, and onboard again"
    return failed(
        "access", name, f"it is answered {answer.outcome}, not {wanted}", remedy, duration_ms=answer.duration_ms
    )


def _is_refused_otherwise(answer: Observation) -> bool:
    """Tell whether a limit, a quota or a check of tokens refused a request before what restricts models could."""
    return answer.status == _THROTTLED or (answer.status in _REFUSALS and answer.code not in _REFUSALS.values())


def _not_judged(answer: Observation) -> str:
    return f"not judged, for another rule than that of models refuses it: {answer.outcome}"
