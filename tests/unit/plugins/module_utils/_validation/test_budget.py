# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests beyond those that were announced."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.budget import Budget


def test_no_more_is_taken_than_there_is() -> None:
    budget = Budget(10)
    assert [budget.take(4), budget.take(8), budget.take(1)] == [4, 6, 0]


def test_too_few_are_left_for_others() -> None:
    budget = Budget(10)
    assert budget.take(60, at_least=11) == 0
    assert budget.take(60, at_least=10) == 10


def test_a_limit_that_is_used_up_has_nothing_left() -> None:
    assert Budget(-5).take(1) == Budget().take(1) == 0


def test_several_threads_share_it() -> None:
    budget = Budget(100)
    with ThreadPoolExecutor(8) as executor:
        taken = sum(executor.map(lambda _: budget.take(1), range(500)))
    assert taken == 100
