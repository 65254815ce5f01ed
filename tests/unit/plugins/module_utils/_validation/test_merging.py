# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What two probes found of one backend."""

from __future__ import annotations

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.checks import (
    Check,
    failed,
    passed,
    skipped,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.merging import merged

GROUP = "connectivity"
LEFT_OUT, LATER = skipped(GROUP, "b", "no request reached it"), skipped(GROUP, "b", "unproven even so")
SERVED, SERVED_LATER = passed(GROUP, "b", "60 requests"), passed(GROUP, "b", "4 requests")
DEAD, DEAD_LATER = failed(GROUP, "b", "60 of 60", "repair it"), failed(GROUP, "b", "4 of 4", "repair it")


@pytest.mark.parametrize(
    ("calm", "failing", "counts"),
    [
        (LEFT_OUT, SERVED, SERVED),
        (LEFT_OUT, DEAD, DEAD),
        (LEFT_OUT, LATER, LATER),
        (SERVED, LATER, SERVED),
        (SERVED, SERVED_LATER, SERVED),
        (SERVED, DEAD, DEAD),
        (DEAD, SERVED, DEAD),
        (DEAD, DEAD_LATER, DEAD),
    ],
)
def test_each_backend_has_one_check(calm: Check, failing: Check, counts: Check) -> None:
    other, shares = passed(GROUP, "a"), passed("shares", "b")
    assert merged([[shares, calm, other], [failing, shares]]) == [shares, counts, other, shares]


def test_an_api_that_hands_out_credentials_is_told_once() -> None:
    first, again = (failed("secrets", "answers of API a", message, "repair it") for message in ("header b", "the body"))
    assert merged([[first], [again]]) == [first]


def test_what_one_probe_found_stays_as_it_is() -> None:
    assert merged([[LEFT_OUT, SERVED], [DEAD, DEAD_LATER]]) == [LEFT_OUT, DEAD]
    assert merged([[SERVED, SERVED_LATER, DEAD]]) == [SERVED, SERVED_LATER, DEAD]
