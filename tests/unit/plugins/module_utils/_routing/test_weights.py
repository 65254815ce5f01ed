# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Weights as ARM takes them."""

from __future__ import annotations

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.weights import scale_weights
from hypothesis import given
from hypothesis import strategies as st

weights = st.lists(st.integers(1, 1000), min_size=1, max_size=30)


@pytest.mark.parametrize(
    ("wanted", "scaled"),
    [
        ([100], [100]),
        ([50, 100], [50, 100]),
        ([1000], [1]),
        ([1000, 1000], [1, 1]),
        ([1000, 500], [2, 1]),
        ([900, 100], [9, 1]),
        ([700, 200, 100], [7, 2, 1]),
        ([101, 100], [100, 99]),
        ([1000, 1], [100, 1]),
    ],
)
def test_weights_above_a_hundred_become_the_smallest_of_their_ratio(wanted: list[int], scaled: list[int]) -> None:
    assert scale_weights(wanted)[0] == scaled


@given(weights)
def test_shares_are_kept_within_the_reported_error(wanted: list[int]) -> None:
    scaled, error = scale_weights(wanted)
    assert all(1 <= weight <= 100 for weight in scaled)
    assert len(scaled) == len(wanted)
    for old, new in zip(wanted, scaled, strict=True):
        share, kept = old / sum(wanted), new / sum(scaled)
        assert abs(kept / share - 1) <= error + 1e-8


@given(st.lists(st.integers(1, 100), min_size=1, max_size=30), st.integers(1, 10))
def test_a_ratio_that_fits_is_kept_exactly(fitting: list[int], factor: int) -> None:
    scaled, error = scale_weights([weight * factor for weight in fitting])
    assert error == 0
    assert all(new * fitting[0] == old * scaled[0] for old, new in zip(fitting, scaled, strict=True))


@given(weights)
def test_a_larger_weight_never_gets_a_smaller_share(wanted: list[int]) -> None:
    scaled, _error = scale_weights(wanted)
    in_order = [new for _old, new in sorted(zip(wanted, scaled, strict=True))]
    assert in_order == sorted(in_order)
