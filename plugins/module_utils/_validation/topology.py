# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may serve a model, by the plan: routes, their members, and how to know a member by the URL that was called.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.duration import duration_seconds


@dataclass(frozen=True)
class Member:
    """One backend of a route.

    :ivar backend: its name in API Management.
    :ivar account: the backend of the inventory whose endpoint it has.
    :ivar deployment: what it serves; empty when several of its deployments belong to the route.
    :ivar trips_after: failures that open its circuit breaker; None when it has none.
    :ivar rests_for: seconds for which the breaker then stays open, unless a backend asks for more.
    """

    backend: str
    account: str
    url: str
    deployment: str
    priority: int
    weight: int
    trips_after: int | None
    rests_for: int

    @property
    def host(self) -> str:
        """The host of its endpoint, in lower case."""
        return (urlsplit(self.url).hostname or "").lower()


@dataclass(frozen=True)
class Route:
    """A pool or a single backend."""

    name: str
    pooled: bool
    members: tuple[Member, ...]

    @cached_property
    def first(self) -> tuple[Member, ...]:
        """The members that get the requests while all are well: those of the best priority that have a weight."""
        best = min(member.priority for member in self.members)
        tier = tuple(member for member in self.members if member.priority == best)
        return tuple(member for member in tier if member.weight) or tier

    def share(self, member: Member) -> float:
        """Return the share of the requests that a member should get while all are well."""
        if member not in self.first:
            return 0.0
        whole = sum(each.weight for each in self.first)
        return member.weight / whole if whole else 1 / len(self.first)


class Topology:
    """Routes of a plan by name, and the chain of routes of each model."""

    def __init__(self, plan: Mapping[str, Any]) -> None:
        backends = {backend["name"]: backend for backend in plan["backends"]}
        pools = {pool["name"]: pool for pool in plan["pools"]}
        self.routes = {each["name"]: _route(each, backends, pools) for each in plan["routes"]}
        self._models = {model["name"]: model for model in plan["models"]}
        self._types = {
            deployment["backend_id"]: deployment["backend_type"]
            for model in plan["models"]
            for deployment in model["deployments"]
        }

    def chain(self, model: str) -> list[Route]:
        """Return the routes that requests for a model try, in their order."""
        return [self.routes[hop["route"]] for hop in self._models[model]["hops"]]

    def member_of(self, model: str, url: str) -> Member | None:
        """Return the member of a model's chain that a request to this URL is for; None when it is none of them.

        Of members whose URLs begin alike, that with the longest one is meant.
        """
        wanted = url.lower()
        members = [member for route in self.chain(model) for member in route.members]
        fitting = [member for member in members if _is_below(wanted, member.url.lower())]
        return max(fitting, key=lambda member: len(member.url), default=None)

    def shown_models(self) -> list[dict[str, Any]]:
        """Return the models with their routes, for the result."""
        return [
            {
                "name": name,
                "aliases": list(model["aliases"]),
                "hops": [
                    {
                        "route": route.name,
                        "pooled": route.pooled,
                        "members": [
                            {
                                "backend": member.backend,
                                "deployment": member.deployment or hop["deployment"] or name,
                                "priority": member.priority,
                                "weight": member.weight,
                            }
                            for member in route.members
                        ],
                    }
                    for route, hop in zip(self.chain(name), model["hops"], strict=True)
                ],
            }
            for name, model in self._models.items()
        ]

    def shown_backends(self) -> list[dict[str, Any]]:
        """Return the backends that some route uses, for the result."""
        members = {member.backend: member for route in self.routes.values() for member in route.members}
        return [
            {"name": name, "host": member.host, "type": self._types.get(member.account, "")}
            for name, member in sorted(members.items())
        ]


def credential_headers(plan: Mapping[str, Any]) -> dict[str, frozenset[str]]:
    """Return the headers, in lower case, in which each backend of a plan is shown who the gateway is."""
    found: dict[str, set[str]] = {}
    for backend in plan["backends"]:
        credentials = backend.get("credentials") or {}
        own = found.setdefault(backend["name"], {str(name).lower() for name in credentials.get("header") or {}})
        own |= {"authorization"} if credentials.get("authorization") else set()
    members = {pool["name"]: [each["backend"] for each in pool["members"]] for pool in plan["pools"]}
    for route in plan["routes"]:
        for name in members.get(route["name"], [route["name"]]) if route["token_audience"] else ():
            found[name].add("authorization")
    return {name: frozenset(headers) for name, headers in found.items()}


def _route(route: Mapping[str, Any], backends: Mapping[str, Any], pools: Mapping[str, Any]) -> Route:
    if route["pooled"]:
        # A pool's members and those of its route stand in the same order.
        served = route["members"]
        listed = pools[route["name"]]["members"]
    else:
        deployments = [each["deployment"] for each in route["members"]]
        served = [{"account": route["accounts"][0], "deployment": deployments[0] if len(deployments) == 1 else ""}]
        listed = [{"backend": route["name"]}]
    members = tuple(
        Member(
            backend=each["backend"],
            account=serving["account"],
            url=backends[each["backend"]]["url"].rstrip("/"),
            deployment=serving["deployment"],
            priority=each.get("priority", 1),
            weight=each.get("weight", 100),
            trips_after=_trips_after(backends[each["backend"]]),
            rests_for=_rests_for(backends[each["backend"]]),
        )
        for each, serving in zip(listed, served, strict=True)
    )
    return Route(route["name"], bool(route["pooled"]), members)


def _trips_after(backend: Mapping[str, Any]) -> int | None:
    """Return the failures that open a backend's breaker; None when it has none."""
    breaker = backend.get("circuit_breaker") or {}
    return breaker["count"] if breaker.get("enabled") else None


def _rests_for(backend: Mapping[str, Any]) -> int:
    breaker = backend.get("circuit_breaker") or {}
    return duration_seconds(breaker["trip_duration"]) if breaker.get("enabled") else 0


def _is_below(url: str, base: str) -> bool:
    return url == base or url.startswith(f"{base}/")
