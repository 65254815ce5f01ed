# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Arranges models into routes: which APIM backends and pools exist, and which of them each model's requests try.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.groups import Group, groups_of
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.members import Member, MemberKey
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.naming import deployment_names, pool_names
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.public_names import Fallback
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.scope import BACKEND, DEPLOYMENT
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.served_models import ServedModel


@dataclass(frozen=True)
class Deployment:
    """The APIM backend of one (account, deployment).

    :ivar member: its first listing in the inventory.
    :ivar models: names of the models that it serves.
    """

    name: str
    member: Member
    models: tuple[str, ...]


@dataclass
class Route:
    """A pool, or a single APIM backend, that requests can be sent to.

    :ivar scope: ``backend`` or ``deployment``.
    :ivar backends: name of the APIM backend of each member.
    :ivar deployment: in deployment scope, what the model in a body must be; empty when that does not matter.
    :ivar is_spared: whether its members are reserved capacity whose breakers ignore 429.
    :ivar models: names of the models that have it in their own chain.
    :ivar served: every (account, deployment) that those models have there. An account in backend scope is a single
        member, although it may serve a deployment for each of its models.
    """

    name: str
    scope: str
    members: tuple[Member, ...]
    backends: tuple[str, ...]
    deployment: str = ""
    is_spared: bool = False
    models: list[str] = field(default_factory=list)
    served: dict[MemberKey, Member] = field(default_factory=dict)

    @property
    def is_pooled(self) -> bool:
        """Whether it is a pool."""
        return len(self.members) > 1


@dataclass(frozen=True)
class Hop:
    """One step of a model's chain.

    :ivar model: the model served there.
    :ivar deployment: what goes into the request as the name of the deployment.
    """

    route: Route
    model: str
    deployment: str


@dataclass(frozen=True)
class Arrangement:
    """Where the models of an inventory are routed.

    :ivar models: the models, by name.
    :ivar deployments: APIM backends of single deployments, by name.
    :ivar routes: by name.
    :ivar own_hops: model key -> its own routes in order.
    """

    models: Sequence[ServedModel]
    deployments: Sequence[Deployment]
    routes: Sequence[Route]
    own_hops: Mapping[str, Sequence[Hop]]

    def chain(self, key: str, fallbacks: Sequence[Fallback]) -> list[Hop]:
        """Return the hops of a model: its own, then those of its fallbacks, each route once; not transitive."""
        hops = {hop.route.name: hop for hop in self.own_hops[key]}
        for fallback in fallbacks:
            for hop in self.own_hops.get(fallback.model, ()):
                if fallback.pool in {"", hop.route.name.lower()}:
                    hops.setdefault(hop.route.name, hop)
        return list(hops.values())

    def pools(self) -> list[Route]:
        """Return the pools, by model and then in the order of its chain."""
        return [hop.route for hops in self.own_hops.values() for hop in hops if hop.route.is_pooled]

    def pool_owners(self) -> dict[str, str]:
        """Return name of a pool, without regard to case -> key of its model."""
        return {
            hop.route.name.lower(): key for key, hops in self.own_hops.items() for hop in hops if hop.route.is_pooled
        }


def arrange(
    models: Sequence[ServedModel], scopes: Mapping[str, str], accounts: Sequence[str], spared: Collection[MemberKey]
) -> Arrangement:
    """Return the arrangement of models.

    :param models: those of :func:`.served_models.served_models`.
    :param scopes: model key -> scope, see :func:`.scope.scopes_of`.
    :param accounts: ids of all backends of the inventory.
    :param spared: see :func:`.reserved_capacity.spared_members`.
    """
    deployments = _deployments([model for model in models if scopes[model.key] == DEPLOYMENT], accounts)
    groups = {model.key: groups_of(model, scopes[model.key], spared) for model in models}
    taken = {*accounts, *(deployment.name for deployment in deployments.values())}
    names = _pool_names(models, groups, taken)
    routes: dict[str, Route] = {}
    own_hops: dict[str, list[Hop]] = {}
    for model in models:
        own_hops[model.key] = []
        for number, group in enumerate(groups[model.key]):
            in_backend_scope = scopes[model.key] == BACKEND
            route = _route(group, names.get((model.key, number), ""), {} if in_backend_scope else deployments)
            route = routes.setdefault(route.name, route)
            route.models.append(model.name)
            for member in group.members:
                route.served.setdefault(member.key, member)
            deployment = group.members[0].model.deployment if in_backend_scope else route.deployment
            own_hops[model.key].append(Hop(route, model.name, deployment))
    ordered = [routes[name] for name in sorted(routes)]
    return Arrangement(models, sorted(deployments.values(), key=lambda each: each.name), ordered, own_hops)


def _deployments(models: Sequence[ServedModel], accounts: Sequence[str]) -> dict[MemberKey, Deployment]:
    """Return the APIM backend of each member; several models may share one."""
    members: dict[MemberKey, list[tuple[Member, str]]] = {}
    for model in models:
        for member in model.members:
            members.setdefault(member.key, []).append((member, model.name))
    firsts = {
        key: min((member for member, _name in listed), key=lambda member: member.model.index)
        for key, listed in members.items()
    }
    pairs = {key: (member.account.backend_id, member.deployment_key) for key, member in firsts.items()}
    names = deployment_names({pairs[key]: member.model.deployment for key, member in firsts.items()}, accounts)
    return {
        key: Deployment(names[pairs[key]], firsts[key], tuple(name for _member, name in listed))
        for key, listed in members.items()
    }


def _pool_names(
    models: Sequence[ServedModel], groups: Mapping[str, Sequence[Group]], taken: set[str]
) -> dict[tuple[str, int], str]:
    """Return (model key, position of the group) -> name of its pool, for groups that need one."""
    numbers: dict[int, list[tuple[ServedModel, int]]] = {}
    for model in models:
        pooled = [position for position, group in enumerate(groups[model.key]) if len(group.members) > 1]
        for number, position in enumerate(pooled, start=1):
            numbers.setdefault(number, []).append((model, position))
    names: dict[tuple[str, int], str] = {}
    for number, wanted in numbers.items():
        named = pool_names([model.name for model, _position in wanted], taken, number)
        names.update({(model.key, position): named[model.name] for model, position in wanted})
    return names


def _route(group: Group, pool: str, deployments: Mapping[MemberKey, Deployment]) -> Route:
    """Return the route of a group.

    :param pool: name of its pool, empty when it needs none.
    :param deployments: APIM backends of the members in deployment scope, none in backend scope.
    """
    members = tuple(group.members)
    if not deployments:
        backends = tuple(member.account.backend_id for member in members)
        return Route(pool or backends[0], BACKEND, members, backends)
    backends = tuple(deployments[member.key].name for member in members)
    if pool:
        return Route(pool, DEPLOYMENT, members, backends, group.deployment, group.is_spared)
    (member,) = members
    own = deployments[member.key].member
    deployment = "" if own.is_path_only else own.model.deployment
    return Route(backends[0], DEPLOYMENT, members, backends, deployment, group.is_spared)
