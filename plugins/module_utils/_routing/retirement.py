# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Retirement of models: what ``llm_retirement`` wants done about dates that are near or past.

facts: after its retirement date a deployment answers 410 Gone. PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.fields import Fields
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.inventory import Backend
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.model_entries import Model
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.problems import Problems, shown
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.served_models import ServedModel

KEEP, EXCLUDE, FAIL = "keep", "exclude", "fail"

_VARIABLE = "llm_retirement"
_CHOICES = (KEEP, EXCLUDE, FAIL)
_MAXIMUM_DAYS = 3650
_NAMED_MODELS = 5


@dataclass(frozen=True)
class Retirement:
    """What is done about retirement dates.

    :ivar today: the date that they are compared with; None compares none.
    :ivar warn_days: how many days ahead a person is told.
    :ivar retired: what happens to deployments whose date is past.
    """

    today: date | None
    warn_days: int = 30
    retired: str = KEEP

    def is_past(self, model: Model) -> bool:
        """Tell whether the retirement date of a deployment is past."""
        return bool(self.today and model.retirement_date and date.fromisoformat(model.retirement_date) < self.today)

    def excludes(self, model: Model) -> bool:
        """Tell whether requests no longer go to a deployment."""
        return self.retired == EXCLUDE and self.is_past(model)


def read_retirement(value: Any, today: date | None, problems: Problems) -> Retirement:
    """Return what ``llm_retirement`` asks for, with faults noted.

    :param value: a mapping of ``warn_days`` and ``retired``, or None.
    """
    if value is None:
        return Retirement(today)
    fields = Fields(value, _VARIABLE, ("warn_days", "retired"), problems)
    return Retirement(
        today=today,
        warn_days=fields.integer("warn_days", Retirement.warn_days, 0, _MAXIMUM_DAYS),
        retired=fields.choice("retired", _CHOICES) if fields.raw("retired") is not None else KEEP,
    )


def check_retired(backends: Iterable[Backend], retirement: Retirement, problems: Problems) -> None:
    """Note every deployment whose date is past, where the inventory wants to fail then."""
    for backend in backends if retirement.retired == FAIL else ():
        for model in backend.models:
            if retirement.is_past(model):
                message = f"{shown(model.name)} retired on {model.retirement_date}, and {_VARIABLE}.retired is {FAIL}"
                remedy = f"remove the model, or set {_VARIABLE}.retired to {EXCLUDE} or {KEEP}"
                problems.add(f"{model.path}.retirement_date", message, remedy)


def without_excluded(
    backends: Sequence[Backend], models: Sequence[ServedModel], retirement: Retirement
) -> tuple[list[Backend], list[ServedModel]]:
    """Return backends and models without the deployments to which requests no longer go.

    A model of which nothing is left is gone; otherwise it keeps the names that the inventory gives it.
    """
    kept_backends = [
        replace(backend, models=tuple(model for model in backend.models if not retirement.excludes(model)))
        for backend in backends
    ]
    kept_models = [
        replace(model, listings=tuple(each for each in model.listings if not retirement.excludes(each[1])))
        for model in models
    ]
    return kept_backends, [model for model in kept_models if model.listings]


def exclusion_warnings(listed: Iterable[ServedModel], kept: Iterable[ServedModel]) -> list[str]:
    """Tell which public names are gone with the last deployment of their model.

    :param listed: all models of the inventory.
    :param kept: those that :func:`without_excluded` leaves.
    """
    keys = {model.key for model in kept}
    gone = [name for model in listed if model.key not in keys for name in (model.name, *model.aliases)]
    if not gone:
        return []
    return [f"no longer served, nor by their fallbacks, because all their deployments are excluded: {_listed(gone)}"]


def retirement_warnings(backends: Iterable[Backend], retirement: Retirement) -> list[str]:
    """Return one warning for each date that is near or past, by date."""
    if retirement.today is None:
        return []
    dated: dict[date, list[str]] = {}
    for backend in backends:
        for model in backend.models:
            if model.retirement_date:
                names = dated.setdefault(date.fromisoformat(model.retirement_date), [])
                names.append(f"{model.name} on {backend.backend_id}")
    warnings = []
    for day, names in sorted(dated.items()):
        days = (day - retirement.today).days
        if days < 0:
            outcome = "excluded" if retirement.retired == EXCLUDE else "still routed to"
            warnings.append(f"retired on {day}, {outcome}: {_listed(names)}")
        elif days <= retirement.warn_days:
            warnings.append(f"retires on {day}, in {days} day{'' if days == 1 else 's'}: {_listed(names)}")
    return warnings


def _listed(names: Sequence[str]) -> str:
    rest = len(names) - _NAMED_MODELS
    return ", ".join(names[:_NAMED_MODELS]) + (f" and {rest} more" if rest > 0 else "")
