# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judges how a pool spreads requests, and how long models take.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.checks import (
    FAILED,
    PASSED,
    Check,
    failed,
    passed,
    skipped,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.observations import Observation
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.schedule import Repeat
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.statistics import p_value, percentile
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.topology import Member, Route, Topology

#: What fits the weights less well than one sample in a thousand is measured again. Only when that sample is as bad the
#: shares are wrong, so a right pool fails one time in a million.
SIGNIFICANCE = 0.001
_KEPT_SAMPLES = 300
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
    def is_usable(self) -> bool:
        """Whether the sample tells of weights alone."""
        return bool(self.chosen) and not self.failures and not self.untraced

    @cached_property
    def p_value(self) -> float:
        """How likely such counts are by the weights; 0 when somebody else was chosen."""
        if self.strangers:
            return 0.0
        return p_value(self.counts, [self.route.share(member) for member in self.route.members])

    @property
    def is_suspicious(self) -> bool:
        """Whether another sample is needed."""
        return self.is_usable and self.p_value < SIGNIFICANCE


def judge_shares(sample: ShareSample, untraced: str) -> tuple[Check, dict[str, Any] | None]:
    """Return the check of a pool's shares, and the numbers for the result where they were measured.

    :param untraced: why the gateway does not tell whom it asked; empty when it does.
    """
    name = sample.route.name
    if untraced:
        return skipped("shares", name, untraced), None
    if not sample.is_usable:
        number = len(sample.chosen) + sample.failures + sample.untraced
        reason = (
            f"{sample.failures} of {number} requests met a failure, which moves the shares"
            if sample.failures
            else f"the gateway kept no trace of {sample.untraced} of {number} requests"
        )
        return skipped("shares", name, reason), None
    value = sample.p_value
    outcome = FAILED if value < SIGNIFICANCE else PASSED
    shares: dict[str, Any] = {
        "pool": name,
        "model": sample.repeat.question.model,
        "requests": len(sample.chosen),
        "p_value": round(value, 4),
        "outcome": outcome,
        "members": [
            {
                "backend": member.backend,
                "weight": member.weight,
                "priority": member.priority,
                "expected": round(sample.route.share(member), 4),
                "served": served,
            }
            for member, served in zip(sample.route.members, sample.counts, strict=True)
        ],
    }
    told = ", ".join(
        [
            *(
                f"{each['backend']} {each['served']} (weight says {each['expected'] * len(sample.chosen):.0f})"
                for each in shares["members"]
            ),
            *(f"{place} {served} (not in the pool)" for place, served in sorted(sample.strangers.items())),
        ]
    )
    if outcome == PASSED:
        return passed("shares", name, told), shares
    return failed("shares", name, f"of {len(sample.chosen)} requests, measured twice: {told}", _REMEDY), shares


def latencies(observations: Sequence[Observation], topology: Topology) -> list[dict[str, Any]]:
    """Return the latency of each model at each backend that the plan has for it, of answers at the first attempt.

    Where the gateway does not tell whom it asked, the route stands for the backend.
    """
    durations: dict[tuple[str, str], list[float]] = {}
    for observation in observations:
        model, attempts = observation.question.model, observation.attempts
        if not observation.is_good or not model or (attempts is not None and len(attempts) != 1):
            continue
        member = topology.member_of(model, attempts[0].url) if attempts else None
        if attempts and member is None:
            continue
        backend = member.backend if member else topology.chain(model)[0].name
        durations.setdefault((model, backend), []).append(observation.duration_ms)
    return [_latency(model, backend, sorted(found)) for (model, backend), found in sorted(durations.items())]


def _latency(model: str, backend: str, ordered: Sequence[float]) -> dict[str, Any]:
    step = max(1, -(-len(ordered) // _KEPT_SAMPLES))
    return {
        "model": model,
        "backend": backend,
        "requests": len(ordered),
        **{f"p{percent}_ms": round(percentile(ordered, percent), 1) for percent in (50, 95, 99)},
        "samples_ms": [round(each, 1) for each in ordered[::step]],
    }


def judge_latency(measured: Sequence[Mapping[str, Any]], limit_ms: int) -> Iterator[Check]:
    """Yield a check for each model and backend.

    :param limit_ms: what the 95th percentile may be; 0 for no limit.
    """
    for each in measured:
        name = f"{each['model']} at {each['backend']}"
        told = (
            f"p50 {each['p50_ms']} ms, p95 {each['p95_ms']} ms, p99 {each['p99_ms']} ms of {each['requests']} requests"
        )
        if limit_ms and each["p95_ms"] > limit_ms:
            remedy = "look at the backend's load, region and quota, or raise llm_validation_max_p95_ms"
            yield failed("latency", name, f"{told}; p95 may be {limit_ms} ms", remedy)
        else:
            yield passed("latency", name, told)
