# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""In which order members of routes are made to fail, so that every other one has to serve.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.pools import (
    against_failure,
    fails_with,
    in_order_of_use,
    unreached,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.questions import Question
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.topology import Member, Route, Topology

#: Requests before and after members fail.
BEFORE, AFTER = 3, 3
# At least so many while the first member does, and so many that at most one such trial in a hundred sends it none by
# chance.
_FIRST, _NONE_FOR_IT = 8, 0.01
# Once that has shown how clients fare, so many for each member that serves next.
_NEXT = 4


@dataclass(frozen=True)
class Step:
    """Members that fail from now on, together with those of the steps before.

    :ivar number: requests while they do.
    :ivar serves: members of which one must have served at the end of this step.
    """

    fails: tuple[Member, ...]
    number: int
    serves: tuple[Member, ...]


@dataclass(frozen=True)
class Failover:
    """A model whose backends are made to fail, one after the other, until each of the others has served.

    :ivar route: the first one that the model takes.
    """

    question: Question
    route: Route
    steps: tuple[Step, ...]

    @property
    def name(self) -> str:
        """What the trial is called: its pool, or the model of a backend that has none."""
        return self.route.name if self.route.pooled else f"{self.question.model} at {self.route.name}"

    @property
    def member(self) -> Member:
        """The member that fails first: of those that get the most requests the first one."""
        return self.steps[0].fails[0]

    @property
    def members(self) -> list[Member]:
        """All members that fail or must serve."""
        return list(dict.fromkeys(member for step in self.steps for member in (*step.fails, *step.serves)))

    @property
    def number(self) -> int:
        """Requests that this takes at most."""
        return BEFORE + sum(step.number for step in self.steps) + AFTER

    def shortened(self) -> Failover:
        """Return the same with the first step alone."""
        return replace(self, steps=self.steps[:1])


def failovers_of(topology: Topology, asked: Mapping[str, Question]) -> list[Failover]:
    """Return what is tried: for each model that has more than one backend, what its requests go through.

    :param asked: the models that can be asked for, with the question.
    """
    proved = {topology.chain(name)[0].name for name in asked}
    found = [
        Failover(question, chain[0], steps)
        for name, question in asked.items()
        if (chain := topology.chain(name)) and (steps := tuple(_steps(chain, proved)))
    ]
    return [each for number, each in enumerate(found) if each.name not in [other.name for other in found[:number]]]


def untried(topology: Topology, asked: Collection[str], failovers: Sequence[Failover]) -> dict[str, str]:
    """Return the pools of which no member fails or has to serve, each with the reason."""
    tried = {member for failover in failovers for member in failover.members}
    reasons = unreached(topology, asked)
    for name in asked:
        route = topology.chain(name)[0]
        if route.pooled:
            reasons[route.name] = against_failure(in_order_of_use(route)[0], route, _members(topology.chain(name)))
    return {name: reason for name, reason in reasons.items() if tried.isdisjoint(topology.routes[name].members)}


def _members(chain: Sequence[Route]) -> list[Member]:
    return [member for route in chain for member in route.members]


def _steps(chain: Sequence[Route], proved: set[str]) -> list[Step]:
    """Return the steps through a chain of routes.

    Of a route that is the first one of another model, which has a trial of its own, only the way there is tried.
    """
    every = _members(chain)
    steps: list[Step] = []
    taken: list[Member] = []
    waiting: tuple[Member, ...] = ()
    for place, route in enumerate(chain):
        members = [each for each in in_order_of_use(route) if not any(fails_with(other, each) for other in taken)]
        apart = [[each] for each in members] if not place or route.name not in proved else [members]
        for group in filter(None, apart):
            if waiting:
                steps.append(Step(waiting, _NEXT if steps else _first(waiting[0], chain[0]), tuple(group)))
            taken += group
            waiting = tuple(group)
            if any(against_failure(each, route, every) for each in group):
                return steps
    return steps


def _first(member: Member, route: Route) -> int:
    """Return how many requests go while the first member fails."""
    others = 1 - route.share(member)
    return max(_FIRST, math.ceil(math.log(_NONE_FOR_IT, others))) if others > 0 else _FIRST
