# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was seen of a model while its backends were made to fail.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.failovers import Failover
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.observations import Attempt, Observation
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.topology import Member, Topology


@dataclass
class Round:
    """Requests while some members failed.

    :ivar fails: all members that did.
    """

    fails: tuple[Member, ...]
    answers: list[Observation]


@dataclass
class Trial:
    """A model while its backends were made to fail, in milliseconds since the validation began.

    :ivar cause: how the members failed, in words.
    :ivar stand_in: URL that a member has while it fails; empty when it keeps its own.
    :ivar error: why the trial could not be made; empty when it was.
    :ivar left_behind: what could not be put back as it was; empty when all was.
    :ivar before: answers while all was well; ``after`` when all members were well again.
    :ivar rounds: answers while members failed, one more after the other.
    :ivar openings: when the first member's breaker was seen to open and close; None where nothing tells.
    """

    failover: Failover
    cause: str = ""
    stand_in: str = ""
    error: str = ""
    left_behind: str = ""
    failing_from_ms: float = 0.0
    failing_to_ms: float = 0.0
    before: list[Observation] = field(default_factory=list)
    rounds: list[Round] = field(default_factory=list)
    after: list[Observation] = field(default_factory=list)
    openings: list[tuple[float, float | None]] | None = None

    @property
    def during(self) -> list[Observation]:
        """Answers while the first member failed alone."""
        return self.rounds[0].answers if self.rounds else []

    @property
    def failing(self) -> list[Observation]:
        """All answers while members failed."""
        return [answer for each in self.rounds for answer in each.answers]

    def served(self, topology: Topology) -> set[str]:
        """Return the backends that have answered, as far as the gateway tells."""
        return {name for each in (*self.before, *self.failing) if (name := answered_by(each, self, topology))}

    def of_the_well(self, topology: Topology) -> list[Observation]:
        """Return what tells of members that were not made to fail, with the requests to these alone."""
        found = [*self.before, *self.after]
        for each in self.rounds:
            names = {member.backend for member in each.fails}
            for answer in each.answers:
                attempts = answer.attempts
                well = [one for one in attempts or () if backend_of(one, answer, self, topology) not in names]
                found.append(replace(answer, attempts=None if attempts is None else well))
        return found


def answered_by(observation: Observation, trial: Trial, topology: Topology) -> str:
    """Return the backend whose answer the client got; empty when the gateway does not tell."""
    if not observation.attempts or not observation.is_good:
        return ""
    return backend_of(observation.attempts[-1], observation, trial, topology)


def backend_of(attempt: Attempt, observation: Observation, trial: Trial, topology: Topology) -> str:
    """Return the name of the backend that a request was for; its URL when it is for none of the model's."""
    if trial.stand_in and attempt.url.startswith(trial.stand_in):
        rest = f"{attempt.url.removeprefix(trial.stand_in).lower()}/"
        members = [member.backend for member in trial.failover.members]
        return next((each for each in members if rest.startswith(f"/{each.lower()}/")), members[0])
    member = topology.member_of(observation.question.model, attempt.url)
    return member.backend if member else attempt.url


def shown_trial(trial: Trial, topology: Topology) -> dict[str, Any]:
    """Return the trial's timeline, for the result."""
    answers: Sequence[Observation] = [*trial.before, *trial.failing, *trial.after]
    member = trial.failover.member.backend
    return {
        "pool": trial.failover.name,
        "model": trial.failover.question.model,
        "backend": member,
        "cause": trial.cause,
        "failing_from_ms": round(trial.failing_from_ms),
        "failing_to_ms": round(trial.failing_to_ms),
        "events": [
            {
                "at_ms": round(each.at_ms),
                "status": each.status,
                "backend": answered_by(each, trial, topology) or None,
                "attempts": [
                    {"backend": backend_of(attempt, each, trial, topology), "status": attempt.status}
                    for attempt in each.attempts or ()
                ],
            }
            for each in answers
        ],
        "breaker": [
            {"backend": member, "open_from_ms": round(begin), "open_to_ms": None if end is None else round(end)}
            for begin, end in trial.openings or ()
        ],
    }
