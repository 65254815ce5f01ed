# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which requests a validation makes, and how many: known, and told, before the first one goes.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.model_options import ModelOptions
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.pools import (
    first_to_fail,
    immeasurable,
    unable_to_fail,
    unreached,
)
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
#: Requests before and after a member fails.
BEFORE, AFTER = 3, 3
# At least so many while it does, and so many that at most one such trial in a hundred sends it none by chance.
_WHILE, _NONE_FOR_IT = 8, 0.01


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
    def during(self) -> int:
        """Requests while it fails."""
        others = 1 - self.route.share(self.member)
        return max(_WHILE, math.ceil(math.log(_NONE_FOR_IT, others))) if others > 0 else _WHILE

    @property
    def number(self) -> int:
        """Requests that this takes."""
        return BEFORE + self.during + AFTER


@dataclass
class Schedule:
    """All requests, in groups.

    :ivar unable: the pools that failover is not tried on, name to reason.
    :ivar unmeasured: the pools whose shares are not measured, name to reason.
    :ivar products: how many products restrict models, each of which is asked for one that it allows.
    """

    questions: Questions = field(default_factory=Questions)
    streams: list[Question] = field(default_factory=list)
    repeats: list[Repeat] = field(default_factory=list)
    failovers: list[Failover] = field(default_factory=list)
    unable: dict[str, str] = field(default_factory=dict)
    unmeasured: dict[str, str] = field(default_factory=dict)
    products: int = 0

    def counts(self) -> dict[str, int]:
        """Return the requests to LLMs by what they are for."""
        return {
            MODELS: len(self.questions.asked),
            STREAMING: len(self.streams),
            SHARES: self.repeatable,
            LATENCY: sum(repeat.number for repeat in self.repeats if not repeat.route),
            ACCESS: self.products,
            FAILOVER: sum(failover.number for failover in self.failovers),
        }

    @property
    def calls(self) -> int:
        """Requests to LLMs in all."""
        return sum(self.counts().values())

    @property
    def repeatable(self) -> int:
        """Those of them that are made once more when shares seem wrong."""
        return sum(repeat.number for repeat in self.repeats if repeat.route)

    @property
    def most(self) -> int:
        """Requests to LLMs when all shares are measured twice."""
        return self.calls + self.repeatable

    def told(self) -> str:
        """Return how many requests go to LLMs and for what, in words."""
        parts = [f"{number} for {name}" for name, number in self.counts().items() if number]
        more = f", and up to {self.repeatable} more for shares that seem wrong" if self.repeatable else ""
        return f"{self.calls} requests to LLMs" + (f": {', '.join(parts)}" if parts else "") + more


def schedule_of(
    plan: Mapping[str, Any],
    apis: Sequence[Mapping[str, Any]],
    *,
    checks: Sequence[str],
    limits: Limits,
    options: ModelOptions,
) -> Schedule:
    """Return what is to be asked.

    :param checks: those of CHECKS that are wanted.
    :param options: how models are asked.
    """
    topology = Topology(plan)
    every = questions_of(plan, apis, options)
    found = Schedule(questions=every if MODELS in checks else Questions())
    if STREAMING in checks:
        found.streams = list(streaming_questions(plan, apis, options))
    asked = {model["name"]: repeated_question(every.asked, model["name"]) for model in plan["models"]}
    reasons = unreached(topology, [name for name, question in asked.items() if question])
    found.unmeasured = {**immeasurable(topology), **reasons} if SHARES in checks else {}
    found.unable = {**unable_to_fail(topology), **reasons} if FAILOVER in checks else {}
    for name, question in asked.items():
        if question is None:
            continue
        route = topology.chain(name)[0]
        if repeat := _repeat(question, route, checks, limits, found.unmeasured):
            found.repeats.append(repeat)
        if FAILOVER in checks and route.pooled and route.name not in found.unable:
            found.failovers.append(Failover(question, route, first_to_fail(route)))
    return found


def _repeat(
    question: Question, route: Route, checks: Sequence[str], limits: Limits, unmeasured: Collection[str]
) -> Repeat | None:
    if SHARES in checks and route.pooled and route.name not in unmeasured:
        number = limits.share_requests if len(route.first) > 1 else min(_REQUESTS_TO_ONE, limits.share_requests)
        return Repeat(question, number, route)
    return Repeat(question, limits.latency_requests) if LATENCY in checks and limits.latency_requests else None
