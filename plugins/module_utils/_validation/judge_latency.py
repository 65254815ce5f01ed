# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judges how long models take.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.checks import Check, failed, passed
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.model_options import ModelOptions
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.observations import Observation
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.statistics import percentile
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.topology import Topology

_KEPT_SAMPLES = 300


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


def judge_latency(measured: Sequence[Mapping[str, Any]], options: ModelOptions) -> Iterator[Check]:
    """Yield a check for each model and backend.

    :param options: what the 95th percentile of each model may be.
    """
    for each in measured:
        limit_ms = options.max_p95_ms(each["model"])
        name = f"{each['model']} at {each['backend']}"
        told = (
            f"p50 {each['p50_ms']} ms, p95 {each['p95_ms']} ms, p99 {each['p99_ms']} ms of {each['requests']} requests"
        )
        if limit_ms and each["p95_ms"] > limit_ms:
            remedy = "look at the backend's load, region and quota, or raise llm_validation_max_p95_ms"
            yield failed("latency", name, f"{told}; p95 may be {limit_ms} ms", remedy)
        else:
            yield passed("latency", name, told)
