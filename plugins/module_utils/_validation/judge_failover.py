# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judges what clients saw while backends of a model failed.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Sequence

from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.budget import LIMIT
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.checks import (
    Check,
    failed,
    passed,
    skipped,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.topology import Member, Topology
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.trials import (
    Trial,
    answered_by,
    backend_of,
)

# A breaker is looked at after each answer. One that opened before a slow answer was complete may be closed again.
_SEEN_WITHIN_MS = 800
_REPAIR = "run playbooks/onboard.yml for this inventory, which puts it back"
_DELAY = "raise llm_validation_propagation_delay: gateways may not have seen yet what was changed"
_REMEDY = (
    "check that the pool has another member that is well, that the breaker counts what failed, and that the retry of "
    "the API's policy outlasts the breaker"
)


def judge_failover(trial: Trial, topology: Topology) -> Check:
    """Return the check of a model: no client may notice that members failed, and the first one's breaker must open.

    Each of the others must have served. A trial of which nothing shows that requests met the failing member proves
    nothing, and does not pass; nor does one after which a member is left that no request reached.
    """
    name, member = trial.failover.name, trial.failover.member
    if trial.left_behind:
        return failed("failover", name, trial.left_behind, _REPAIR)
    if trial.error:
        return skipped("failover", name, trial.error)
    if fault := _client_fault(trial):
        return failed("failover", name, fault, _REMEDY)
    if undead := _undead(trial, topology):
        message = f"{undead} answered requests although it was made to fail: the trial did not reach it"
        return failed("failover", name, message, _DELAY)
    if reason := _unproven(trial, topology):
        return skipped("failover", name, reason)
    if fault := _routing_fault(trial, topology):
        return failed("failover", name, fault, _REMEDY)
    if absent := _absent(trial, topology):
        return _judge_absent(trial, absent, topology)
    told = f"{len(trial.failing)} requests were answered while {_names(trial.rounds[-1].fails)} {trial.cause}"
    if trial.openings:
        told += f"; the breaker of {member.backend} opened"
    return passed("failover", name, told)


def _names(members: Sequence[Member]) -> str:
    return " and ".join(member.backend for member in members)


def _client_fault(trial: Trial) -> str:
    """Say which requests of clients failed; empty when none did."""
    for what, observations in (
        ("before any member failed", trial.before),
        *((f"while {_names(each.fails)} {trial.cause}", each.answers) for each in trial.rounds),
        ("after all members were well again", trial.after),
    ):
        bad = [each for each in observations if not each.is_good]
        if bad:
            return f"{len(bad)} of {len(observations)} requests {what} failed: {bad[0].outcome}"
    return ""


def _undead(trial: Trial, topology: Topology) -> str:
    """Return a member that answered although it was made to fail; empty when none did."""
    for each in trial.rounds:
        names = {member.backend for member in each.fails}
        served = {answered_by(answer, trial, topology) for answer in each.answers}
        if names & served:
            return min(names & served)
    return ""


def _unproven(trial: Trial, topology: Topology) -> str:
    """Say why nothing shows that requests met the failing member; empty when something does."""
    member = trial.failover.member.backend
    if trial.openings:
        return ""
    if all(each.attempts is None for each in trial.during):
        return f"the gateway does not tell whom it asked, so that nothing shows a request for {member} while it failed"
    asked = {backend_of(attempt, each, trial, topology) for each in trial.during for attempt in each.attempts or ()}
    return "" if member in asked else f"none of {len(trial.during)} requests went to {member} while it failed"


def _absent(trial: Trial, topology: Topology) -> list[tuple[Member, ...]]:
    """Return the members that had to serve and did not, those of which one had to together."""
    if all(each.attempts is None for each in trial.failing):
        return []
    served = trial.served(topology)
    return [step.serves for step in trial.failover.steps if served.isdisjoint(member.backend for member in step.serves)]


def _judge_absent(trial: Trial, absent: Sequence[tuple[Member, ...]], topology: Topology) -> Check:
    """Judge a trial in which somebody else answered in the place of a member, or nothing was asked."""
    name = trial.failover.name
    asked = {
        backend_of(attempt, each, trial, topology)
        for each in trial.of_the_well(topology)
        for attempt in each.attempts or ()
    }
    for members in absent:
        if not asked.isdisjoint(member.backend for member in members):
            message = f"{_names(members)} had to serve and did not: others answered after its failures"
            return failed("failover", name, message, "look at the backend under connectivity")
    told = ", ".join(" or ".join(member.backend for member in members) for members in absent)
    return skipped("failover", name, f"no request reached {told}: unproven; raise {LIMIT}, or validate again")


def _routing_fault(trial: Trial, topology: Topology) -> str:
    """Say what the gateway did not do about the failing member; empty when it did all, or does not tell."""
    failover = trial.failover
    if trial.openings is not None and not trial.openings and _must_open(trial, topology):
        return f"the breaker of {failover.member.backend} did not open, although it {trial.cause}"
    chain = topology.chain(failover.question.model)
    strange = sorted(trial.served(topology) - {member.backend for route in chain for member in route.members})
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
