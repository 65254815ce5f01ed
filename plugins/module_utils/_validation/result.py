# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts together what was found of a service: its configuration, its prerequisites, its answers.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain, count
from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.checks import (
    CALLS,
    FAILED,
    GROUPS,
    PASSED,
    SKIPPED,
    Check,
    failed,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.drift import judge_drift
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.merging import merged

_REPAIR = "repair what the message names, and validate again"
_ASK_LESS = "change the variables that the message names, and validate again"
_MEASURED = ("models", "backends", "shares", "latency", "failover", "streaming")


def validation_result(
    service: Mapping[str, str],
    comparison: Mapping[str, Any] | None,
    preflight: Mapping[str, Any] | None,
    probes: Sequence[Mapping[str, Any]],
    *,
    failure: tuple[str, str] | None = None,
    required: Collection[str] = (),
) -> dict[str, Any]:
    """Return the result for one service.

    :param service: ``name`` and ``resource_group``.
    :param comparison: result of module ``apim_llm_gateway`` in check mode and diff mode; None when it was not wanted.
    :param preflight: result of module ``apim_llm_preflight``; None when it was not wanted.
    :param probes: results of ``apim_llm_gateway_probe``, the earliest first; of later ones the parts that they measured
        count.
    :param failure: what stopped the validation, and why; None when nothing did.
    :param required: groups of GROUPS in which nothing may be skipped.
    """
    checks = _unique(
        [
            *([failed("configuration", *failure, _REPAIR)] if failure else ()),
            *(judge_drift(comparison) if comparison is not None else ()),
            *(_prerequisites(preflight) if preflight is not None else ()),
            *merged(_of_probe(probe) for probe in probes),
        ],
        required,
    )
    ran = [probe for probe in probes if "checks" in probe]
    sources = [*ran, *(each for each in (comparison, preflight) if each)]
    gateway: Mapping[str, Any] = next((each["gateway"] for each in sources if each.get("gateway")), {})
    durations = [float(probe["duration_s"]) for probe in ran]
    return {
        "service": service["name"],
        "resource_group": service["resource_group"],
        "gateway_url": gateway.get("url") or "",
        "sku": gateway.get("sku") or "",
        "location": gateway.get("location") or "",
        "started": min((probe["started"] for probe in ran), default=""),
        "duration_s": round(sum(durations), 1),
        "outcome": _outcome({check.outcome for check in checks}),
        "calls": {name: sum(int(probe["calls"][name]) for probe in ran) for name in ("planned", "made")},
        "checks": [check.shown() for check in checks],
        **{name: _last(ran, name) for name in _MEASURED},
    }


def _outcome(found: Collection[str]) -> str:
    """Return the outcome of a service: where nothing was looked at, nothing passed."""
    return next((outcome for outcome in (FAILED, PASSED) if outcome in found), SKIPPED)


def _last(probes: Sequence[Mapping[str, Any]], name: str) -> list[Any]:
    """Return a part of the result as the last probe has it that measured it."""
    return next((list(probe[name]) for probe in reversed(probes) if probe.get(name)), [])


def _prerequisites(preflight: Mapping[str, Any]) -> Iterator[Check]:
    if "findings" not in preflight:
        message = str(preflight.get("msg") or "the prerequisites could not be looked at")
        yield failed("prerequisites", "the service", message, _REPAIR)
        return
    for each in preflight["findings"]:
        name = f"{each['check']} of {each['subject']}"
        yield Check("prerequisites", name, each["outcome"], each["message"], each["remedy"])


def _of_probe(probe: Mapping[str, Any]) -> Iterator[Check]:
    if "checks" not in probe:
        message = str(probe.get("msg") or "the gateway could not be tried")
        if probe.get("group") == CALLS:
            yield failed(CALLS, "requests to LLMs", message, _ASK_LESS)
        else:
            yield failed("connectivity", "the gateway", message, _REPAIR)
        return
    for each in probe["checks"]:
        yield Check(**{name: each[name] for name in ("group", "name", "outcome", "message", "remedy", "duration_s")})


def _demanded(check: Check, required: Collection[str]) -> Check:
    """Return a check as it counts: one that was skipped has failed where nothing may be skipped."""
    if check.outcome != SKIPPED or check.group not in required:
        return check
    message = f"skipped, which llm_validation_required forbids for {check.group}: {check.message}"
    remedy = f"see to what it was skipped for, or take {check.group} out of llm_validation_required"
    return replace(check, outcome=FAILED, message=message, remedy=remedy)


def _unique(checks: Sequence[Check], required: Collection[str]) -> list[Check]:
    """Return the checks by group, with names that are unique within theirs; what two probes found alike counts once."""
    taken: set[tuple[str, str]] = set()
    found = []
    for check in sorted(dict.fromkeys(checks), key=lambda each: GROUPS.index(each.group)):
        names = chain([check.name], (f"{check.name} ({number})" for number in count(2)))
        name = next(name for name in names if (check.group, name) not in taken)
        taken.add((check.group, name))
        found.append(replace(_demanded(check, required), name=name))
    return found
