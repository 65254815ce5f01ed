# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Priorities and weights of a pool."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

from apim_emulator.gateway.balancing import Balancer
from hypothesis import given
from hypothesis import strategies as st

from tests.emulator.gateway.views import pool


def choices(balancer: Balancer, number: int, without: frozenset[str] = frozenset()) -> list[str | None]:
    return [balancer.choose(lambda name: name not in without) for _ in range(number)]


@given(st.lists(st.integers(1, 100), min_size=1, max_size=30))
def test_each_member_gets_its_share(weights: list[int]) -> None:
    members = [(f"b{index}", 1, weight) for index, weight in enumerate(weights)]
    counted = Counter(choices(Balancer.of(pool("p", *members)), sum(weights)))
    assert counted == {name: weight for name, _, weight in members}


def test_seventy_to_thirty_in_every_ten() -> None:
    served = choices(Balancer.of(pool("p", ("A", 1, 70), ("b", 1, 30))), 1000)
    assert all(served[start : start + 10].count("a") == 7 for start in range(0, 1000, 10))


def test_equal_members_alternate() -> None:
    served = choices(Balancer.of(pool("p", ("a", None, None), ("b", None, None))), 10)
    assert all(one != other for one, other in pairwise(served))


def test_a_later_group_serves_only_when_the_earlier_one_cannot() -> None:
    balancer = Balancer.of(pool("p", ("spare", 2, 100), ("a", 1, 1), ("b", 1, 1)))
    assert set(choices(balancer, 20)) == {"a", "b"}
    assert set(choices(balancer, 20, frozenset(("a",)))) == {"b"}
    assert set(choices(balancer, 20, frozenset(("a", "b")))) == {"spare"}
    assert set(choices(balancer, 20)) == {"a", "b"}
    assert balancer.choose(lambda _name: False) is None


def test_weight_zero_serves_when_nobody_else_can() -> None:
    balancer = Balancer.of(pool("p", ("idle", 1, 0), ("busy", 1, 5)))
    assert set(choices(balancer, 20)) == {"busy"}
    assert set(choices(balancer, 5, frozenset(("busy",)))) == {"idle"}
