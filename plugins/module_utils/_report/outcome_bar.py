# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Chart: how many checks passed, failed and were skipped, as one bar.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections import Counter

from ansible_collections.citadel.ai_gateway.plugins.module_utils._report.drawing import Drawing, Rect
from ansible_collections.citadel.ai_gateway.plugins.module_utils._report.table import counted_outcomes

_WIDTH, _HEIGHT = 140, 8
_ORDER = ("failed", "passed", "skipped")
# What occurs is seen, however rare it is.
_LEAST = 4


def outcome_bar(counts: Counter[str]) -> Drawing | None:
    """Return the bar; None without checks."""
    occurring = [outcome for outcome in _ORDER if counts[outcome]]
    if not occurring:
        return None
    spare = _WIDTH - _LEAST * len(occurring)
    drawing = Drawing("Checks by outcome", counted_outcomes(counts), _WIDTH, _HEIGHT)
    left = 0.0
    for outcome in occurring:
        width = _LEAST + spare * counts[outcome] / counts.total()
        drawing.marks.append(Rect(left, 0, width, _HEIGHT, f"part {outcome}"))
        left += width
    return drawing
