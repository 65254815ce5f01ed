# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Policy fragments: options to ARM and back."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.display import as_text
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.limits import Limits
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.policy_fragment import PolicyFragment
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.resource import InvalidOptionsError
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.plugins.module_utils._resources.documents import Element, Layout, changes, documents, layouts
from tests.unit.plugins.module_utils._resources.objects import (
    after,
    created,
    descriptions,
    is_settled,
    options_of,
    owners,
    updated,
)

FRAGMENT = PolicyFragment()
OF_ARM = Layout(format="xml", newline="\r\n", indent="\t")
_given = st.fixed_dictionaries({}, optional={"description": descriptions, "owner": owners})


def wanted(**options: Any) -> dict[str, Any]:
    return FRAGMENT.wanted(options_of(FRAGMENT, **options))


@given(documents, layouts, _given)
def test_a_second_run_changes_nothing(document: tuple[Element, ...], layout: Layout, options: dict[str, Any]) -> None:
    sent = layout.spell(document)
    state = wanted(value=sent.text, format=sent.format, **options)
    properties = created(FRAGMENT, state)
    assert (properties["value"], properties["format"]) == (sent.text, sent.format)
    assert is_settled(FRAGMENT, properties, state)
    assert is_settled(FRAGMENT, {**properties, "value": OF_ARM.spell(document).text, "format": "xml"}, state)
    unnamed = {name: value for name, value in properties.items() if name != "format"}
    assert is_settled(FRAGMENT, {**unnamed, "value": OF_ARM.spell(document).text}, state)


@given(st.data(), documents)
def test_another_document_is_a_change_and_replaces_the_old_one(
    data: st.DataObject, document: tuple[Element, ...]
) -> None:
    existing = {
        "value": OF_ARM.spell(document).text,
        "format": "xml",
        "description": "d",
        "provisioningState": "Succeeded",
    }
    new = Layout().spell(data.draw(changes(document)))
    state = wanted(value=new.text)
    assert not is_settled(FRAGMENT, existing, state)
    assert updated(FRAGMENT, existing, state) == {"value": new.text, "format": "rawxml", "description": "d"}


@given(documents, _given)
def test_a_document_that_is_left_alone_is_sent_as_it_was_read(
    document: tuple[Element, ...], options: dict[str, Any]
) -> None:
    existing = {"value": OF_ARM.spell(document).text, "description": "old [owner: somebody]"}
    state = wanted(**options)
    properties = updated(FRAGMENT, existing, state)
    assert properties["value"] == existing["value"]
    assert is_settled(FRAGMENT, properties, state)


def test_a_fragment_is_shown_as_lines() -> None:
    shown = FRAGMENT.shown(wanted(value='<set-variable name="a" value="@("b")" />', owner="citadel"))
    assert as_text(shown).splitlines() == [
        "value: |",
        "  <fragment>",
        '    <set-variable name="a" value="@("b")" />',
        "  </fragment>",
        "owner: citadel",
    ]


def test_a_fragment_is_shown_without_its_credentials() -> None:
    value = '<fragment><set-header name="x-ops-token"><value>Bearer {}</value></set-header></fragment>'
    held = FRAGMENT.current({"value": value.format("sk-fragment-secret-0002"), "format": "rawxml"})
    assert as_text(FRAGMENT.shown(held)).splitlines()[3] == "      <value>Bearer ********</value>"
    assert FRAGMENT.secrets(held) == set()
    assert FRAGMENT.secrets(FRAGMENT.current({"value": value.format("{{ops}}"), "format": "rawxml"})) == {"ops"}
    assert FRAGMENT.secrets(wanted(description="d")) == set()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"value": "<a>"}, r"^value: is not a policy document of format rawxml \("),
        ({"value": '<a b="@(x"/>', "format": "rawxml"}, r"is not closed"),
        ({"value": '<a b="@("x")"/>', "format": "xml"}, r"^value: is not a policy document of format xml \("),
        ({"value": "<a>\ud800</a>"}, r"^value: is not a policy document of format rawxml \("),
        ({"value": f"<a>{'é' * 262_144}</a>"}, r"^value: has 524295 bytes, but ARM takes 524288; list fewer models"),
    ],
)
def test_what_arm_would_refuse_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidOptionsError, match=message):
        wanted(**options)


def test_a_new_fragment_needs_a_value() -> None:
    assert FRAGMENT.missing(wanted(description="d")) == "value"
    assert FRAGMENT.missing(wanted(value="<a/>")) == ""


@pytest.mark.parametrize(
    ("existing", "options", "message"),
    [
        (
            "",
            {"description": "d" * 1001},
            "description: has 1001 characters with its owners, but ARM takes 1,000; shorten it or",
        ),
        ("[owner: b]", {"description": "d" * 988, "owner": "a"}, "description: has 1002 characters with its owners"),
        ("[owner: b]", {"description": "d" * 986, "owner": "a"}, ""),
    ],
)
def test_owners_share_the_limit_of_a_description(existing: str, options: dict[str, Any], message: str) -> None:
    state = after(FRAGMENT, {"value": "<fragment />", "description": existing}, wanted(**options))
    assert FRAGMENT.fault(state, Limits()).startswith(message)
    assert bool(FRAGMENT.fault(state, Limits())) == bool(message)


def test_owners_share_the_limit_of_a_text() -> None:
    def block(owner: str) -> str:
        return f'<fragment><set-variable name="llmRoutes.{owner}" value="{"x" * 300_000}" /></fragment>'

    assert FRAGMENT.fault(after(FRAGMENT, {"value": block("a")}, wanted(value=block("a"), owner="a")), Limits()) == ""
    fault = FRAGMENT.fault(after(FRAGMENT, {"value": block("a")}, wanted(value=block("b"), owner="b")), Limits())
    assert fault.startswith("value: has 600")
    assert fault.endswith("bytes, but ARM takes 524288; list fewer models")


def test_an_owner_joins_those_whose_mark_a_fragment_carries() -> None:
    held = {"value": "<fragment />", "description": "Text [owner: b, c]"}
    assert updated(FRAGMENT, held, wanted(owner="a"))["description"] == "Text [owner: a, b, c]"
    assert is_settled(FRAGMENT, held, wanted(owner="c"))
    assert updated(FRAGMENT, held, wanted(description="New"))["description"] == "New [owner: b, c]"
    assert updated(FRAGMENT, held, wanted(description="New [owner: z]"))["description"] == "New [owner: z]"
