# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judges what clients saw while one member of a pool failed.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.checks import (
    Check,
    failed,
    passed,
    skipped,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.observations import Attempt, Observation
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.schedule import Failover
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.topology import Topology

# A breaker is looked at after each answer. One that opened before a slow answer was complete may be closed again.
_SEEN_WITHIN_MS = 800
_REPAIR = "run playbooks/onboard.yml for this inventory, which puts it back"
_DELAY = "raise llm_validation_propagation_delay: gateways may not have seen yet what was changed"
_REMEDY = (
    "check that the pool has another member that is well, that the breaker counts what failed, and that the retry of "
    "the API's policy outlasts the breaker"
)


@dataclass
class Trial:
    """One pool while a member of it was made to fail, in milliseconds since the validation began.

    :ivar cause: how the member failed, in words.
    :ivar stand_in: URL that the member has while it fails; empty when it keeps its own.
    :ivar error: why the trial could not be made; empty when it was.
    :ivar left_behind: what could not be put back as it was; empty when all was.
    :ivar before: answers while all was well; ``during`` while the member failed; ``after`` when it was well again.
    :ivar openings: when the member's breaker was seen to open and close; None where nothing tells.
    """

    failover: Failover
    cause: str = ""
    stand_in: str = ""
    error: str = ""
    left_behind: str = ""
    failing_from_ms: float = 0.0
    failing_to_ms: float = 0.0
    before: list[Observation] = field(default_factory=list)
    during: list[Observation] = field(default_factory=list)
    after: list[Observation] = field(default_factory=list)
    openings: list[tuple[float, float | None]] | None = None


def judge_failover(trial: Trial, topology: Topology) -> Check:
    """Return the check of a pool: no client may notice that a member failed, and the breaker must take it out.

    A trial of which nothing shows that requests met the failing member proves nothing, and does not pass.
    """
    name, member = trial.failover.route.name, trial.failover.member
    if trial.left_behind:
        return failed("failover", name, trial.left_behind, _REPAIR)
    if trial.error:
        return skipped("failover", name, trial.error)
    if fault := _client_fault(trial):
        return failed("failover", name, fault, _REMEDY)
    if member.backend in _served(trial, topology):
        message = f"{member.backend} answered requests although it was made to fail: the trial did not reach it"
        return failed("failover", name, message, _DELAY)
    if reason := _unproven(trial, topology):
        return skipped("failover", name, reason)
    if fault := _routing_fault(trial, topology):
        return failed("failover", name, fault, _REMEDY)
    told = f"{len(trial.during)} requests were answered while {member.backend} {trial.cause}"
    if trial.openings:
        told += ", whose breaker opened"
    return passed("failover", name, told)


def _client_fault(trial: Trial) -> str:
    """Say which requests of clients failed; empty when none did."""
    member = trial.failover.member.backend
    for what, observations in (
        ("before any member failed", trial.before),
        (f"while {member} {trial.cause}", trial.during),
        (f"after {member} was well again", trial.after),
    ):
        bad = [each for each in observations if not each.is_good]
        if bad:
            return f"{len(bad)} of {len(observations)} requests {what} failed: {bad[0].outcome}"
    return ""


def _served(trial: Trial, topology: Topology) -> set[str]:
    """Return who answered while the member failed, as far as the gateway tells."""
    return {name for each in trial.during if (name := _answered_by(each, trial, topology))}


def _unproven(trial: Trial, topology: Topology) -> str:
    """Say why nothing shows that requests met the failing member; empty when something does."""
    member = trial.failover.member.backend
    if trial.openings:
        return ""
    if all(each.attempts is None for each in trial.during):
        return f"the gateway does not tell whom it asked, so that nothing shows a request for {member} while it failed"
    asked = {_backend(attempt, each, trial, topology) for each in trial.during for attempt in each.attempts or ()}
    return "" if member in asked else f"none of {len(trial.during)} requests went to {member} while it failed"


def _routing_fault(trial: Trial, topology: Topology) -> str:
    """Say what the gateway did not do about the failing member; empty when it did all, or does not tell."""
    failover = trial.failover
    if trial.openings is not None and not trial.openings and _must_open(trial, topology):
        return f"the breaker of {failover.member.backend} did not open, although it {trial.cause}"
    chain = topology.chain(failover.question.model)
    strange = sorted(_served(trial, topology) - {member.backend for route in chain for member in route.members})
    return f"{', '.join(strange)} answered, which no route of the model has" if strange else ""


def _must_open(trial: Trial, topology: Topology) -> bool:
    """Tell whether the member failed so often, and so fast, that its breaker must have been seen open."""
    member = trial.failover.member
    breaker = member.breaker
    if breaker is None:
        return False
    failures = [
        (each.at_ms, each.at_ms + each.duration_ms)
        for each in trial.during
        if each.duration_ms < _SEEN_WITHIN_MS
        for attempt in each.attempts or ()
        if breaker.counts(attempt.status) and topology.member_of(each.question.model, attempt.url) == member
    ]
    return breaker.must_open(failures)


def _answered_by(observation: Observation, trial: Trial, topology: Topology) -> str:
    """Return the backend whose answer the client got; empty when the gateway does not tell."""
    if not observation.attempts or not observation.is_good:
        return ""
    return _backend(observation.attempts[-1], observation, trial, topology)


def _backend(attempt: Attempt, observation: Observation, trial: Trial, topology: Topology) -> str:
    """Return the name of the backend that a request was for; its URL when it is for none of the model's."""
    if trial.stand_in and attempt.url.startswith(trial.stand_in):
        return trial.failover.member.backend
    member = topology.member_of(observation.question.model, attempt.url)
    return member.backend if member else attempt.url


def shown_trial(trial: Trial, topology: Topology) -> dict[str, Any]:
    """Return the trial's timeline, for the result."""
    answers: Sequence[Observation] = [*trial.before, *trial.during, *trial.after]
    member = trial.failover.member.backend
    return {
        "pool": trial.failover.route.name,
        "model": trial.failover.question.model,
        "backend": member,
        "cause": trial.cause,
        "failing_from_ms": round(trial.failing_from_ms),
        "failing_to_ms": round(trial.failing_to_ms),
        "events": [
            {
                "at_ms": round(each.at_ms),
                "status": each.status,
                "backend": _answered_by(each, trial, topology) or None,
                "attempts": [
                    {"backend": _backend(attempt, each, trial, topology), "status": attempt.status}
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
