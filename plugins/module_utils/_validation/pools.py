# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which pools can be measured and tried, and why others cannot: a pool that is left out is told with its reason.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Collection

from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.topology import Member, Route, Topology


def first_to_fail(route: Route) -> Member:
    """Return the member of a pool that gets most of the requests; of several, the first."""
    return max(route.first, key=route.share)


def unreached(topology: Topology, asked: Collection[str]) -> dict[str, str]:
    """Return the pools to which none of the requests go while all is well, each with the reason.

    :param asked: names of the models that can be asked for.
    """
    firsts: dict[str, list[str]] = {name: [] for name, route in topology.routes.items() if route.pooled}
    behind: dict[str, str] = {}
    for model in topology.models:
        first, *others = topology.chain(model)
        if first.pooled:
            firsts[first.name].append(model)
        behind |= {route.name: f"{first.name}, and gets requests for {model} when that fails" for route in others}
    return {
        name: f"no API can be asked for {', '.join(models)}" if models else f"it stands behind {behind[name]}"
        for name, models in firsts.items()
        if not set(models) & set(asked)
    }


def immeasurable(topology: Topology) -> dict[str, str]:
    """Return the pools whose shares cannot be measured, each with the reason."""
    return {
        name: f"{_listed(route.indistinct)} have one URL, so that traces do not tell which of them was asked"
        for name, route in topology.routes.items()
        if route.pooled and route.indistinct
    }


def unable_to_fail(topology: Topology) -> dict[str, str]:
    """Return the pools on which failover cannot be tried, each with the reason."""
    reasons = {name: _against_failover(route) for name, route in topology.routes.items() if route.pooled}
    return {name: reason for name, reason in reasons.items() if reason}


def _against_failover(route: Route) -> str:
    member = first_to_fail(route)
    if member.breaker is None:
        return f"{member.backend} has no circuit breaker, so that nothing takes it out of the pool"
    twins = [each for each in route.members if each != member and _same_place(each, member)]
    return f"{member.backend} and {twins[0].backend} are one deployment, which fails for both" if twins else ""


def _same_place(one: Member, other: Member) -> bool:
    return one.host == other.host and one.deployment.lower() == other.deployment.lower()


def _listed(members: Collection[Member]) -> str:
    return " and ".join(member.backend for member in members)
