# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of the modules for APIM backends and pools.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.arrangement import Deployment, Route
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.inventory import Backend
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.weights import scale_weights

# facts: a description holds 2,000 characters; the rest is left for the mark of the owner.
_DESCRIPTION_CHARACTERS = 1800
_WEIGHT_TOLERANCE = 0.01


def account_options(backend: Backend, *, spares_refusals: bool) -> dict[str, Any]:
    """Return the options of module ``apim_llm_backend`` for a backend of the inventory.

    :param spares_refusals: see :meth:`.circuit_breaker.CircuitBreaker.as_options`.
    """
    return {
        "name": backend.backend_id,
        "url": backend.endpoint,
        "description": _description(f"LLM backend ({backend.backend_type})", [model.name for model in backend.models]),
        "circuit_breaker": backend.circuit_breaker.as_options(spares_refusals=spares_refusals),
        **_credentials(backend),
        **_TLS_CHECKS,
    }


def deployment_options(deployment: Deployment, *, carries_version: bool, spares_refusals: bool) -> dict[str, Any]:
    """Return the options of module ``apim_llm_backend`` for the APIM backend of one deployment.

    :param carries_version: requests get their api-version from it, because its pool has members that take others.
    :param spares_refusals: see :meth:`.circuit_breaker.CircuitBreaker.as_options`.
    """
    member = deployment.member
    title = f"LLM deployment {member.model.deployment} of {member.account.backend_id}"
    return {
        "name": deployment.name,
        "url": member.url,
        "description": _description(title, deployment.models),
        "circuit_breaker": member.account.circuit_breaker.as_options(spares_refusals=spares_refusals),
        **_credentials(member.account, member.api_version if carries_version else ""),
        **_TLS_CHECKS,
    }


def pool_options(route: Route) -> dict[str, Any]:
    """Return the options of module ``apim_backend_pool`` for a pool."""
    return {
        "name": route.name,
        "description": f"LLM backends that serve {route.models[0]}",
        "members": [member for members, _warning in _priority_groups(route) for member in members],
    }


def weight_warnings(route: Route) -> list[str]:
    """Return what a person should know of the weights of a pool."""
    return [warning for _members, warning in _priority_groups(route) if warning]


_TLS_CHECKS = {"validate_certificate_chain": True, "validate_certificate_name": True}


def _credentials(backend: Backend, api_version: str = "") -> dict[str, Any]:
    """Return the option ``credentials``, left out where the inventory leaves them to whoever made the backend."""
    if not backend.is_authenticated:
        return {}
    own = backend.credential.options(backend.backend_id) if backend.credential else {}
    return {"credentials": {**own, "query": {"api-version": api_version}} if api_version else own}


def _description(title: str, models: Iterable[str]) -> str:
    """Say what a backend serves, as far as ARM has room for it."""
    names = list({model.lower(): model for model in reversed(list(models))}.values())[::-1]
    text = f"{title}: "
    for position, name in enumerate(names):
        rest = f" and {len(names) - position} more"
        if len(text) + len(name) + len(rest) > _DESCRIPTION_CHARACTERS:
            return f"{text.removesuffix(', ')}{rest}"
        text += f"{name}, "
    return text.removesuffix(", ").removesuffix(": ")


def _priority_groups(route: Route) -> list[tuple[Sequence[dict[str, Any]], str]]:
    """Return the members of a pool by priority, each group with a warning about its weights, or none."""
    groups: list[tuple[Sequence[dict[str, Any]], str]] = []
    members = zip(route.backends, route.members, strict=True)
    for priority, group in groupby(members, key=lambda each: each[1].account.priority):
        names, accounts = zip(*((name, member.account) for name, member in group), strict=True)
        wanted = [account.weight for account in accounts]
        weights, error = scale_weights(wanted)
        warning = (
            f"{route.name}: weights {wanted} become {weights}, because ARM takes at most 100; a share is off by up to "
            f"{error:.1%}"
        )
        options = [
            {"backend": name, "priority": priority, "weight": weight}
            for name, weight in zip(names, weights, strict=True)
        ]
        groups.append((options, warning if error > _WEIGHT_TOLERANCE else ""))
    return groups
