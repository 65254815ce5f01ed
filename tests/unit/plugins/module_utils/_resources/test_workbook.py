# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Workbooks: options to ARM and back, content as data, a name that stays."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.display import as_text
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.workbook import (
    Workbook,
    region,
    workbook_name,
)
from hypothesis import given
from hypothesis import strategies as st

WORKBOOK = Workbook()
SERVICE = "/subscriptions/0/resourceGroups/rg/providers/Microsoft.ApiManagement/service/apim"
COMPONENT = "/subscriptions/0/resourceGroups/rg/providers/microsoft.insights/components/appi"

_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
options = st.fixed_dictionaries(
    {
        "display_name": st.text(min_size=1, max_size=8),
        "content": st.dictionaries(st.text(max_size=3), _json, max_size=3),
        "location": st.sampled_from(["swedencentral", "Sweden Central"]),
        "application_insights": st.just(COMPONENT),
        "owner": st.sampled_from(["citadel", "team-a"]),
    }
)


def stored(body: dict[str, Any]) -> dict[str, Any]:
    """What ARM shows of a workbook after a PUT of this body."""
    properties = {**body["properties"], "userId": "u", "timeModified": "now", "revision": "1", "storageUri": None}
    tags = {**body["tags"], "hidden-title": properties["displayName"]}
    return {**body, "id": "x", "name": "n", "etag": "e", "properties": properties, "tags": tags}


@given(options)
def test_what_was_written_is_what_is_wanted(wanted: dict[str, Any]) -> None:
    state = WORKBOOK.wanted(wanted)
    body = WORKBOOK.body(state)
    assert WORKBOOK.current(stored(body)) == state
    assert as_text(WORKBOOK.shown(state))


@given(options, options)
def test_a_change_leaves_alone_what_is_not_managed_and_sends_nothing_of_arms_own(
    first: dict[str, Any], second: dict[str, Any]
) -> None:
    existing = stored(WORKBOOK.body(WORKBOOK.wanted(first)))
    existing["tags"]["cost"] = "42"
    existing["properties"]["description"] = "By hand"
    state = WORKBOOK.merged(WORKBOOK.current(existing), WORKBOOK.wanted(second))
    body = WORKBOOK.body(state, existing)
    assert body["tags"] == {"cost": "42", "llm_owner": second["owner"]}
    assert body["properties"].keys() == {*WORKBOOK.properties(state), "description"}
    assert body.keys() == {"kind", "location", "tags", "properties"}
    assert WORKBOOK.current(stored(body)) == state


@pytest.mark.parametrize("text", ['{"a":1,"b":[2]}', '{\n  "b": [2],\n  "a": 1\n}'])
def test_content_is_compared_as_data(text: str) -> None:
    workbook = {"location": "", "properties": {"serializedData": text}}
    assert WORKBOOK.current(workbook)["content"] == {"a": 1, "b": [2]}


@pytest.mark.parametrize("text", [None, "", "{", "plain"])
def test_content_that_is_no_json_is_shown_as_it_is(text: str | None) -> None:
    state = WORKBOOK.current({"location": "", "tags": None, "properties": {"serializedData": text}})
    assert state["content"] == (text or "")
    assert as_text(WORKBOOK.shown(state))


def test_a_difference_shows_the_content_line_by_line() -> None:
    wanted = {"display_name": "d", "application_insights": COMPONENT, "owner": "o", "content": {"a": [1, 2]}}
    shown = as_text(WORKBOOK.shown(WORKBOOK.wanted(wanted)))
    assert 'content: |\n  {\n    "a": [\n      1,\n      2\n    ]\n  }\n' in shown


def test_the_name_tells_services_and_owners_apart_and_is_the_same_for_ever() -> None:
    names = {workbook_name(SERVICE + suffix, owner) for suffix in ("", "-2") for owner in ("a", "A", "b")}
    assert len(names) == 6
    assert all(str(uuid.UUID(name)) == name for name in names)
    assert workbook_name(SERVICE.upper(), "a") == workbook_name(SERVICE, "a")
    assert workbook_name(SERVICE, "citadel") == "2df62f80-c1f4-5c1a-b17b-4031c697544d"


def test_a_region_has_one_name() -> None:
    assert region("Sweden Central") == region("swedencentral") == "swedencentral"


def test_content_is_sent_as_text() -> None:
    body = WORKBOOK.properties({"display_name": "d", "application_insights": COMPONENT, "content": {"ü": 1}})
    assert json.loads(body["serializedData"]) == {"ü": 1}
