# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reserved capacity: provisioned deployments that refuse single requests and go on serving.

facts: a provisioned deployment answers 429 to what goes beyond its capacity, by design. PRIVATE to the
citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.members import MemberKey
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.served_models import ServedModel


def spared_members(models: Iterable[ServedModel], with_fallbacks: Collection[str]) -> set[MemberKey]:
    """Return the provisioned deployments whose breakers ignore 429, so that only refused requests go elsewhere.

    Every model of the deployment must have fallbacks: requests of one without would get the refusals. A breaker for
    which the inventory lists 429 stays as it is.

    :param with_fallbacks: keys of the models that have fallbacks.
    """
    spared: set[MemberKey] = set()
    others: set[MemberKey] = set()
    for model in models:
        for member in model.members:
            if model.key not in with_fallbacks or member.account.circuit_breaker.lists_refusals:
                others.add(member.key)
            elif member.model.is_provisioned:
                spared.add(member.key)
    return spared - others


def reserved_capacity_warnings(models: Iterable[ServedModel], with_fallbacks: Collection[str]) -> list[str]:
    """Tell which provisioned deployments have fallbacks under one name and none under another."""
    models = list(models)
    bare = {
        member.key: model.name
        for model in reversed(models)
        if model.key not in with_fallbacks
        for member in model.members
    }
    return [
        f"{model.name}: {member.model.deployment} on {member.account.backend_id} is provisioned, but taken out for all "
        f"when it refuses some requests, because {bare[member.key]} lists it without fallbacks; give it some there too"
        for model in models
        if model.key in with_fallbacks
        for member in model.members
        if member.model.is_provisioned and member.key in bare and member.account.circuit_breaker.status_codes is None
    ]
