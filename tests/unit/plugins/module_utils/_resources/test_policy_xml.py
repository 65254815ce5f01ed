# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Policy documents: equal when they say the same, different when they do not."""

from __future__ import annotations

import time

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.policy_xml import PolicyXml
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.plugins.module_utils._resources.documents import PLAIN, Element, Layout, changes, documents, layouts

SIZE = 300 * 1024
# Processor seconds, which no machine needs unless the work grows with the square of the size.
PATIENCE = 10


def raw(text: str) -> PolicyXml:
    return PolicyXml(text, "rawxml")


def xml(text: str) -> PolicyXml:
    return PolicyXml(text, "xml")


@given(documents, layouts)
def test_a_document_equals_itself_in_any_layout(document: tuple[Element, ...], layout: Layout) -> None:
    spelled = layout.spell(document)
    assert spelled.fault() == ""
    assert spelled == PLAIN.spell(document)
    assert hash(spelled) == hash(PLAIN.spell(document))


@given(st.data(), documents, layouts)
def test_a_document_differs_from_one_that_says_something_else(
    data: st.DataObject, document: tuple[Element, ...], layout: Layout
) -> None:
    other = layout.spell(data.draw(changes(document)))
    assert other.fault() == ""
    assert other != PLAIN.spell(document)


@given(documents, layouts)
def test_a_readable_document_never_fails(document: tuple[Element, ...], layout: Layout) -> None:
    readable = layout.spell(document).readable()
    assert readable.endswith(">\n")
    assert all(f"<{element.tag}" in readable for element in document)


EQUAL = {
    "encoding": (raw('<a b="@(x => x < "1" && y)" />'), xml('<a b="@(x =&gt; x &lt; &quot;1&quot; &amp;&amp; y)"/>')),
    "wrapper": (raw("<a/>"), raw("<fragment>\r\n\t<a></a>\r\n</fragment>")),
    "comments": (raw("<a><!-- <b/> ' --></a>"), raw("<a/>")),
    "character data": (xml("<a><![CDATA[@(1 < 2)]]></a>"), raw("<a>@(1 < 2)</a>")),
    "white space of text": (raw("<a>two\r\n\t words</a>"), raw("<a> two words </a>")),
    "line break in an attribute": (raw('<a b="two\nwords"/>'), raw('<a b="two words"/>')),
    "quotes": (raw("<a b='@(\"x\")'/>"), raw('<a b="@("x")"/>')),
    "apostrophes in code": (raw("<a b='@('x')'/>"), raw("<a b=\"@('x')\"/>")),
    "line comment": (raw('<a b="@{ // don\'t\n return 1; }"/>'), raw('<a b="@{ return 1; }"/>')),
    "line break in a verbatim string": (raw('<a b="@(@"1\r\n2")"/>'), raw('<a b="@(@"1 2")"/>')),
    "expression as text": (raw("<a>\n @(x < 1) \n</a>"), xml("<a>@(x &lt; 1)</a>")),
    "references": (xml('<a b="&#65;&amp;"/>'), raw('<a b="A&amp;"/>')),
}


@pytest.mark.parametrize("pair", EQUAL.values(), ids=EQUAL)
def test_these_say_the_same(pair: tuple[PolicyXml, PolicyXml]) -> None:
    first, second = pair
    assert first.fault() == second.fault() == ""
    assert first == second


DIFFERENT = {
    "case of a tag": ("<a/>", "<A/>"),
    "case of an attribute": ('<a b=""/>', '<a B=""/>'),
    "case of a value": ('<a b="x"/>', '<a b="X"/>'),
    "case of code": ('<a b="@(x)"/>', '<a b="@(X)"/>'),
    "order of elements": ("<a/><b/>", "<b/><a/>"),
    "nesting": ("<a><b/></a>", "<a/><b/>"),
    "number of elements": ("<a/>", "<a/><a/>"),
    "a missing attribute": ('<a b=""/>', "<a/>"),
    "spaces of a value": ('<a b="x  y"/>', '<a b="x y"/>'),
    "space at the end of a value": ('<a b="x "/>', '<a b="x"/>'),
    "spaces of a string": ('<a b="@("x  y")"/>', '<a b="@("x y")"/>'),
    "spaces in a hole": ('<a b="@($"{d["x  y"]}")"/>', '<a b="@($"{d["x y"]}")"/>'),
    "a comment in a string": ('<a b="@("/* */")"/>', '<a b="@("")"/>'),
    "a URL in a string": ('<a b="@("http://a")"/>', '<a b="@("http://b")"/>'),
    "words of code": ('<a b="@(newX)"/>', '<a b="@(new X)"/>'),
    "an expression and its text": ('<a b="@(x)"/>', '<a b=" @(x)"/>'),
    "text behind an element": ("<a><b/>x</a>", "<a><b/>y</a>"),
    "text beside the wrapper": ("x<fragment><a/></fragment>", "<fragment><a/></fragment>"),
    "kind of document": ("<policies><a/></policies>", "<fragment><a/></fragment>"),
}


@pytest.mark.parametrize("pair", DIFFERENT.values(), ids=DIFFERENT)
def test_these_say_something_else(pair: tuple[str, str]) -> None:
    first, second = map(raw, pair)
    assert first.fault() == second.fault() == ""
    assert first != second


def test_a_document_is_no_text() -> None:
    assert raw("<a/>") != "<a/>"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("<a>", "mismatched tag"),
        ("<a", "is not closed"),
        ('<a b="', "is not closed"),
        ('<a b="@(x', "is not closed"),
        ('<a b="@(x"/>', "is not closed"),
        ('<a b="@(x) y"/>', "text follows the expression"),
        ("<a>@{</a>", "is not closed"),
        ("<!-- a", "is not closed with -->"),
        ("<![CDATA[ a", "is not closed with ]]>"),
        ("</fragment><fragment>", "junk after document element"),
        ("<?xml version='1.0'?><a/>", "declaration"),
        ("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "not well-formed"),
        ("<a>&b;</a>", "undefined entity"),
        ("<a b='1' b='2'/>", "duplicate attribute"),
        ("<a:b/>", "unbound prefix"),
        ("<a>\x00</a>", "not well-formed"),
        ("<a>\ud800</a>", "surrogates not allowed"),
        ("<a>" * 101 + "</a>" * 101, "nested deeper than"),
    ],
)
def test_a_malformed_document_has_a_fault_and_equals_itself_alone(text: str, fault: str) -> None:
    document = raw(text)
    assert fault in document.fault()
    assert document == raw(text)
    assert document != raw(f"{text} ")
    assert document != xml(text)
    assert document.readable() == text


def test_a_malformed_document_never_equals_another_by_its_inner_form() -> None:
    document = raw('<a b="&lt;"/>')
    assert raw(repr(document._canonical)) != document


_PIECES = [
    *("<", ">", "</", "/>", "<!--", "-->", "<![CDATA[", "]]>", "<fragment>", "</fragment>", "a", "=", "&", " "),
    *(
        '"',
        "'",
        "@(",
        "@{",
        ")",
        "}",
        "$",
        '$"',
        '@"',
        '$@"',
        "{",
        "{{",
        "\\",
        "//",
        "/*",
        "*/",
        "\n",
        "\x00",
        "\ud800",
    ),
]
_markup = st.lists(st.sampled_from(_PIECES), max_size=30).map("".join)


@given(_markup | st.text(max_size=20), st.sampled_from(["rawxml", "xml"]))
def test_any_text_is_a_document_or_has_a_fault(text: str, text_format: str) -> None:
    document = PolicyXml(text, text_format)
    assert isinstance(document.fault(), str)
    assert document == PolicyXml(text, text_format)
    assert isinstance(document.readable(), str)
    assert isinstance(hash(document), int)


def test_a_readable_document_has_one_element_a_line() -> None:
    text = '<a b="@{\r\n\t\treturn "x";\r\n\t}"><c /><d>text</d>tail</a>'
    assert raw(text).readable().splitlines() == [
        "<fragment>",
        '  <a b="@{',
        '        return "x";',
        '    }">',
        "    <c />",
        "    <d>text</d>",
        "    tail",
        "  </a>",
        "</fragment>",
    ]


def test_two_layouts_read_the_same() -> None:
    document = (Element("choose", (), None, (Element("set-body"),)),)
    assert (
        Layout(format="xml", newline="\r\n", indent="\t").spell(document).readable() == PLAIN.spell(document).readable()
    )


# Each is repeated up to the size of a large fragment, as a document, in an expression and in an attribute.
_UNITS = [
    *("<a/>", "<a>", "<", ">", "<!--", "<!-- >", "<!-- -->", "<![CDATA[", "]]>", '<a b="@(1)"/>', '<a b="', "&", "a"),
    *("'", '"', '""', "\\", '"\\', "'\\", "'x' ", "/* ", "//", "@", '@"', '@"" ', "$", '$"', '$"{', '$@"{', '$"{x}" '),
    *("@(", "@{", "(", "@( ", "{", "{{", "}", "x y ", " ", "\n", "\r\n"),
]


@pytest.mark.parametrize("unit", _UNITS)
@pytest.mark.parametrize(
    ("text_format", "start", "end"),
    [
        ("rawxml", "", ""),
        ("rawxml", '<a b="@(', ')"/>'),
        ("rawxml", "<a>@{", "}</a>"),
        ("xml", "<a b='@(", ")'/>"),
    ],
)
def test_no_document_takes_long(unit: str, text_format: str, start: str, end: str) -> None:
    text = f"{start}{unit * (SIZE // len(unit))}{end}"
    started = time.process_time()
    assert PolicyXml(text, text_format) != PolicyXml("<b/>", text_format)
    assert time.process_time() - started < PATIENCE


def test_a_large_policy_does_not_take_long() -> None:
    case = 'case "model-name-1": name = $"pool {x["a"]}"; /* why */ type = @"b"; break; // rest\n        '
    text = f'<fragment><set-variable name="n" value="@{{ {case * (SIZE // len(case))} }}" /></fragment>'
    started = time.process_time()
    assert raw(text).fault() == ""
    assert raw(text) == raw(text.replace("        ", "\t"))
    assert time.process_time() - started < PATIENCE
    assert raw(text) != raw(text.replace("pool", "p00l"))
