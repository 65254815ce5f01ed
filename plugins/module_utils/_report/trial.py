# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A trial of a failover: what its requests say.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._report.text import plural

_REFUSAL = 400


def succeeded(event: dict[str, Any]) -> bool:
    """Return whether a client got an answer that is none of an error."""
    return event["status"] is not None and 0 < event["status"] < _REFUSAL


def failed_attempts(event: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the attempts of a request that a backend refused or did not answer."""
    return [attempt for attempt in event["attempts"] if not succeeded(attempt)]


def from_its_start(trial: dict[str, Any]) -> dict[str, Any]:
    """Return a trial with its times since its first request, or since its backend failed if that was earlier."""
    start = min([trial["failing_from_ms"], *(event["at_ms"] for event in trial["events"])])
    return {
        **trial,
        "failing_from_ms": trial["failing_from_ms"] - start,
        "failing_to_ms": max(0.0, trial["failing_to_ms"] - start),
        "events": [{**event, "at_ms": event["at_ms"] - start} for event in trial["events"]],
        "breaker": [
            {
                **breaker,
                "open_from_ms": max(0.0, breaker["open_from_ms"] - start),
                "open_to_ms": None if breaker["open_to_ms"] is None else max(0.0, breaker["open_to_ms"] - start),
            }
            for breaker in trial["breaker"]
        ],
    }


def told(trial: dict[str, Any]) -> str:
    """Return in a sentence what happened."""
    failing = [
        event for event in trial["events"] if trial["failing_from_ms"] <= event["at_ms"] <= trial["failing_to_ms"]
    ]
    errors = sum(1 for event in trial["events"] if not succeeded(event))
    others = sum(1 for event in failing if succeeded(event) and event["backend"] != trial["backend"])
    return (
        f"{trial['pool']}: {trial['backend']} {trial['cause']} from {trial['failing_from_ms'] / 1000:.1f} s to "
        f"{trial['failing_to_ms'] / 1000:.1f} s. In that time others answered {others:,} of "
        f"{plural(len(failing), 'request')}. Clients got {plural(errors, 'error')} in all."
    )
