# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Places things below each other without overlap, each as near to where it is wished as can be.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Sequence


def stack(wished: Sequence[float], heights: Sequence[float], gap: float, total: float) -> list[float]:
    """Return the tops of things, in the order of the tops that are wished for.

    :param total: the height that they have together; at least their own with the gaps between them.
    """
    order = sorted(range(len(wished)), key=lambda index: wished[index])
    tops = [0.0] * len(wished)
    bottom = -gap
    for index in order:
        tops[index] = max(wished[index], bottom + gap, 0.0)
        bottom = tops[index] + heights[index]
    ceiling = total + gap
    for index in reversed(order):
        tops[index] = min(tops[index], ceiling - gap - heights[index])
        ceiling = tops[index]
    return tops
