# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Weights of an inventory (1 to 1000) as ARM takes them (at most 100), with their ratios kept.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Sequence

# facts: the weight of a pool's member is 0 to 100 in ARM; 0 would silence a member that the inventory lists.
ARM_MAXIMUM = 100


def scale_weights(weights: Sequence[int]) -> tuple[list[int], float]:
    """Scale the weights of one priority group to ARM's range.

    Weights that fit already stay as they were written. Otherwise the smallest integers are taken whose shares come
    nearest to the wanted ones.

    :param weights: at least one, each 1 or more.
    :return: the weights for ARM, each 1 to 100, and the largest relative error of a share (0.01 is 1 %).
    """
    if max(weights) <= ARM_MAXIMUM:
        return list(weights), 0.0
    candidates = (_scaled(weights, top) for top in range(1, ARM_MAXIMUM + 1))
    return min(((scaled, _share_error(weights, scaled)) for scaled in candidates), key=lambda pair: pair[1])


def _scaled(weights: Sequence[int], top: int) -> list[int]:
    largest = max(weights)
    return [max(1, round(weight * top / largest)) for weight in weights]


def _share_error(wanted: Sequence[int], scaled: Sequence[int]) -> float:
    """Return the largest relative error of a share, rounded so that equal ratios compare equal."""
    ratio = sum(wanted) / sum(scaled)
    return round(max(abs(new * ratio / old - 1) for old, new in zip(wanted, scaled, strict=True)), 9)
