# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Chains: the routes that a model's requests try in order, those of its fallbacks included.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.arrangement import Arrangement, Hop, arrange
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.deployment_checks import check_deployments
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.groups import check_sizes
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.problems import Problems
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.public_names import (
    Fallback,
    refuse_ambiguous,
    refuse_itself,
    refuse_unknown,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.reserved_capacity import spared_members
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.scope import (
    BACKEND,
    check_backend_scope,
    scopes_of,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.served_models import ServedModel

Fallbacks = Mapping[str, Sequence[Fallback]]


@dataclass(frozen=True)
class Chains:
    """Where the models of an inventory are routed, with their fallbacks.

    :ivar fallbacks: model key -> its fallbacks in order, for models that have some.
    """

    arrangement: Arrangement
    fallbacks: Fallbacks

    def hops(self, model: ServedModel) -> list[Hop]:
        """Return the hops of a model: its own, then those of its fallbacks, each route once; not transitive."""
        return self.arrangement.chain(model.key, self.fallbacks.get(model.key, ()))


def chain_models(
    listed: Sequence[ServedModel],
    models: Sequence[ServedModel],
    fallbacks: Fallbacks,
    scope: str,
    accounts: Sequence[str],
    problems: Problems,
) -> Chains:
    """Return the chains of models.

    A fallback may be the name of a pool, but which pools there are depends on scopes, and these on fallbacks. So models
    are arranged without such fallbacks first, to learn whose pool is meant, and which aliases are pools too. One that
    is not there in the end, because its model has lost members, stands for the model.

    :param listed: all models of the inventory.
    :param models: those to which requests go.
    :param fallbacks: model key -> fallbacks, see :func:`.public_names.read_fallbacks`.
    :param scope: ``llm_backend_scope``.
    :param accounts: ids of all backends of the inventory.
    :raises InventoryError: with every problem so far, and every model that cannot be routed as the inventory wants.
    """
    scopes = _checked_scopes(models, _kept(models, fallbacks), scope, problems)
    if any(each.alias or not each.model for given in fallbacks.values() for each in given):
        all_scopes = _scopes(listed, fallbacks, scope)
        owners = arrange(listed, all_scopes, accounts, spared_members(listed, fallbacks)).pool_owners()
        fallbacks = {key: _with_owners(key, given, owners, problems) for key, given in fallbacks.items()}
        scopes = _checked_scopes(models, _kept(models, fallbacks), scope, problems)
    fallbacks = _kept(models, fallbacks)
    arrangement = arrange(models, scopes, accounts, spared_members(models, fallbacks))
    pools = arrangement.pool_owners()
    return Chains(
        arrangement,
        {
            key: [each if each.pool in pools else replace(each, pool="") for each in given]
            for key, given in fallbacks.items()
        },
    )


def _checked_scopes(
    models: Sequence[ServedModel], fallbacks: Fallbacks, scope: str, problems: Problems
) -> dict[str, str]:
    if scope == BACKEND:
        check_backend_scope(models, fallbacks.keys(), _targets(fallbacks), problems)
    scopes = _scopes(models, fallbacks, scope)
    check_deployments(models, scopes, problems)
    check_sizes(models, scopes, spared_members(models, fallbacks), problems)
    problems.raise_if_any()
    return scopes


def _scopes(models: Sequence[ServedModel], fallbacks: Fallbacks, scope: str) -> dict[str, str]:
    return scopes_of(models, scope, fallbacks.keys(), _targets(fallbacks))


def _targets(fallbacks: Fallbacks) -> set[str]:
    return {each.model for given in fallbacks.values() for each in given}


def _kept(models: Sequence[ServedModel], fallbacks: Fallbacks) -> dict[str, list[Fallback]]:
    """Return the fallbacks among models that are left, for models that have some."""
    keys = {"", *(model.key for model in models)}
    kept = {key: [each for each in given if each.model in keys] for key, given in fallbacks.items() if key in keys}
    return {key: given for key, given in kept.items() if given}


def _with_owners(
    key: str, fallbacks: Sequence[Fallback], owners: Mapping[str, str], problems: Problems
) -> list[Fallback]:
    """Return fallbacks with the models of the pools that they name.

    :param owners: name of a pool, without regard to case -> key of its model.
    """
    named = []
    for each in fallbacks:
        owner = each.model or owners.get(each.pool, "")
        if owners.get(each.alias, owner) != owner:
            refuse_ambiguous(each.path, each.alias, problems)
        elif not owner:
            refuse_unknown(each.path, each.pool, list(owners), problems)
        elif owner == key:
            refuse_itself(each.path, each.pool, problems)
        else:
            named.append(replace(each, model=owner))
    return named
