# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From values to places on an axis.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from ansible_collections.citadel.ai_gateway.plugins.module_utils._report.drawing import Mark, Text, line, text_width

_STEPS = (1, 2, 2.5, 5, 10)
_LOG_STEPS = (1, 2, 5)
_TICK_SIZE = 11
_TICK_GAP = 10
_SMALLEST = 1e-3
# Spread from which on a linear axis would squeeze the small values.
_WIDE_SPREAD = 40
_WIDEST_SPREAD = 10_000


@dataclass(frozen=True)
class Scale:
    """An axis from ``low``, at ``start``, to ``high``, at ``start + length``; logarithmic if ``low`` is above 0."""

    low: float
    high: float
    start: float
    length: float

    def at(self, value: float) -> float:
        """Return the place of a value; values beyond an end are at that end."""
        value = min(max(value, self.low), self.high)
        share = math.log(value / self.low) / math.log(self.high / self.low) if self.low > 0 else value / self.high
        return self.start + self.length * share

    def ticks(self, count: int = 6) -> list[float]:
        """Return round values of the axis, ``count`` of them or so."""
        if self.low > 0:
            first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
            values = (factor * 10.0**power for power in range(first, last + 1) for factor in _LOG_STEPS)
            return [value for value in values if self.low * 0.99 < value < self.high * 1.01]
        step = _round_step(self.high / count)
        return [number * step for number in range(int(self.high / step + 1e-9) + 1)]


def _round_step(step: float) -> float:
    power = 10.0 ** math.floor(math.log10(step))
    return next(each for each in (factor * power for factor in _STEPS) if each >= step * (1 - 1e-9))


def linear(highest: float, start: float, length: float) -> Scale:
    """Return a linear axis from 0 to a value at least."""
    return Scale(0, max(highest, _SMALLEST), start, length)


def spread(lowest: float, highest: float, start: float, length: float) -> Scale:
    """Return an axis for positive values: logarithmic between round values if they differ by far, else linear."""
    # A request that took next to no time does not take the axis from the others.
    lowest = max(lowest, _SMALLEST, highest / _WIDEST_SPREAD)
    if highest < lowest * _WIDE_SPREAD:
        return linear(highest, start, length)
    power = 10.0 ** math.floor(math.log10(lowest))
    below = max(factor * power for factor in _LOG_STEPS if factor * power <= lowest * 1.01)
    power = 10.0 ** math.floor(math.log10(highest))
    above = min(factor * power for factor in (*_LOG_STEPS, 10) if factor * power >= highest * 0.99)
    return Scale(below, above, start, length)


def axis(scale: Scale, top: float, bottom: float, unit: str, end: float) -> Iterator[Mark]:
    """Yield grid lines from top to bottom and below them the values that have room, the last with its unit.

    :param end: where the room for values ends.
    """
    taken = -math.inf
    ticks = scale.ticks()
    for number, tick in enumerate(ticks):
        x = scale.at(tick)
        yield line(x, top, x, bottom, "grid")
        label = f"{tick:,.10g}{f' {unit}' if number == len(ticks) - 1 else ''}"
        half = text_width(label, _TICK_SIZE) / 2
        centre = max(half, min(x, end - half))
        if centre - half > taken + _TICK_GAP:
            yield Text(centre, bottom + 15, label, "tick", "middle", _TICK_SIZE)
            taken = centre + half
