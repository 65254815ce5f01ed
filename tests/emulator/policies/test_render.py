# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The text that a GET answers with."""

from __future__ import annotations

import pytest
from apim_emulator.policies.document import Format, parse
from apim_emulator.policies.render import render
from hypothesis import given
from hypothesis import strategies as st

from .test_csharp import CODE

BOTH: tuple[Format, Format] = ("xml", "rawxml")

AUTHORED = """<!-- head -->
<policies><inbound>
      <base/>
      <!-- why
           so -->
      <set-header name='a' exists-action="skip"  >
         <value>
             @("b" + 'c')
         </value></set-header>
      <set-variable name='v' value='@(x["k"] > 1 && y)' />
  </inbound><backend></backend></policies>"""


def test_layout_is_the_service_s_own() -> None:
    assert render(parse(AUTHORED, "rawxml"), "rawxml").split("\r\n") == [
        "<!-- head -->",
        "<policies>",
        "\t<inbound>",
        "\t\t<base />",
        "\t\t<!-- why",
        "           so -->",
        '\t\t<set-header name="a" exists-action="skip">',
        "\t\t\t<value>@(\"b\" + 'c')</value>",
        "\t\t</set-header>",
        '\t\t<set-variable name="v" value="@(x["k"] > 1 && y)" />',
        "\t</inbound>",
        "\t<backend />",
        "</policies>",
    ]


def test_xml_escapes_expressions() -> None:
    text = render(parse(AUTHORED, "rawxml"), "xml")
    assert 'value="@(x[&quot;k&quot;] &gt; 1 &amp;&amp; y)"' in text
    assert "<value>@(\"b\" + 'c')</value>" in text


def test_white_space_of_the_layout_vanishes() -> None:
    dense = "".join(line.strip() + " " * (not line.strip().endswith(">")) for line in AUTHORED.splitlines())
    comments_aside = [
        render(parse(text, "rawxml"), "xml").replace("\r\n           so", " so") for text in (AUTHORED, dense)
    ]
    assert comments_aside[0] == comments_aside[1]


def test_the_text_of_a_body_is_data() -> None:
    text = "<fragment><set-body>\n  a  <b> c </b>\n</set-body></fragment>"
    assert render(parse(text, "xml"), "xml").split("\r\n") == [
        "<fragment>",
        "\t<set-body>",
        "  a  <b> c </b>",
        "</set-body>",
        "</fragment>",
    ]


@pytest.mark.parametrize("text_format", BOTH)
def test_rendering_a_rendered_text_changes_nothing(text_format: Format) -> None:
    once = render(parse(AUTHORED, "rawxml"), text_format)
    assert render(parse(once, text_format), text_format) == once


LITERALS = st.text(alphabet="ab<>&\"'{}@ \té\n", max_size=20).filter(lambda text: not text.strip().startswith("@"))
VALUES = st.one_of(LITERALS, CODE.map(lambda code: f"@({code})"), CODE.map(lambda code: f"@{{{code}}}"))


def quoted(value: str) -> str:
    return (
        value.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace('"', "&quot;")
        .replace("\n", "&#10;")
        .replace("\t", "&#9;")
    )


@given(VALUES, VALUES)
def test_every_value_survives_each_way_round(attribute: str, text: str) -> None:
    source = f'<fragment><a x="{quoted(attribute)}">{quoted(text)}</a><b/></fragment>'
    document = parse(source, "xml")
    texts = {text_format: render(document, text_format) for text_format in BOTH}
    for text_format in BOTH:
        again = parse(texts[text_format], text_format)
        assert again.root.elements[0].attributes == document.root.elements[0].attributes
        assert again.root.elements[0].text == document.root.elements[0].text
        assert {name: render(again, name) for name in BOTH} == texts
