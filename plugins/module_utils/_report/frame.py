# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rows of a chart: a label, a plot and figures side by side, or on a narrow page the plot below the others.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ansible_collections.citadel.ai_gateway.plugins.module_utils._report.drawing import (
    NARROW,
    Mark,
    Text,
    fitted,
    text_width,
)

_LABELS = 236
_GAP = 14
_MARGIN = 6
# Below the plot, for the values of its axis.
AXIS = 22


@dataclass(frozen=True)
class Frame:
    """Where the parts of a row are.

    :ivar width: of the chart.
    :ivar figures: room for the figures at the right end.
    """

    width: float
    figures: float

    @property
    def stacked(self) -> bool:
        """Whether plots lie below labels."""
        return self.width <= NARROW

    @property
    def left(self) -> float:
        """Where plots begin."""
        return _MARGIN if self.stacked else _LABELS + _GAP

    @property
    def length(self) -> float:
        """How long plots are."""
        return self.width - self.left - (_MARGIN if self.stacked else self.figures + _GAP)

    @property
    def offset(self) -> float:
        """How far below a row's top its plot begins."""
        return 19 if self.stacked else 0

    def row(self, plot: float) -> float:
        """Return the height of a row whose plot has the given height."""
        return plot + self.offset

    def label(self, top: float, plot: float, name: str, figures: str, kind: str = "name") -> Iterator[Mark]:
        """Yield the label and the figures of a row with its top and the height of its plot."""
        baseline = top + (14 if self.stacked else plot / 2 + 4)
        room: float = _LABELS
        if figures:
            most = self.width * 0.62 if self.stacked else self.figures
            # A number is never cut: what is left of it would be another one.
            fits = text_width(figures) <= most
            text = Text(self.width, baseline, figures if fits else "see table", "figure", "end")
            yield text
            room = self.width - text_width(text.text) - _GAP if self.stacked else _LABELS
        yield fitted(0, baseline, name, kind, room)
