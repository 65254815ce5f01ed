# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pools: options to ARM and back."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.pool import Pool
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.resource import InvalidOptionsError
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.plugins.module_utils._resources.objects import (
    Properties,
    created,
    descriptions,
    is_settled,
    options_of,
    owners,
    updated,
)

POOL = Pool()
SERVICE = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.ApiManagement/service/apim"

_members = st.lists(
    st.fixed_dictionaries(
        {
            "backend": st.from_regex(r"\A[A-Za-z][A-Za-z0-9]{0,4}\Z"),
            "priority": st.integers(0, 100),
            "weight": st.integers(0, 100),
        }
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda member: str(member["backend"]).lower(),
)
_given = {"title": st.text(max_size=5), "description": descriptions, "owner": owners}
new_options = st.fixed_dictionaries({"members": _members}, optional=_given)
update_options = st.fixed_dictionaries({}, optional={"members": _members, **_given})


def wanted(**options: Any) -> dict[str, Any]:
    return POOL.wanted(options_of(POOL, **options))


def member(backend: str, priority: Any = 1, weight: Any = 100) -> dict[str, Any]:
    return {"backend": backend, "priority": priority, "weight": weight}


def as_arm_answers(properties: Properties) -> Properties:
    """Return what ARM answers with: full ids, another order, and what it refuses to be sent."""
    services = [{**item, "id": f"{SERVICE}{item['id']}"} for item in reversed(properties["pool"]["services"])]
    extra = {"title": None, "description": None, "url": "https://apim.example", "protocol": "http"}
    return {**extra, **properties, "pool": {"services": services}}


@given(new_options)
def test_a_second_run_changes_nothing(options: dict[str, Any]) -> None:
    state = wanted(**options)
    properties = created(POOL, state)
    assert is_settled(POOL, properties, state)
    assert is_settled(POOL, as_arm_answers(properties), state)
    current = POOL.current(properties)
    assert {name: current[name] for name in state} == state


@given(new_options, update_options)
def test_an_update_settles_and_leaves_alone_what_is_unset(old: dict[str, Any], new: dict[str, Any]) -> None:
    existing = as_arm_answers(created(POOL, wanted(**old)))
    state = wanted(**new)
    properties = updated(POOL, existing, state)
    assert is_settled(POOL, properties, state)
    assert not {"url", "protocol"} & properties.keys()
    before, current = POOL.current(existing), POOL.current(properties)
    assert {name: current[name] for name in before if name not in state} == {
        name: before[name] for name in before if name not in state
    }


@given(st.data(), _members)
def test_the_order_of_members_means_nothing(data: st.DataObject, members: list[dict[str, Any]]) -> None:
    properties = created(POOL, wanted(members=members))
    assert is_settled(POOL, properties, wanted(members=data.draw(st.permutations(members))))


@given(st.data(), _members)
def test_any_other_weight_or_priority_is_a_change(data: st.DataObject, members: list[dict[str, Any]]) -> None:
    existing = as_arm_answers(created(POOL, wanted(members=members)))
    index = data.draw(st.integers(0, len(members) - 1))
    field = data.draw(st.sampled_from(["weight", "priority"]))
    other = {**members[index], field: (members[index][field] + 1) % 101}
    assert not is_settled(POOL, existing, wanted(members=[*members[:index], other, *members[index + 1 :]]))


def test_members_that_differ_in_case_alone_are_the_same() -> None:
    existing = as_arm_answers(created(POOL, wanted(members=[member("East"), member("west")])))
    assert is_settled(POOL, existing, wanted(members=[member("WEST"), member("east")]))
    assert not is_settled(POOL, existing, wanted(members=[member("east")]))
    assert not is_settled(POOL, existing, wanted(title="x"))


def test_a_pool_is_written_as_arm_takes_it() -> None:
    members = [member("b", 2, 50), member("a")]
    assert created(POOL, wanted(members=members, description="Text\n", owner="citadel")) == {
        "type": "Pool",
        "description": "Text [owner: citadel]",
        "pool": {
            "services": [
                {"id": "/backends/a", "priority": 1, "weight": 100},
                {"id": "/backends/b", "priority": 2, "weight": 50},
            ]
        },
    }


def test_what_is_not_managed_is_sent_as_it_was_read() -> None:
    services = [{"id": f"{SERVICE}/backends/a", "priority": None}]
    existing = {"type": "Pool", "pool": {"services": services, "sessionAffinity": {"x": 1}}, "resourceId": "r"}
    assert updated(POOL, existing, wanted(title="t")) == {**existing, "title": "t"}
    changed = updated(POOL, existing, wanted(members=[member("a")]))
    assert changed["pool"] == {
        "services": [{"id": "/backends/a", "priority": 1, "weight": 100}],
        "sessionAffinity": {"x": 1},
    }


@pytest.mark.parametrize("pool", [None, {}, {"services": None}])
def test_a_pool_without_members_can_be_read(pool: Any) -> None:
    assert POOL.current({"type": "Pool", "pool": pool})["members"] == []


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ([], "members: has 0; a pool holds 1 to 30"),
        ([member(f"b{number}") for number in range(31)], "members: has 31; a pool holds 1 to 30"),
        ([member("a"), member("b", priority=101)], "members[1].priority: is 101; write an integer from 0 to 100"),
        ([member("a", weight=-1)], "members[0].weight: is -1; write an integer from 0 to 100"),
        ([member("a", weight=None)], "members[0].weight: is None; write an integer from 0 to 100"),
    ],
)
def test_members_that_arm_would_refuse_are_refused(members: list[dict[str, Any]], message: str) -> None:
    with pytest.raises(InvalidOptionsError) as refusal:
        wanted(members=members)
    assert str(refusal.value) == message


def test_a_backend_is_no_pool() -> None:
    assert POOL.is_same_kind({"type": "Pool"})
    assert not POOL.is_same_kind({"type": "Single"})
    assert not POOL.is_same_kind({})


def test_a_new_pool_needs_members() -> None:
    assert POOL.missing(wanted(title="x")) == "members"
    assert POOL.missing(wanted(members=[member("a")])) == ""
