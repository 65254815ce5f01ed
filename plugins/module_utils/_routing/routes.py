# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The routes of a plan: what a request to each must look like, and how often it is tried.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.arrangement import Route
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.endpoints import (
    AZURE_OPENAI,
    EXTERNAL,
    FOUNDRY,
    SERVERLESS,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.members import Member
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.scope import DEPLOYMENT

# Its members take different api-versions, so each APIM backend carries its own.
MIXED = "mixed"
# facts: a retry policy runs its children once, and up to 50 times more. The routes of a chain get equal shares of that.
MAXIMUM_ATTEMPTS = 51

# Of the families in one pool, the first of these gives the shape of requests (facts, endpoint families): an AI Foundry
# host answers the Azure OpenAI shape too, an Azure OpenAI host only that.
_SHAPES = (AZURE_OPENAI, FOUNDRY, SERVERLESS, EXTERNAL)


def mixed_backends(routes: Sequence[Route]) -> set[str]:
    """Return the APIM backends that carry their api-version themselves.

    Those are all members of a pool whose members take different ones. Such a backend carries it wherever it is routed
    to, so the other members there must as well.
    """
    routes_of: dict[str, list[Route]] = {}
    for route in routes:
        for name in route.backends if route.scope == DEPLOYMENT else ():
            routes_of.setdefault(name, []).append(route)
    mixed: set[str] = set()
    waiting = [route for route in routes if route.scope == DEPLOYMENT and _has_several_versions(route)]
    while waiting:
        for name in set(waiting.pop().backends) - mixed:
            mixed.add(name)
            waiting += routes_of[name]
    return mixed


def route_entries(routes: Iterable[Route], mixed: set[str]) -> list[dict[str, Any]]:
    """Return ``routes`` of a plan.

    :param mixed: see :func:`mixed_backends`.
    :return: mappings of ``name``, ``type`` (a backend type), ``pooled``, ``scope``, ``family`` (shape of its requests,
        see :mod:`.endpoints`, or ``mixed``), ``token_audience`` (of the managed identity's token, empty for none),
        ``retries`` (how often a failed request is sent again), ``models`` (names of those that have it in their own
        chain), ``deployment`` (in deployment scope, what the model in a body must be; empty when it does not matter),
        ``accounts`` (ids of the backends of the inventory behind it) and ``members`` (each deployment that it serves,
        as ``account`` and ``deployment``; in the order of a pool's members).
    """
    return [
        {
            "name": route.name,
            "type": _first_of(_SHAPES, {member.account.backend_type for member in route.members}),
            "pooled": route.is_pooled,
            "scope": route.scope,
            "family": MIXED if not mixed.isdisjoint(route.backends) else _family(route),
            "token_audience": route.members[0].account.token_audience,
            "retries": min(attempts_of(route), MAXIMUM_ATTEMPTS) - 1,
            "models": route.models,
            "deployment": route.deployment,
            "accounts": list(dict.fromkeys(member.account.backend_id for member in route.members)),
            "members": members_of(route.served.values()),
        }
        for route in routes
    ]


def members_of(members: Iterable[Member]) -> list[dict[str, str]]:
    """Return ``account`` (id of a backend of the inventory) and ``deployment`` of members, in their order."""
    return [{"account": member.account.backend_id, "deployment": member.model.deployment} for member in members]


def attempts_of(route: Route) -> int:
    """Return how often a request may be tried before it must have reached a healthy member of a route.

    A pool leaves a member out only when its breaker has opened, so one request may meet as many failures of each
    member as open that. The last member is the one to be reached. A single backend is not tried again: that would open
    its breaker the sooner, and the client knows better whether to wait. Nor is reserved capacity that refuses: its
    breakers stay closed, so each member is tried once.
    """
    breakers = [member.account.circuit_breaker for member in route.members]
    counts = [breaker.count if breaker.enabled and not route.is_spared else 1 for breaker in breakers]
    return sum(counts) - min(counts) + 1


def _has_several_versions(route: Route) -> bool:
    return len({member.api_version for member in route.members}) > 1


def _family(route: Route) -> str:
    if route.scope == DEPLOYMENT:
        return _first_of(_SHAPES, {member.family for member in route.members})
    return _first_of(_SHAPES, {member.account.family for member in route.members})


def _first_of(order: Sequence[str], present: set[str]) -> str:
    return next(each for each in order if each in present)
