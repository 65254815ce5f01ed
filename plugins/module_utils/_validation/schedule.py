# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which requests a validation makes, and how many: known, and told, before the first one goes.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.questions import (
    Question,
    Questions,
    questions_of,
    repeated_question,
    streaming_questions,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.topology import Member, Route, Topology

#: What a validation can be asked to check with requests to LLMs, in the order in which it does.
MODELS, STREAMING, SHARES, LATENCY, FAILOVER = "models", "streaming", "shares", "latency", "failover"
#: What it checks without any.
LISTING, ACCESS = "listing", "access"
CHECKS = (LISTING, MODELS, STREAMING, SHARES, LATENCY, ACCESS, FAILOVER)

# A pool whose requests all go to one member shows after a few of them that it is this one.
_REQUESTS_TO_ONE = 10
#: Requests before, while and after a member fails.
BEFORE, WHILE, AFTER = 3, 8, 3


@dataclass(frozen=True)
class Limits:
    """How much a validation may ask.

    :ivar share_requests: requests with which the shares of one pool are measured.
    :ivar latency_requests: requests with which the latency of one model is.
    """

    share_requests: int
    latency_requests: int


@dataclass(frozen=True)
class Repeat:
    """One question asked many times.

    :ivar route: the pool whose shares this measures; None when it only measures latency.
    """

    question: Question
    number: int
    route: Route | None = None


@dataclass(frozen=True)
class Failover:
    """A pool of which one member is made to fail."""

    question: Question
    route: Route
    member: Member

    @property
    def number(self) -> int:
        """Requests that this takes."""
        return BEFORE + WHILE + AFTER


@dataclass
class Schedule:
    """All requests, in groups.

    :ivar unable: the pools that failover cannot be tried on, name to reason.
    :ivar products: how many products restrict models, each of which is asked for one that it allows.
    """

    questions: Questions = field(default_factory=Questions)
    streams: list[Question] = field(default_factory=list)
    repeats: list[Repeat] = field(default_factory=list)
    failovers: list[Failover] = field(default_factory=list)
    unable: dict[str, str] = field(default_factory=dict)
    products: int = 0

    def counts(self) -> dict[str, int]:
        """Return the requests to LLMs by what they are for; what fits no share is measured twice."""
        shares = [repeat for repeat in self.repeats if repeat.route]
        return {
            MODELS: len(self.questions.asked),
            STREAMING: len(self.streams),
            SHARES: sum(repeat.number for repeat in shares),
            LATENCY: sum(repeat.number for repeat in self.repeats if not repeat.route),
            ACCESS: self.products,
            FAILOVER: sum(failover.number for failover in self.failovers),
        }

    @property
    def calls(self) -> int:
        """Requests to LLMs in all."""
        return sum(self.counts().values())

    def told(self) -> str:
        """Return how many requests go to LLMs and for what, in words."""
        parts = [f"{number} for {name}" for name, number in self.counts().items() if number]
        return f"{self.calls} requests to LLMs" + (f": {', '.join(parts)}" if parts else "")


def schedule_of(
    plan: Mapping[str, Any],
    apis: Sequence[Mapping[str, Any]],
    *,
    checks: Sequence[str],
    limits: Limits,
    chat_options: Mapping[str, Any],
) -> Schedule:
    """Return what is to be asked.

    :param checks: those of CHECKS that are wanted.
    """
    topology = Topology(plan)
    every = questions_of(plan, apis, chat_options)
    found = Schedule(unable=_unable(topology) if FAILOVER in checks else {})
    if MODELS in checks:
        found.questions = every
    if STREAMING in checks:
        found.streams = list(streaming_questions(plan, apis, chat_options))
    for model in plan["models"]:
        question = repeated_question(every.asked, model["name"])
        if question is None:
            continue
        route = topology.chain(model["name"])[0]
        if repeat := _repeat(question, route, checks, limits):
            found.repeats.append(repeat)
        if FAILOVER in checks and route.pooled and route.name not in found.unable:
            found.failovers.append(Failover(question, route, route.first[0]))
    return found


def _repeat(question: Question, route: Route, checks: Sequence[str], limits: Limits) -> Repeat | None:
    if SHARES in checks and route.pooled:
        number = limits.share_requests if len(route.first) > 1 else min(_REQUESTS_TO_ONE, limits.share_requests)
        return Repeat(question, number, route)
    return Repeat(question, limits.latency_requests) if LATENCY in checks and limits.latency_requests else None


def _unable(topology: Topology) -> dict[str, str]:
    """Return the pools on which failover cannot be tried, each with the reason."""
    reasons = {name: f"{_reason(route)}" for name, route in topology.routes.items() if route.pooled and _reason(route)}
    return dict(sorted(reasons.items()))


def _reason(route: Route) -> str:
    member = route.first[0]
    if member.breaker is None:
        return f"{member.backend} has no circuit breaker, so that nothing takes it out of the pool"
    twins = [each for each in route.members if each != member and _same_place(each, member)]
    return f"{member.backend} and {twins[0].backend} are one deployment, which fails for both" if twins else ""


def _same_place(one: Member, other: Member) -> bool:
    return one.host == other.host and one.deployment.lower() == other.deployment.lower()
