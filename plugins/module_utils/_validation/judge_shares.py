# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judges how a pool spreads requests.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.budget import LIMIT
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.checks import (
    FAILED,
    PASSED,
    SKIPPED,
    Check,
    failed,
    passed,
    skipped,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.judge_repeats import ONE_IN
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.observations import Observation
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.schedule import Repeat
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.statistics import p_value, shown_deviation
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.topology import Member, Route, Topology

#: A first sample that is less likely than this by the weights leads to a second one, so many times as large.
SUSPICIOUS, LARGER = 0.1, 5
#: Shares are wrong when both samples together are less likely than the first of these, and the second sample by itself
#: is less likely than the other.
WRONG, CONFIRMED = 1e-5, 1e-3
_REMEDY = "compare weights and priorities of the pool with the inventory, and whether breakers open and close meanwhile"


class ShareSample:
    """Who was chosen first for each of many requests to a pool."""

    def __init__(self, repeat: Repeat, route: Route, observations: Sequence[Observation], topology: Topology) -> None:
        self.repeat = repeat
        self.route = route
        self.chosen: list[Member | None] = []
        self.strangers: Counter[str] = Counter()
        self.failures = 0
        self.untraced = 0
        self._observations, self._topology = observations, topology
        for observation in observations:
            attempts = observation.attempts
            if not observation.is_good or any(attempt.failed for attempt in attempts or ()):
                self.failures += 1
            elif not attempts:
                self.untraced += 1
            else:
                member = topology.member_of(observation.question.model, attempts[0].url)
                self.chosen.append(member)
                if member not in route.members:
                    self.strangers[member.backend if member else attempts[0].url] += 1

    @property
    def counts(self) -> list[int]:
        """How often each member was chosen, in the order of the route's members."""
        return [self.chosen.count(member) for member in self.route.members]

    @property
    def shares(self) -> list[float]:
        """How often each member should be, of 1 in all."""
        return [self.route.share(member) for member in self.route.members]

    @property
    def is_usable(self) -> bool:
        """Whether the sample tells of weights alone."""
        return bool(self.chosen) and not self.failures and not self.untraced

    @property
    def is_disturbed(self) -> bool:
        """Whether single failures moved the shares, so that another sample may tell of weights alone."""
        return 0 < self.failures <= 1 + len(self._observations) // ONE_IN and not self.untraced

    @cached_property
    def p_value(self) -> float:
        """How likely such counts are by the weights; 0 when somebody else was chosen."""
        return 0.0 if self.strangers else p_value(self.counts, self.shares)

    @property
    def is_suspicious(self) -> bool:
        """Whether another sample is needed."""
        return self.is_usable and self.p_value < SUSPICIOUS

    def with_more(self, other: ShareSample) -> ShareSample:
        """Return both samples as one."""
        return ShareSample(self.repeat, self.route, [*self._observations, *other._observations], self._topology)


@dataclass(frozen=True)
class _Verdict:
    """What samples say of shares.

    :ivar sample: what it was decided by.
    :ivar significance: what less likely would have been taken for wrong, or measured again.
    """

    outcome: str
    sample: ShareSample
    significance: float = SUSPICIOUS
    reason: str = ""


def judge_shares(first: ShareSample, second: ShareSample | None, untraced: str) -> tuple[Check, dict[str, Any] | None]:
    """Return the check of a pool's shares, and the numbers for the result where they were measured.

    A right pool fails with a probability of at most 1e-5, for its samples together are held against WRONG by an exact
    test: of 2,500 right pools (fifty validations of fifty pools) one fails in one of forty such rounds. A breaker that
    was open before the first request leaves a member out, and no trace shows that: it may have spoiled the first
    sample. So the second one must be wrong by itself, too (CONFIRMED); where it fits the weights the first one is left
    out, and between the two nothing is decided.

    :param second: what was measured because the first sample is suspicious; None when it was not, or could not be.
    :param untraced: why the gateway does not tell whom it asked; empty when it does.
    """
    name = first.route.name
    if untraced:
        return skipped("shares", name, untraced), None
    for sample in (first, second):
        if sample is not None and not sample.is_usable:
            return skipped("shares", name, _unusable(sample)), None
    verdict = _verdict(first, second)
    shares, told = _shown(verdict), _told(verdict.sample)
    if verdict.outcome == SKIPPED:
        return skipped("shares", name, f"{told}: {verdict.reason}"), None
    if verdict.outcome == FAILED:
        number = len(verdict.sample.chosen)
        return failed("shares", name, f"of {number} requests, measured twice: {told}", _REMEDY), shares
    return passed("shares", name, told + _power(verdict)), shares


def _verdict(first: ShareSample, second: ShareSample | None) -> _Verdict:
    if second is None:
        if first.p_value >= SUSPICIOUS:
            return _Verdict(PASSED, first)
        if first.p_value >= CONFIRMED:
            return _Verdict(PASSED, first, CONFIRMED)
        reason = f"that is unlikely, but no requests were left to measure once more; raise {LIMIT}"
        return _Verdict(SKIPPED, first, reason=reason)
    both = first.with_more(second)
    if both.p_value >= WRONG:
        return _Verdict(PASSED, both, WRONG)
    if second.p_value < CONFIRMED:
        return _Verdict(FAILED, both, WRONG)
    if second.p_value >= SUSPICIOUS:
        return _Verdict(PASSED, second, CONFIRMED)
    reason = "that is unlikely, but the second of two samples is less so, as if a breaker had been open; validate again"
    return _Verdict(SKIPPED, both, reason=reason)


def _unusable(sample: ShareSample) -> str:
    number = len(sample.chosen) + sample.failures + sample.untraced
    if sample.failures:
        return f"{sample.failures} of {number} requests met a failure, which moves the shares"
    return f"the gateway kept no trace of {sample.untraced} of {number} requests"


def _shown(verdict: _Verdict) -> dict[str, Any]:
    """Return the numbers of a pool's shares for the result."""
    sample = verdict.sample
    return {
        "pool": sample.route.name,
        "model": sample.repeat.question.model,
        "requests": len(sample.chosen),
        "p_value": round(sample.p_value, 6),
        "outcome": verdict.outcome,
        "members": [
            {
                "backend": member.backend,
                "weight": member.weight,
                "priority": member.priority,
                "expected": round(share, 4),
                "served": served,
            }
            for member, share, served in zip(sample.route.members, sample.shares, sample.counts, strict=True)
        ],
    }


def _told(sample: ShareSample) -> str:
    number = len(sample.chosen)
    members = zip(sample.route.members, sample.shares, sample.counts, strict=True)
    return ", ".join(
        [
            *(f"{member.backend} {served} (weight says {share * number:.0f})" for member, share, served in members),
            *(f"{place} {served} (not in the pool)" for place, served in sorted(sample.strangers.items())),
        ]
    )


def _power(verdict: _Verdict) -> str:
    """Say which deviation the sample could have shown, so that nobody takes a small one for a proof."""
    sample = verdict.sample
    points = shown_deviation(len(sample.chosen), sample.shares, verdict.significance)
    if points is None:
        return f"; too few requests to show any deviation: raise llm_validation_share_requests or {LIMIT}"
    return f"; would have shown a share that is off by {points} points"
