# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Aligned columns for a terminal.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Sequence

from ansible_collections.citadel.ai_gateway.plugins.module_utils._report.text import columns, shorten

_GAP = "  "
_NARROWEST = 7


def grid(rows: Sequence[Sequence[str]], alignment: str, width: int) -> list[str]:
    """Return rows as aligned lines that take at most ``width`` columns.

    Columns of names are shortened where a line would be longer, the widest one first; others never are.

    :param rows: cells by row; the first row holds the headings.
    :param alignment: for each column ``l``, names on the left, ``t``, other text on the left, or ``r``, on the right.
    """
    widths = [max(columns(row[index]) for row in rows) for index in range(len(alignment))]
    _fit(widths, alignment, width - len(_GAP) * (len(alignment) - 1))
    return [_line(row, widths, alignment) for row in rows]


def _fit(widths: list[int], alignment: str, width: int) -> None:
    while (excess := sum(widths) - width) > 0:
        size, index = max((size, index) for index, size in enumerate(widths) if alignment[index] == "l")
        if size <= _NARROWEST:
            return
        others = [each for position, each in enumerate(widths) if alignment[position] == "l" and position != index]
        # Down to the next widest, so that equally long names are shortened equally.
        step = max(1, size - max(others, default=_NARROWEST))
        widths[index] = max(_NARROWEST, size - min(excess, step))


def _line(row: Sequence[str], widths: Sequence[int], alignment: str) -> str:
    cells = []
    for cell, size, side in zip(row, widths, alignment, strict=True):
        text = shorten(cell, size)
        space = " " * (size - columns(text))
        cells.append(space + text if side == "r" else text + space)
    return _GAP.join(cells).rstrip()
