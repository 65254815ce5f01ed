# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Chart: how long each model took by backend.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._report import amounts
from ansible_collections.citadel.ai_gateway.plugins.module_utils._report.drawing import (
    MOST_ROWS,
    Box,
    Circle,
    Drawing,
    Mark,
    Path,
    Rect,
    diamond,
    line,
    place,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._report.frame import AXIS, Frame
from ansible_collections.citadel.ai_gateway.plugins.module_utils._report.scale import Scale, axis, spread

_HEADING = 24
_PLOT = 22
_GAP = 8
_FIGURES = 208
_TICK = 12
# Requests closer than this are one tick.
_STEP = 2


def latency_chart(latency: Sequence[dict[str, Any]], width: float) -> Drawing | None:
    """Return the chart for a page of the given width; None if there is nothing to draw.

    Of more rows than can be seen those with the highest p95 are drawn.
    """
    slowest = sorted(latency, key=lambda entry: -entry["p95_ms"])[:MOST_ROWS]
    drawn = [entry for entry in latency if any(entry is each for each in slowest)]
    if not drawn:
        return None
    frame = Frame(width, _FIGURES)
    ends = [value for entry in drawn for value in (*entry["samples_ms"][:1], *entry["samples_ms"][-1:])]
    ends += [entry[name] for entry in drawn for name in ("p50_ms", "p95_ms", "p99_ms")]
    scale = spread(min(ends), max(ends), frame.left, frame.length)
    marks: list[Mark] = list(frame.label(0, _HEADING, "", "p50 · p95 · p99 ms"))[:1]
    top = 0.0 if not frame.stacked else _HEADING
    for model, entries in _by_model(drawn).items():
        marks += list(frame.label(top, _HEADING, model, "", "strong"))
        top += _HEADING
        for entry in entries:
            marks += _row(frame, scale, top, entry)
            top += frame.row(_PLOT)
        top += _GAP
    bottom = top - _GAP / 2
    grid = axis(scale, _HEADING, bottom, "ms", width)
    title = "Latency by model and backend" + (", on a logarithmic axis" if scale.low else "")
    return Drawing(title, _told(drawn), width, bottom + AXIS, [*grid, *marks])


def _by_model(entries: Sequence[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    models: dict[str, list[dict[str, Any]]] = {}
    for entry in entries:
        models.setdefault(entry["model"], []).append(entry)
    return models


def _row(frame: Frame, scale: Scale, top: float, entry: dict[str, Any]) -> Iterator[Mark]:
    values = [amounts.milliseconds(entry[name]) for name in ("p50_ms", "p95_ms", "p99_ms")]
    yield from frame.label(top, _PLOT, entry["backend"], " · ".join(values))
    middle = top + frame.offset + _PLOT / 2
    p50, p95, p99 = (scale.at(entry[name]) for name in ("p50_ms", "p95_ms", "p99_ms"))
    yield Rect(min(p50, p95), middle - 3, abs(p95 - p50), 6, "range")
    if entry["samples_ms"]:
        yield _samples(scale, middle, entry["samples_ms"])
    yield Circle(p50, middle, 4.5, "p50", f"p50: {values[0]} ms")
    yield line(p95, middle - 8, p95, middle + 8, "p95", f"p95: {values[1]} ms")
    yield diamond(p99, middle, 4.5, "p99", f"p99: {values[2]} ms")


def _samples(scale: Scale, middle: float, samples: Sequence[float]) -> Path:
    """Return a tick for each request, those at the same place as one."""
    top = middle - _TICK / 2
    places = sorted({_STEP * round(scale.at(sample) / _STEP) for sample in samples})
    data = "".join(f"M{place(x)} {place(top)}v{_TICK}" for x in places)
    return Path(data, Box(places[0], top, places[-1], top + _TICK), "sample")


def _told(entries: Sequence[dict[str, Any]]) -> str:
    return "; ".join(
        f"{entry['model']} from {entry['backend']}: p50 {amounts.milliseconds(entry['p50_ms'])} ms, "
        f"p95 {amounts.milliseconds(entry['p95_ms'])} ms, p99 {amounts.milliseconds(entry['p99_ms'])} ms"
        for entry in entries
    )
