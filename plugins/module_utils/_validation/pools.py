# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which pools can be measured and tried, and why others cannot: a pool that is left out is told with its reason.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Collection

from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.topology import Member, Route, Topology


def in_order_of_use(route: Route) -> list[Member]:
    """Return the members as requests get to them when one after the other fails: by priority, then by weight."""
    return sorted(route.members, key=lambda each: (each.priority, -each.weight))


def fails_with(one: Member, other: Member) -> bool:
    """Tell whether a member fails when another one is made to: they are one backend, or one deployment.

    A member without a deployment stands for all that its host serves.
    """
    if one.backend == other.backend:
        return True
    return one.host == other.host and (
        not (one.deployment and other.deployment) or one.deployment.lower() == other.deployment.lower()
    )


def against_failure(member: Member, route: Route, others: Collection[Member]) -> str:
    """Say why a member of a route cannot be made to fail by itself; empty when it can be.

    A pool leaves out only whose breaker is open. To what comes after a single backend the gateway's policy goes on.

    :param others: all that may serve in its place.
    """
    if route.pooled and member.breaker is None:
        return f"{member.backend} has no circuit breaker, so that nothing takes it out of the pool"
    twins = [each for each in others if each.backend != member.backend and fails_with(member, each)]
    return f"{member.backend} and {twins[0].backend} are one deployment, which fails for both" if twins else ""


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


def _listed(members: Collection[Member]) -> str:
    return " and ".join(member.backend for member in members)
