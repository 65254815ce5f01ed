# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Formats, positions, and texts that are no document."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from apim_emulator.policies import PolicyRefused
from apim_emulator.policies.document import Element, MalformedDocument, parse

from .conftest import Check, Refusal


def only(element: Element) -> Element:
    (child,) = element.elements
    return child


@pytest.mark.parametrize("quote", ['"', "'"])
@pytest.mark.parametrize(
    "expression",
    [
        '@(context.Variables["a"] == "<b/>" && 1 < 2)',
        "@{ var x = \"'\"; return '\"' + x; }",
        '@( "{{nv}}" + @"a\\" )',
        '@{\n\treturn 1; // it\'s > "here"\n}',
    ],
)
def test_rawxml_takes_expressions_as_they_are(expression: str, quote: str) -> None:
    text = f"<fragment><x name={quote}{expression}{quote} other='1'/><y>{expression}</y></fragment>"
    first, second = parse(text, "rawxml").root.elements
    assert first.attributes == {"name": expression, "other": "1"}
    assert second.text == expression


def test_xml_takes_expressions_escaped() -> None:
    text = '<fragment><x name="@(a[&quot;b&quot;] &lt; 1)"/></fragment>'
    assert only(parse(text, "xml").root).attributes["name"] == '@(a["b"] < 1)'


def test_entities_in_a_raw_expression_are_its_own_characters() -> None:
    root = parse("<fragment><x name='@(a &amp;&amp; b)' y='&lt;'/></fragment>", "rawxml").root
    assert only(root).attributes == {"name": "@(a &amp;&amp; b)", "y": "<"}


@pytest.mark.parametrize("text_format", ["xml", "rawxml"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_position_is_that_of_the_name(text_format: str, newline: str) -> None:
    lines = ["<!-- \U0001f511 é -->", "<fragment>", "\t<a x='@(1)' y='é'/>  <b/>", "</fragment>"]
    document = parse(newline.join(lines), "xml" if text_format == "xml" else "rawxml")
    positions = [(element.name, element.line, element.column) for element in document.root.elements]
    assert positions == [("a", 3, 3), ("b", 3, 24)]


def test_positions_after_a_raw_expression_of_several_lines() -> None:
    root = parse('<fragment>\n<a x="@{\n return "<";\n}"/><b/></fragment>', "rawxml").root
    assert [(element.line, element.column) for element in root.elements] == [(2, 2), (4, 6)]


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("<fragment>\n <a>\n</fragment>", "Line 3, position 3."),
        ("", "Line 1, position 1."),
        ("text", "Line 1, position 1."),
        ("<fragment><a x='@(1'/></fragment>", "Line 1, position 17."),
        ("<!DOCTYPE x [<!ENTITY e 'e'>]><fragment>&e;</fragment>", "Line 1, position 13."),
        ("<fragment><a x='1' x='2'/></fragment>", "position 20."),
        ("<a>" * 200 + "</a>" * 200, "Line 1, position 301."),
        ("<fragment>\x01</fragment>", "Line 1, position 11."),
        ("<fragment>\ud800</fragment>", "Line 1, position 11."),
    ],
)
def test_malformed_text_is_refused_with_its_position(text: str, position: str) -> None:
    with pytest.raises(MalformedDocument) as caught:
        parse(text, "rawxml")
    assert str(caught.value).endswith(position)


def test_a_malformed_fragment_is_refused_without_details(refusal: Refusal) -> None:
    refused = refusal('<fragment><a x="@(b["c"])"/></fragment>', format="xml")
    assert refused.details == []
    assert refused.message.startswith("The policy fragment is not a valid XML: ")


def test_a_malformed_policy_is_refused_as_representation(refusal: Refusal) -> None:
    (detail,) = refusal("<policies><inbound></policies>", kind="policy").details
    assert (detail["code"], detail["target"]) == ("ValidationError", "representation")


def test_a_text_over_512_kib_is_refused(check: Check) -> None:
    body = "<fragment><set-body>{}</set-body></fragment>"
    fits = body.replace("{}", "é" * ((512 * 1024 - len(body) + 2) // 2))
    assert check(fits)
    with pytest.raises(PolicyRefused, match="larger than 512 KB"):
        check(fits.replace("é", "éé", 1))


@pytest.mark.parametrize("build", [str.upper, lambda name: f"{name}-link"])
def test_other_formats_are_a_mistake_of_the_caller(check: Check, build: Callable[[str], str]) -> None:
    with pytest.raises(ValueError, match="is not a format"):
        check("<fragment/>", format=build("rawxml"))
