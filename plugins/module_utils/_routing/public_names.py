# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Public names: who an alias and a fallback mean.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.model_entries import Model
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.naming import (
    deployment_names,
    may_be_pool,
    model_key,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.problems import Problems, shown
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.served_models import ServedModel

_ALIAS_REMEDY = "give each model aliases of its own"


@dataclass(frozen=True)
class Fallback:
    """What takes the requests that a model refuses.

    :ivar path: its place in the inventory.
    :ivar model: key of the model it means; empty when only the names of pools can tell.
    :ivar pool: name of the pool, without regard to case, when it means one alone; empty for all of a model.
    :ivar alias: the alias, without regard to case, when it could be the name of a pool as well.
    """

    path: str
    model: str
    pool: str = ""
    alias: str = ""


def read_names(models: Sequence[ServedModel], problems: Problems) -> dict[str, str]:
    """Return public name -> key of its model, for names and aliases in the form of :func:`.naming.model_key`.

    An alias that means two models is a problem.
    """
    names = {model.key: model.key for model in models}
    for model in models:
        for _backend, entry in model.listings:
            for index, alias in enumerate(entry.aliases):
                owner = names.setdefault(model_key(alias), model.key)
                if alias and owner != model.key:
                    what = "the name" if owner == model_key(alias) else "an alias"
                    message = f"is {shown(alias)}, {what} of another model ({shown(_name_of(owner, models))})"
                    problems.add(f"{entry.path}.aliases[{index}]", message, _ALIAS_REMEDY)
    return names


def read_fallbacks(
    models: Sequence[ServedModel], names: Mapping[str, str], problems: Problems
) -> dict[str, tuple[Fallback, ...]]:
    """Return model key -> its fallbacks in order, for those that have some.

    Every entry of a model that gives fallbacks must give the same, for a request knows the model alone.

    :param names: public names, see :func:`read_names`.
    """
    fallbacks: dict[str, tuple[Fallback, ...]] = {}
    for model in models:
        given = [entry for _backend, entry in model.listings if entry.fallbacks is not None]
        for entry in given[1:]:
            if _meanings(entry, names) != _meanings(given[0], names):
                message = f"differs from {given[0].path}.fallbacks, of the same model"
                problems.add(f"{entry.path}.fallbacks", message, "write the same list, or write it once")
        if given and given[0].fallbacks:
            fallbacks[model.key] = _read_entry(model, given[0], names, models, problems)
    return fallbacks


def refuse_unknown(path: str, text: str, known: Sequence[str], problems: Problems) -> None:
    """Note that a fallback is nothing that the inventory has.

    :param known: names that it could be, for a guess.
    """
    near = get_close_matches(text, known, n=1)
    remedy = f"write {shown(near[0])}" if near else "write a name or alias of a model, or the name of its pool"
    problems.add(path, f"is {shown(text)}, which is no model, alias or pool of the inventory", remedy)


def refuse_ambiguous(path: str, text: str, problems: Problems) -> None:
    """Note that a fallback is an alias of one model and the pool of another."""
    message = f"is {shown(text)}, an alias of one model and the pool of another"
    problems.add(path, message, "write the name of the model that is meant, or give it another alias")


def refuse_itself(path: str, text: str, problems: Problems) -> None:
    """Note that a fallback is the model itself."""
    problems.add(path, f"is {shown(text)}, the model itself", "name another model, or remove it")


def _read_entry(
    model: ServedModel, entry: Model, names: Mapping[str, str], models: Sequence[ServedModel], problems: Problems
) -> tuple[Fallback, ...]:
    fallbacks = []
    for index, text in enumerate(entry.fallbacks or ()):
        path = f"{entry.path}.fallbacks[{index}]"
        target = names.get(model_key(text), "")
        if not text:
            continue
        if target == model.key:
            refuse_itself(path, text, problems)
        elif not target and not may_be_pool(text):
            _refuse_name(path, text, models, problems)
        elif not target:
            fallbacks.append(Fallback(path, "", pool=text.lower()))
        else:
            is_ambiguous = target != model_key(text) and may_be_pool(text)
            fallbacks.append(Fallback(path, target, alias=text.lower() if is_ambiguous else ""))
    return tuple(fallbacks)


def _refuse_name(path: str, text: str, models: Sequence[ServedModel], problems: Problems) -> None:
    """Note that a fallback is a backend, which only its models name, or nothing that the inventory has."""
    served = _models_of_backends(models).get(text.lower())
    if served:
        remedy = f"name a model instead: {shown(served)} is one that it serves"
        problems.add(path, f"is {shown(text)}, a backend; fallbacks are models or pools", remedy)
    else:
        refuse_unknown(path, text, [name for model in models for name in (model.name, *model.aliases)], problems)


def _models_of_backends(models: Iterable[ServedModel]) -> dict[str, str]:
    """Return name of an APIM backend, account or deployment, without regard to case -> a model that it serves."""
    served = {
        (member.account.backend_id.lower(), member.deployment_key): (member.model.deployment, model.name)
        for model in models
        for member in model.members
    }
    accounts = {account: name for (account, _key), (_deployment, name) in served.items()}
    names = deployment_names({pair: deployment for pair, (deployment, _name) in served.items()}, accounts)
    return accounts | {name.lower(): served[pair][1] for pair, name in names.items()}


def _meanings(entry: Model, names: Mapping[str, str]) -> list[str]:
    keys = [model_key(text) for text in entry.fallbacks or ()]
    return [names.get(key, key) for key in keys]


def _name_of(key: str, models: Sequence[ServedModel]) -> str:
    return next(model.name for model in models if model.key == key)
