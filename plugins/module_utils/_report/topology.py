# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The routes of a service as a graph: models, the pools and backends that they are routed to, and what failed of these.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

# From here on models that are routed alike are one node.
_MANY_MODELS = 16
_GROUPS = frozenset({"models", "streaming", "shares", "failover", "latency", "connectivity", "prerequisites"})


@dataclass
class ModelNode:
    """Models that are routed alike; one, but in large services.

    :ivar routes: keys of its routes in the order in which requests try them.
    """

    names: list[str]
    aliases: list[str]
    routes: list[str]
    failed: bool


@dataclass
class RouteNode:
    """Pools with the same members, one but in large services, or one backend.

    :ivar members: with ``backend``, ``priority``, ``weight`` and ``deployment``.
    """

    names: list[str]
    pooled: bool
    members: list[dict[str, Any]]
    failed: bool = False


@dataclass
class BackendNode:
    """A backend with its host."""

    name: str
    host: str
    failed: bool


@dataclass
class Topology:
    """The graph; routes and backends by key and name, all in the order in which they are first used."""

    models: list[ModelNode] = field(default_factory=list)
    routes: dict[str, RouteNode] = field(default_factory=dict)
    backends: dict[str, BackendNode] = field(default_factory=dict)


def failed_names(checks: Iterable[dict[str, Any]], names: Iterable[str]) -> set[str]:
    """Return those names of models, pools or backends that failed checks bear in their own name."""
    texts = [check["name"] for check in checks if check["outcome"] == "failed" and check["group"] in _GROUPS]
    return {name for name in set(names) if name.strip() and any(_mentions(text, name) for text in texts)}


def _mentions(text: str, name: str) -> bool:
    """Return whether a text holds a name that is no part of a longer one."""
    return name in text and re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-]|\.\w)", text) is not None


def topology_of(result: dict[str, Any]) -> Topology:
    """Return the graph of a result, models that failed first."""
    failed = failed_names(result["checks"], _names(result))
    failed |= {share["pool"] for share in result["shares"] if share["outcome"] == "failed"}
    folded = len(result["models"]) > _MANY_MODELS
    graph = Topology()
    nodes: dict[Any, ModelNode] = {}
    for model in sorted(result["models"], key=lambda each: each["name"] not in failed):
        routes = [_add_route(graph, hop, failed, folded=folded) for hop in model["hops"]]
        alike = (model["name"] in failed, tuple(routes)) if folded else len(nodes)
        node = nodes.setdefault(alike, ModelNode([], [], routes, model["name"] in failed))
        node.names.append(model["name"])
        node.aliases += model["aliases"]
    graph.models = list(nodes.values())
    hosts = {backend["name"]: backend["host"] for backend in result["backends"]}
    used = [member["backend"] for route in graph.routes.values() for member in route.members]
    for name in dict.fromkeys([*used, *hosts]):
        graph.backends[name] = BackendNode(name, hosts.get(name, ""), name in failed)
    return graph


def _names(result: dict[str, Any]) -> Sequence[str]:
    names = [model["name"] for model in result["models"]] + [backend["name"] for backend in result["backends"]]
    return names + [hop["route"] for model in result["models"] for hop in model["hops"]]


def _add_route(graph: Topology, hop: dict[str, Any], failed: set[str], *, folded: bool) -> str:
    """Add the route of a hop unless it is there, and return its key."""
    bad = hop["route"] in failed
    members = sorted((each["priority"], each["backend"], each["weight"]) for each in hop["members"])
    # Backends are never failed as routes: they have nodes of their own.
    key = repr((bad, members)) if folded and hop["pooled"] else repr((hop["pooled"], hop["route"]))
    route = graph.routes.setdefault(key, RouteNode([], hop["pooled"], hop["members"]))
    if hop["route"] not in route.names:
        route.names.append(hop["route"])
    route.failed = route.failed or (bad and hop["pooled"])
    return key
