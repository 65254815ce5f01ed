# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter csharp_literal."""

from __future__ import annotations

import re
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.citadel.ai_gateway.plugins.filter.csharp_literal import FilterModule, csharp_literal
from hypothesis import given
from hypothesis import strategies as st

_LITERAL = re.compile(r'"(?:[A-Za-z0-9 ._/-]|\\[tn]|\\u[0-9A-F]{4})*"')


def _value_of(literal: str) -> str:
    """Return what C# reads: escapes are UTF-16 code units."""
    text = literal[1:-1].replace(r"\t", "\t").replace(r"\n", "\n")
    units = re.sub(r"\\u([0-9A-F]{4})", lambda match: chr(int(match[1], 16)), text)
    return units.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


@pytest.mark.parametrize(
    ("text", "literal"),
    [
        ("", '""'),
        ("gpt-4o_mini v1.0/x", '"gpt-4o_mini v1.0/x"'),
        ('a"b', '"a\\u0022b"'),
        ("a\\b", '"a\\u005Cb"'),
        ("{{x}}", '"\\u007B\\u007Bx\\u007D\\u007D"'),
        ("a\r\nb\x00", '"a\\u000D\\nb\\u0000"'),
        ("a\tb", '"a\\tb"'),
        ("é\u2028", '"\\u00E9\\u2028"'),
        ("🚀", '"\\uD83D\\uDE80"'),
        ("\ud800", '"\\uD800"'),
    ],
)
def test_writes_a_literal(text: str, literal: str) -> None:
    assert csharp_literal(text) == literal


# Half a surrogate pair may stand alone, but two halves side by side are one character to C#.
@given(st.text(st.characters(codec="utf-8")))
def test_any_text_is_inert_and_keeps_its_value(text: str) -> None:
    literal = csharp_literal(text)
    assert _LITERAL.fullmatch(literal)
    assert _value_of(literal) == text


@pytest.mark.parametrize("value", [None, 1, True, b"x", ["x"], {"x": 1}])
def test_takes_strings_only(value: Any) -> None:
    with pytest.raises(AnsibleFilterError, match=type(value).__name__):
        csharp_literal(value)


def test_ansible_finds_it() -> None:
    assert FilterModule().filters() == {"csharp_literal": csharp_literal}
