# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which requests a validation makes, and how many: known, and told, before the first one goes.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.budget import LIMIT
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.failovers import (
    Failover,
    failovers_of,
    untried,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.model_options import ModelOptions
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.pools import (
    immeasurable,
    unreached,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.questions import (
    Question,
    Questions,
    questions_of,
    repeated_question,
    streaming_questions,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.topology import Route, Topology

#: What a validation can be asked to check with requests to LLMs, in the order in which it does.
MODELS, STREAMING, SHARES, LATENCY, FAILOVER = "models", "streaming", "shares", "latency", "failover"
#: What it checks without any.
LISTING, ACCESS = "listing", "access"
CHECKS = (LISTING, MODELS, STREAMING, SHARES, LATENCY, ACCESS, FAILOVER)

# A pool whose requests all go to one member shows after a few of them that it is this one. Shares of other pools are
# measured by no fewer.
_REQUESTS_TO_ONE = _LEAST = 10
# Where shares must be measured by fewer requests than wanted, so much of the limit is left for second samples.
_LEFT_FOR_SECONDS = 0.1
# A second sample is five times as large (judge_shares), and hardly more than every request is asked again.
_TIMES_FOR_SECONDS = 5


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


@dataclass
class Schedule:
    """All requests, in groups.

    :ivar unable: the pools that failover is not tried on, name to reason.
    :ivar unmeasured: the pools whose shares are not measured, name to reason.
    :ivar products: how many products restrict models, each of which is asked for one that it allows.
    :ivar spare: requests that may be made beyond these; ``share_requests`` those for the shares of one pool where they
        are fewer than was wanted, else 0.
    """

    questions: Questions = field(default_factory=Questions)
    streams: list[Question] = field(default_factory=list)
    repeats: list[Repeat] = field(default_factory=list)
    failovers: list[Failover] = field(default_factory=list)
    unable: dict[str, str] = field(default_factory=dict)
    unmeasured: dict[str, str] = field(default_factory=dict)
    products: int = 0
    spare: int = 0
    share_requests: int = 0

    def counts(self) -> dict[str, int]:
        """Return the requests to LLMs by what they are for."""
        return {
            MODELS: len(self.questions.asked),
            STREAMING: len(self.streams),
            SHARES: sum(repeat.number for repeat in self.repeats if repeat.route),
            LATENCY: sum(repeat.number for repeat in self.repeats if not repeat.route),
            ACCESS: self.products,
            FAILOVER: sum(failover.number for failover in self.failovers),
        }

    @property
    def calls(self) -> int:
        """Requests to LLMs in all."""
        return sum(self.counts().values())

    def fit(self, limit: int) -> None:
        """Leave out what a limit has no room for: requests for shares, evenly, then steps of failover but the first.

        All pools are measured, by fewer requests, rather than one of those that are alike: each is an object of its own
        in Azure, whose weights may be wrong. What fits the weights badly is measured again by more requests.

        :param limit: how many requests all checks may make.
        """
        others = self.calls - self.counts()[SHARES]
        if self.calls > limit:
            self._scale(int(limit * (1 - _LEFT_FOR_SECONDS)) - others)
        if self.calls > limit:
            self.failovers = [failover.shortened() for failover in self.failovers]
        self.spare = max(0, min(limit - self.calls, _TIMES_FOR_SECONDS * self.counts()[SHARES] + self.calls))

    def _scale(self, room: int) -> None:
        """Measure shares by so many requests in all, and by no fewer than _LEAST each."""
        wanted = [repeat.number for repeat in self.repeats if repeat.route and repeat.number > _LEAST]
        small = self.counts()[SHARES] - sum(wanted)
        self.share_requests = max(_LEAST, (room - small) // len(wanted)) if wanted else 0
        self.repeats = [
            replace(repeat, number=min(repeat.number, self.share_requests)) if repeat.route and wanted else repeat
            for repeat in self.repeats
        ]

    def told(self) -> str:
        """Return how many requests go to LLMs and for what, in words."""
        notes = {SHARES: f" ({self.share_requests} for each pool, so that all are within {LIMIT})"}
        parts = [
            f"{number} for {name}" + (notes.get(name, "") if self.share_requests else "")
            for name, number in self.counts().items()
            if number
        ]
        more = f", and up to {self.spare} more where an answer or shares are in doubt" if self.spare else ""
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
    questions = {model["name"]: repeated_question(every.asked, model["name"]) for model in plan["models"]}
    asked = {name: question for name, question in questions.items() if question}
    reasons = unreached(topology, list(asked))
    found.unmeasured = {**immeasurable(topology), **reasons} if SHARES in checks else {}
    repeats = (_repeat(each, topology.chain(name)[0], checks, limits, found.unmeasured) for name, each in asked.items())
    found.repeats = [repeat for repeat in repeats if repeat]
    if FAILOVER in checks:
        found.failovers = failovers_of(topology, asked)
        found.unable = untried(topology, asked, found.failovers)
    return found


def _repeat(
    question: Question, route: Route, checks: Sequence[str], limits: Limits, unmeasured: Collection[str]
) -> Repeat | None:
    if SHARES in checks and route.pooled and route.name not in unmeasured:
        number = limits.share_requests if len(route.first) > 1 else min(_REQUESTS_TO_ONE, limits.share_requests)
        return Repeat(question, number, route)
    return Repeat(question, limits.latency_requests) if LATENCY in checks and limits.latency_requests else None
