# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where an expression ends."""

from __future__ import annotations

import contextlib

import pytest
from apim_emulator.policies.csharp import ExpressionSyntaxError, expression_end, parse_expression
from hypothesis import given
from hypothesis import strategies as st

TAIL = ")}]\" trailing ' text {("

CHARACTERS = st.text(alphabet="ab\"'\\{}()[]@$/*: \u00e9", max_size=12)


def regular_string(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def verbatim_string(value: str) -> str:
    return '@"' + value.replace('"', '""') + '"'


def interpolated_string(parts: list[tuple[str, str]]) -> str:
    inner = "".join(regular_string(text)[1:-1].replace("{", "{{").replace("}", "}}") + hole for text, hole in parts)
    return '$"' + inner + '"'


STRINGS = st.one_of(CHARACTERS.map(regular_string), CHARACTERS.map(verbatim_string))
HOLES = STRINGS.map(lambda string: "{" + string + ".Length:N2}")
INTERPOLATED = st.lists(st.tuples(CHARACTERS, HOLES), max_size=3).map(interpolated_string)
COMMENTS = st.one_of(
    CHARACTERS.map(lambda text: f"//{text}\n"),
    CHARACTERS.map(lambda text: "/*" + text.replace("*/", "").rstrip("*/") + "*/"),
)
CHARS = st.sampled_from([r"'\''", "'\"'", "')'", "'{'", r"'\\'"])
ATOMS = st.one_of(STRINGS, INTERPOLATED, COMMENTS, CHARS, st.sampled_from(["a", "1.5", " + ", ";", "? x : y"]))
CODE = st.recursive(
    st.lists(ATOMS, max_size=4).map(" ".join),
    lambda inner: st.tuples(st.sampled_from(["()", "[]", "{}"]), inner).map(
        lambda pair: pair[0][0] + pair[1] + pair[0][1]
    ),
    max_leaves=6,
)


@given(CODE, st.sampled_from(["()", "{}"]))
def test_an_expression_ends_at_its_own_bracket(code: str, brackets: str) -> None:
    expression = f"@{brackets[0]}{code}{brackets[1]}"
    assert expression_end(expression + TAIL, 0) == len(expression)


@given(CODE)
def test_an_expression_cut_short_is_not_one(code: str) -> None:
    with pytest.raises(ExpressionSyntaxError):
        expression_end(f"@({code}", 0)


@given(st.text(max_size=40))
def test_any_text_is_read_to_its_end_or_refused(text: str) -> None:
    with contextlib.suppress(ExpressionSyntaxError):
        assert 2 < expression_end("@(" + text, 0) <= len(text) + 2


@pytest.mark.parametrize(
    "code",
    [
        '@("a" + ")" + \')\')',
        '@(@"\\")',
        '@(@"a""b)")',
        '@($"{o["a"]} }}{{ {(x ? "}" : "{")} {1:N2}")',
        '@($@"C:\\{x}""")',
        "@{ return 1; /* } */ }",
        "@{ // }\n return 1; }",
        '@($"{$"{a}"}")',
        "@(a < b && c > d)",
    ],
)
def test_brackets_in_strings_and_comments_close_nothing(code: str) -> None:
    parsed = parse_expression(code)
    assert parsed is not None
    assert parsed.block == code.startswith("@{")


@pytest.mark.parametrize("literal", ["", "abc", "@", "@x", "a @(b)", "@ (a)", "user@{host}"])
def test_a_value_that_begins_otherwise_is_a_literal(literal: str) -> None:
    assert parse_expression(literal) is None


@pytest.mark.parametrize(
    "code",
    [
        "@(a) b",
        "@(a",
        "@(a]",
        '@("a)',
        '@("a\nb")',
        "@(/* a)",
        "@{ a\n#if X\n }",
        "@(a\\b)",
        "@(1 // \u2028 ) )",
        "@(1 // \x85 ) )",
        '@($"{a")',
        "@(" + "(" * 300 + ")" * 300 + ")",
    ],
)
def test_what_is_no_whole_expression_is_refused(code: str) -> None:
    with pytest.raises(ExpressionSyntaxError):
        parse_expression(code)


def test_names_are_those_that_may_name_a_type() -> None:
    parsed = parse_expression('@(a.b.c + f(x).System.IO + global::System . IO.File.Name + "D.E" + $"{G.H}" + 1.5f)')
    assert parsed is not None
    assert parsed.names == ("a.b.c", "System.IO.File.Name", "G.H")
