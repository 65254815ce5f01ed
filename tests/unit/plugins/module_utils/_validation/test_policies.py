# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Policies in both formats of ARM."""

from __future__ import annotations

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.policies import Document, document_of
from hypothesis import given
from hypothesis import strategies as st

RAW = '<policies><inbound><base /><set-variable name="a" value="@("x" + (1 < 2))" /></inbound></policies>'
ESCAPED = RAW.replace('@("x" + (1 < 2))', "@(&quot;x&quot; + (1 &lt; 2))")


@pytest.mark.parametrize(("text", "text_format"), [(RAW, "rawxml"), (ESCAPED, "xml")])
def test_both_formats_have_the_same_elements(text: str, text_format: str) -> None:
    document = document_of({"value": text, "format": text_format})
    assert document.fault == ""
    (inbound,) = document.children()
    found = {each.tag: each.get("value") for each in inbound.iter()}
    assert found == {"inbound": None, "base": None, "set-variable": '@("x" + (1 < 2))'}


def test_comments_are_found_in_what_cannot_be_read_as_well() -> None:
    assert Document("<policies><!-- one --><inbound><!--two\nlines--></policies>").comments() == [" one ", "two\nlines"]


def test_arm_means_xml_where_it_says_nothing() -> None:
    assert document_of({"value": ESCAPED}) == Document(ESCAPED, "xml")
    assert document_of({}) == Document("", "xml")


@given(st.text(max_size=40))
def test_what_is_no_policy_has_no_elements(text: str) -> None:
    document = Document(f"<policies>{text}")
    assert document.children() == [] or not document.fault
    assert document.fault in {"", "it is not well-formed"}
