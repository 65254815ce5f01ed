# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Generated inventories, end to end: each is refused with reasons, or onboards, routes as declared, and stays.

A service has one inventory after the other, so that removal is tried as well.
"""

from __future__ import annotations

import pytest
from hypothesis import strategies as st

from tests.properties.cases import Example
from tests.properties.generation import EXAMPLES_PER_SEED, SEEDS, for_each
from tests.properties.hostile import inventories
from tests.properties.laboratory import ONBOARDED, Laboratory
from tests.properties.plausible import cases

pytestmark = pytest.mark.gate

_examples = st.builds(
    Example, inventories(), before=st.sampled_from([None, None, None]) | cases(), check_mode=st.booleans()
)


@pytest.mark.parametrize("first_seed", SEEDS)
def test_every_inventory_is_refused_or_routed(laboratory: Laboratory, first_seed: int) -> None:
    outcomes: list[str] = []
    for_each(_examples, EXAMPLES_PER_SEED, first_seed, lambda example: outcomes.append(laboratory.check(example)))
    assert outcomes.count(ONBOARDED) * 2 >= len(outcomes), "most examples are refused and tell nothing of routing"
