# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a policy expression ends, which only a reader of C# can tell.

A bracket or a quote inside a string, a character, a comment or an interpolated string closes nothing. This module reads
C# to that depth and no further: whether an expression makes sense is for the compiler to say.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_MAX_DEPTH = 200
"""Nesting that no sensible policy reaches; the compiler's own recursion must not end its process."""

_CLOSERS = {"(": ")", "[": "]", "{": "}"}

_TOKEN = re.compile(
    r"""
      (?P<comment> //[^\n]* | /\*.*?\*/ )
    | (?P<interpolated> \$@" | @\$" | \$" )
    | (?P<string> @"(?:[^"]|"")*" | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*' )
    | (?P<open> [(\[{] )
    | (?P<close> [)\]}] )
    | (?P<colon> : )
    | (?P<name> (?<!\w) [^\W\d]\w* (?: \s*(?:\.|::)\s* @?[^\W\d]\w* )+ )
    | (?P<refused> ["'\\#] | /\* )
    """,
    re.VERBOSE | re.DOTALL,
)
_IN_STRING = re.compile(r'\\.|\{\{|\}\}|["{\n]', re.DOTALL)
_IN_VERBATIM_STRING = re.compile(r'""|\{\{|\}\}|["{]')
_NOT_IN_SOURCE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")
"""Control characters, and ends of line that readers of C# do not agree on."""

_EXPRESSION = re.compile(r"\s*@(?=[({])")


class ExpressionSyntaxError(ValueError):
    """The text from an expression's `@` on is no complete expression."""


@dataclass(frozen=True)
class ParsedExpression:
    """An expression that is a whole attribute or text value.

    code: `{ statements }` when block, else the C# between the brackets. names: the dotted names that it mentions.
    """

    code: str
    block: bool
    names: tuple[str, ...]


def unix_lines(text: str) -> str:
    """The text with each end of line, CR LF or CR too, as one LF: to XML and to C# they are the same."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def starts_expression(text: str, position: int = 0) -> bool:
    """Whether white space and then `@(` or `@{` follow."""
    return _EXPRESSION.match(text, position) is not None


def expression_end(text: str, position: int) -> int:
    """Index behind the bracket that closes the expression; position: of its `@` or of white space before it.

    Raises ExpressionSyntaxError when the text ends, or a string does not, before the expression is closed.
    """
    return _Reader(text).expression(position)


def parse_expression(value: str) -> ParsedExpression | None:
    """The expression that value is, or None when it is a literal.

    Raises ExpressionSyntaxError when it begins as an expression and is not one as a whole.
    """
    if not starts_expression(value):
        return None
    value = unix_lines(value).strip()
    reader = _Reader(value)
    end = reader.expression(0)
    if end != len(value):
        raise ExpressionSyntaxError("A policy expression must be the whole value: text follows its closing bracket.")
    block = value[1] == "{"
    return ParsedExpression(value[1:] if block else value[2:-1], block, tuple(dict.fromkeys(reader.names)))


@dataclass
class _Reader:
    text: str
    names: list[str] = field(default_factory=list)

    def expression(self, position: int) -> int:
        opening = _EXPRESSION.match(self.text, position)
        if opening is None:
            raise ExpressionSyntaxError("A policy expression begins with @( or @{.")
        start = opening.end()
        end = self._code(start + 1, _CLOSERS[self.text[start]], depth=1)
        if found := _NOT_IN_SOURCE.search(self.text, start, end):
            raise ExpressionSyntaxError(f"Unexpected character U+{ord(found[0]):04X} in a policy expression.")
        return end

    def _code(self, position: int, closer: str, depth: int, *, hole: bool = False) -> int:
        """Read code up to and with closer; hole: of an interpolated string, where a colon begins the format."""
        expected = [closer]
        while match := _TOKEN.search(self.text, position):
            position = match.end()
            token = match.group()
            match match.lastgroup:
                case "interpolated":
                    position = self._interpolated(position, depth + len(expected), verbatim="@" in token)
                case "open":
                    expected.append(_CLOSERS[token])
                    _check_depth(depth + len(expected))
                case "close":
                    if token != expected.pop():
                        raise ExpressionSyntaxError(f"Unexpected '{token}' in a policy expression.")
                    if not expected:
                        return position
                case "colon" if hole and len(expected) == 1:
                    return self._format_end(position)
                case "name":
                    self._add_name(match)
                case "refused":
                    raise ExpressionSyntaxError(f"Unexpected or unclosed {token} in a policy expression.")
        raise ExpressionSyntaxError(f"A policy expression is not closed: '{expected[-1]}' is missing.")

    def _interpolated(self, position: int, depth: int, *, verbatim: bool) -> int:
        _check_depth(depth)
        special = _IN_VERBATIM_STRING if verbatim else _IN_STRING
        while match := special.search(self.text, position):
            position = match.end()
            if match.group() == '"':
                return position
            if match.group() == "{":
                position = self._code(position, "}", depth + 1, hole=True)
            elif match.group() == "\n":
                break
        raise ExpressionSyntaxError("A string in a policy expression is not closed.")

    def _format_end(self, position: int) -> int:
        end = self.text.find("}", position)
        if end < 0:
            raise ExpressionSyntaxError("A string in a policy expression is not closed.")
        return end + 1

    def _add_name(self, match: re.Match[str]) -> None:
        """Note a dotted name, unless it follows a dot: then it names members of a value, and no type."""
        before = match.start() - 1
        while before >= 0 and self.text[before].isspace():
            before -= 1
        name = re.sub(r"[\s@]", "", match.group()).removeprefix("global::")
        if before < 0 or self.text[before] != ".":
            self.names.append(name)


def _check_depth(depth: int) -> None:
    if depth > _MAX_DEPTH:
        raise ExpressionSyntaxError("A policy expression is nested too deeply.")
