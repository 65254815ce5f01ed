# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Chart: which backend answered when, before, while and after one of them failed.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._report.drawing import (
    Circle,
    Drawing,
    Mark,
    Rect,
    cross,
    fitted,
    line,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._report.frame import AXIS, Frame
from ansible_collections.citadel.ai_gateway.plugins.module_utils._report.scale import Scale, axis, linear
from ansible_collections.citadel.ai_gateway.plugins.module_utils._report.text import plural
from ansible_collections.citadel.ai_gateway.plugins.module_utils._report.trial import failed_attempts, succeeded, told

_HEADING = 26
_LANE = 36
_FIGURES = 110
_REACH = 3.5
# Marks closer than this are one.
_STEP = 3


def failover_chart(trial: dict[str, Any], width: float) -> Drawing | None:
    """Return the chart of one pool for a page of the given width; None without requests.

    :param trial: of :func:`.trial.from_its_start`.
    """
    if not trial["events"]:
        return None
    frame = Frame(width, _FIGURES)
    scale = linear(_end(trial) / 1000, frame.left, frame.length)
    marks: list[Mark] = []
    top = float(_HEADING)
    tops = {}
    for lane in _lanes(trial):
        tops[lane] = top
        answered = sum(1 for event in trial["events"] if event["backend"] == lane)
        figures = f"{answered:,} requests" if lane is None else f"{answered:,} answered"
        marks += frame.label(top, _LANE, _nobody(trial) if lane is None else lane, figures)
        top += frame.row(_LANE)
    shade = _shade(frame, scale, trial, top)
    lanes = [
        line(frame.left, y + frame.offset + _LANE / 2, frame.left + frame.length, y + frame.offset + _LANE / 2, "lane")
        for y in tops.values()
    ]
    for lane, y in tops.items():
        marks += _breakers(scale, y + frame.offset + _LANE, trial, lane)
        marks += _dots(scale, y + frame.offset + _LANE / 2, trial["events"], lane)
    grid = axis(scale, _HEADING, top, "s", width)
    title = f"Failover of {trial['pool']}"
    return Drawing(title, told(trial), width, top + AXIS, [*shade, *grid, *lanes, *marks])


def _end(trial: dict[str, Any]) -> float:
    """Return the end of the time axis: breakers that stay open for long do not stretch it."""
    times: list[float] = [trial["failing_to_ms"], *(event["at_ms"] for event in trial["events"])]
    return max(times) * 1.02


def _lanes(trial: dict[str, Any]) -> list[str | None]:
    """Return the backends, that which failed first, and None if some requests were answered by none."""
    names = [trial["backend"], *(each["backend"] for each in trial["breaker"])]
    for event in trial["events"]:
        names += [attempt["backend"] for attempt in event["attempts"]]
        names += [event["backend"]] if event["backend"] is not None else []
    nobody = [None] if any(event["backend"] is None for event in trial["events"]) else []
    return [*dict.fromkeys(names), *nobody]


def _nobody(trial: dict[str, Any]) -> str:
    """Return the label of answers without a backend: the gateway's own, or of some backend that it does not tell."""
    known = not any(succeeded(event) for event in trial["events"] if event["backend"] is None)
    return "no backend" if known else "unknown backend"


def _shade(frame: Frame, scale: Scale, trial: dict[str, Any], bottom: float) -> Iterator[Mark]:
    start, end = scale.at(trial["failing_from_ms"] / 1000), scale.at(trial["failing_to_ms"] / 1000)
    yield Rect(min(start, end), _HEADING - 4, abs(end - start), bottom - _HEADING + 4, "shade")
    note = f"{trial['backend']} {trial['cause']}"
    # From the interval on as far as there is room for most of the note, else up to the end.
    x = min(start, frame.width - min(frame.width - frame.left, 300))
    yield fitted(x, _HEADING - 10, note, "quiet", frame.width - x)


def _breakers(scale: Scale, bottom: float, trial: dict[str, Any], lane: str | None) -> Iterator[Mark]:
    for breaker in trial["breaker"]:
        if breaker["backend"] != lane:
            continue
        start = scale.at(breaker["open_from_ms"] / 1000)
        until = breaker["open_to_ms"]
        end = scale.start + scale.length if until is None else scale.at(until / 1000)
        told_end = "the end" if until is None else f"{until / 1000:.1f} s"
        title = f"circuit breaker open from {breaker['open_from_ms'] / 1000:.1f} s to {told_end}"
        yield Rect(min(start, end), bottom - 9, abs(end - start), 6, "breaker", title)


def _dots(scale: Scale, middle: float, events: Sequence[dict[str, Any]], lane: str | None) -> Iterator[Mark]:
    """Yield what one backend answered and refused, marks at the same place as one."""
    answers: Counter[tuple[float, bool, int | None]] = Counter()
    refusals: Counter[tuple[float, int | None]] = Counter()
    for event in events:
        x = float(_STEP * round(scale.at(event["at_ms"] / 1000) / _STEP))
        if event["backend"] == lane:
            answers[x, succeeded(event), event["status"]] += 1
        refusals.update((x, attempt["status"]) for attempt in failed_attempts(event) if attempt["backend"] == lane)
    for (x, status), count in refusals.items():
        yield cross(
            _inside(scale, x), middle - 9, _REACH - 1, "refused", f"{plural(count, 'attempt')}: {_status(status)}"
        )
    for (x, success, status), count in answers.items():
        title = f"{plural(count, 'request')}: {_status(status)}"
        kind = "answer" if success else "answer failed"
        yield Circle(_inside(scale, x), middle, _REACH, kind, title)


def _inside(scale: Scale, x: float) -> float:
    return min(max(x, scale.start), scale.start + scale.length)


def _status(status: int | None) -> str:
    return "no answer" if status is None else str(status)
