# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may serve a model, by the plan: routes, their members, and how to know a member by the URL that was called.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import unquote, urlsplit

from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.breakers import Breaker, breaker_of

_DEPLOYMENT = re.compile(r"/openai/deployments/([^/]+)")
_DEFAULT_PORTS = {"https": ":443", "http": ":80"}


@dataclass(frozen=True)
class Member:
    """One backend of a route.

    :ivar backend: its name in API Management.
    :ivar account: the backend of the inventory whose endpoint it has.
    :ivar deployment: what it serves; empty when several of its deployments belong to the route.
    :ivar breaker: None when it has none.
    """

    backend: str
    account: str
    url: str
    deployment: str
    priority: int
    weight: int
    breaker: Breaker | None

    @property
    def host(self) -> str:
        """The host of its endpoint, in lower case."""
        return (urlsplit(self.url).hostname or "").lower()

    @cached_property
    def address(self) -> str:
        """Its URL in the form in which URLs are compared."""
        return _address(self.url)


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

    @property
    def rests_for(self) -> int:
        """Seconds after which breakers that are open now have closed, unless a backend asks for more."""
        return max(member.breaker.rests_for if member.breaker else 0 for member in self.members)

    @cached_property
    def indistinct(self) -> tuple[Member, ...]:
        """The members that traces do not tell apart, for another one has the same URL: two keys for one provider."""
        addresses = [member.address for member in self.members]
        return tuple(member for member in self.members if addresses.count(member.address) > 1)

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

    def names(self, model: str) -> list[str]:
        """Return the public names of a model."""
        return [model, *self._models[model]["aliases"]]

    @property
    def models(self) -> list[str]:
        """The names of the models."""
        return list(self._models)

    def chain(self, model: str) -> list[Route]:
        """Return the routes that requests for a model try, in their order."""
        return [self.routes[hop["route"]] for hop in self._models[model]["hops"]]

    def member_of(self, model: str, url: str) -> Member | None:
        """Return the member of a model's chain that a request to this URL is for; None when it is none of them.

        Of members whose URLs begin alike, that with the longest one is meant; of those with one URL, the first.
        """
        wanted = _address(url)
        members = [member for route in self.chain(model) for member in route.members]
        fitting = [member for member in members if _is_below(wanted, member.address)]
        return max(fitting, key=lambda member: len(member.address), default=None)

    def misdirected(self, model: str, url: str) -> str:
        """Return the deployment of another model that a request to a member of this one's chain asks for, if it does.

        The URLs of accounts do not name one, so that the policies do (``openai/deployments/NAME`` below them).
        """
        member = self.member_of(model, url)
        match = _DEPLOYMENT.match(_address(url).removeprefix(member.address)) if member else None
        if match is None or member is None:
            return ""
        hops = zip(self.chain(model), self._models[model]["hops"], strict=True)
        own = {
            (hop["deployment"] or model).lower()
            for route, hop in hops
            if any(each.address == member.address for each in route.members)
        }
        # What was encoded is in lower case only now.
        return "" if match[1].lower() in own else match[1]

    def namesakes(self, backend: str) -> list[str]:
        """Return the other backends that share a chain and the URL with this one."""
        chains = [[member for route in self.chain(model) for member in route.members] for model in self._models]
        return sorted(
            {
                other.backend
                for members in chains
                for one in members
                for other in members
                if one.backend == backend and other.backend != backend and other.address == one.address
            }
        )

    def accounts(self) -> dict[str, str]:
        """Return the account of each backend that some route uses."""
        return {member.backend: member.account for route in self.routes.values() for member in route.members}

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
    """Return the headers, in lower case, in which each backend of a plan is shown who the gateway is.

    Backends whose credentials a plan leaves to whoever made them are not among them.
    """
    found: dict[str, set[str]] = {}
    for backend in plan["backends"]:
        credentials = backend.get("credentials")
        if credentials is None:
            continue
        own = found.setdefault(backend["name"], {str(name).lower() for name in credentials.get("header") or {}})
        own |= {"authorization"} if credentials.get("authorization") else set()
    members = {pool["name"]: [each["backend"] for each in pool["members"]] for pool in plan["pools"]}
    for route in plan["routes"]:
        for name in members.get(route["name"], [route["name"]]) if route["token_audience"] else ():
            found.setdefault(name, set()).add("authorization")
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
            breaker=breaker_of(backends[each["backend"]]),
        )
        for each, serving in zip(listed, served, strict=True)
    )
    return Route(route["name"], bool(route["pooled"]), members)


def _address(url: str) -> str:
    """Return a URL without what two that mean the same may differ in: case, the default port, encoding."""
    scheme, _mark, rest = url.lower().partition("://")
    authority, _slash, path = rest.partition("/")
    return f"{scheme}://{authority.removesuffix(_DEFAULT_PORTS.get(scheme, ''))}/{unquote(path)}".rstrip("/")


def _is_below(url: str, base: str) -> bool:
    return url == base or url.startswith(f"{base}/")
