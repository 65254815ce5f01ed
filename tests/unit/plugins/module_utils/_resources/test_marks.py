# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Marks of owners: what is written is read again, and what is no mark stays text."""

from __future__ import annotations

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.marks import (
    join_owner,
    join_owners,
    join_tags,
    split_owner,
    split_owners,
    split_tags,
    wanted_shared_description,
    wanted_tags,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.resource import InvalidOptionsError
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.plugins.module_utils._resources.objects import descriptions, owners

_several = st.lists(owners, unique=True).map(sorted)


@given(descriptions.map(str.strip), _several)
def test_the_mark_of_several_owners_is_read_again(text: str, names: list[str]) -> None:
    state = {"description": text, "owners": names}
    if names or not split_owners(text)["owners"]:
        assert split_owners(join_owners(state)) == state


@given(descriptions.map(str.strip), owners)
def test_the_mark_of_one_owner_is_one_of_several_as_well(text: str, name: str) -> None:
    assert split_owner(join_owner({"description": text, "owner": name}))["owner"] == name
    assert split_owners(join_owner({"description": text, "owner": name}))["owners"] == [name]


@given(st.lists(st.text(min_size=1, max_size=4), unique=True).map(sorted), _several)
def test_tags_are_told_from_marks(tags: list[str], names: list[str]) -> None:
    state = {"tags": tags, "owners": names}
    assert split_tags(join_tags(state)) == state


@pytest.mark.parametrize("mark", ["[owner: a,b]", "[owner: a, ]", "[owner: a b]", "[owner: ]", "[owner: a] text"])
def test_what_is_no_mark_is_text(mark: str) -> None:
    assert split_owners(mark) == {"description": mark, "owners": []}
    assert split_owner(mark) == {"description": mark, "owner": ""}


@pytest.mark.parametrize("owner", ["a, b", "two words", "a]"])
def test_a_name_that_could_not_be_read_back_is_refused(owner: str) -> None:
    for wanted in (wanted_tags, wanted_shared_description):
        with pytest.raises(InvalidOptionsError, match=r"^owner: is "):
            wanted({"owner": owner})
