# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a policy expression ends, and which of its white space means nothing."""

from __future__ import annotations

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.csharp import expression_end, without_layout
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.plugins.module_utils._resources.documents import PLAIN, Element, Expression, expressions

COMPLETE = (
    "@(x)",
    "@{ return new[] { 1 }; }",
    '@(")")',
    '@("\\")")',
    '@("\\\\")',
    '@(@"\\")',
    '@(@")"")")',
    '@(@"two\nlines)")',
    "@(')')",
    "@('\\'')",
    "@('\"')",
    "@('\\u0029')",
    '@($")")',
    '@($"{x}")',
    '@($"{{)")',
    '@($"{f(")")}")',
    '@($"{d["}"]}")',
    "@($\"{(a ? ')' : 'b')}\")",
    '@($"{x:yyyy-MM}")',
    '@($"{$"{f(")")}"}")',
    '@($"\\"{x}")',
    '@($@"\\{f(")")}"")")',
    '@(@$"{x})")',
    "@{ // )\n return 1; }",
    "@{ /* ) } ' \" */ return 1; }",
    '@{ return "//"; }',
    "@{ return 1 / 2; }",
    "@{ var @class = 1; return @class; }",
)


@pytest.mark.parametrize("expression", COMPLETE)
def test_an_expression_ends_with_its_bracket(expression: str) -> None:
    text = f'before {expression}) }} " after'
    assert text[7 : expression_end(text, 7)] == expression


@pytest.mark.parametrize("expression", COMPLETE)
def test_no_shorter_text_is_an_expression(expression: str) -> None:
    for length in range(2, len(expression)):
        with pytest.raises(ValueError, match="is not closed"):
            expression_end(expression[:length], 0)


@given(expressions)
def test_any_expression_ends_with_its_bracket(expression: Expression) -> None:
    code = PLAIN.spell((Element("a", (), expression),)).text.split("<a>")[1].split("</a>")[0].strip()
    assert expression_end(f"{code})}}", 0) == len(code)
    assert without_layout(code) == without_layout(without_layout(code))


@pytest.mark.parametrize(
    ("code", "plain"),
    [
        ("@(  a\r\n\t+ b )", "@( a + b )"),
        ("@(a/* x */b)", "@(a b)"),
        ("@{ a; // x\n b; }", "@{ a; b; }"),
        ('@("a  b")', '@("a  b")'),
        ('@("a\tb")', '@("a b")'),
        ('@(@"a\r\nb")', '@(@"a b")'),
        ('@($@"a\r\n{x}\tb")', '@($@"a {x} b")'),
        ('@($"{d["a  b"]}  c")', '@($"{d["a  b"]}  c")'),
        ("@('  ')", "@('  ')"),
        ('@("// no comment")', '@("// no comment")'),
        (" @(a) ", "@(a)"),
        ('@("', '@("'),
        ("/* open", ""),
        ("", ""),
    ],
)
def test_only_white_space_outside_literals_is_layout(code: str, plain: str) -> None:
    assert without_layout(code) == plain


@given(st.text("aB \n\t\\\"'@${}()/*", max_size=30))
def test_any_text_is_read(code: str) -> None:
    plain = without_layout(code)
    assert len(plain) <= len(code)
    assert not set("\n\t\r") & set(plain)


def test_strings_nested_too_deep_are_not_closed() -> None:
    nested = "@({}x{})".format('$"{' * 5000, '}"' * 5000)
    with pytest.raises(ValueError, match="is not closed"):
        expression_end(nested, 0)
