# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many examples a run draws, and which: PROPERTY_EXAMPLES and PROPERTY_SEED, equal ones give equal examples."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TypeVar

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

EXAMPLES = int(os.environ.get("PROPERTY_EXAMPLES", "300"))
_FIRST_SEED = int(os.environ.get("PROPERTY_SEED", "1"))
# Parts of a run go to the processes that are free; a small run is one part, for each has an embedded Azure to start.
_EXAMPLES_OF_A_PART = 150
_PARTS = -(-EXAMPLES // _EXAMPLES_OF_A_PART)
SEEDS = range(_FIRST_SEED, _FIRST_SEED + _PARTS)
EXAMPLES_PER_SEED = EXAMPLES // _PARTS

T = TypeVar("T")


def for_each(strategy: st.SearchStrategy[T], number: int, first_seed: int, check: Callable[[T], object]) -> None:
    """Check so many examples, without a clock; the first that fails is made smaller and shown."""

    @seed(first_seed)
    @settings(
        max_examples=number,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def holds(example: T) -> None:
        check(example)

    holds()
