# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Splits a parameter file into tokens: Bicep's, and what JSON has beyond them.

Double-quoted strings are no Bicep, but the package's own examples use them: they are read as JSON reads them. Source of
the rules: Microsoft's pages "Data types in Bicep" and "Bicep file structure and syntax". PRIVATE to the
citadel.ai_gateway collection.
"""

from __future__ import annotations

import json
import re
import sys
from bisect import bisect_right
from dataclasses import dataclass
from enum import Enum, auto

from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.problems import Place, Problems

# Directives speak to the linter, and so mean nothing here.
_BLANK = re.compile(r"(?:[ \t\f\v\u00a0]|#(?:disable|restore)-[^\n]*)+")
_LINE_COMMENT = re.compile(r"//([^\n]*)")
_BLOCK_COMMENT = re.compile(r"/\*(.*?)(\*/|\Z)", re.DOTALL)
_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_NUMBER = re.compile(r"\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_JSON_STRING = re.compile(r'"(?:[^"\\\n]|\\.)*"')
_MULTI_LINE = re.compile(r"'''\n?(.*?)'''(?!')", re.DOTALL)
_MULTI_LINE_START = "'''"
_PLAIN_PIECE = re.compile(r"[^'\\$\n]+|\$(?!\{)")
_SYMBOL = re.compile(r"\.\.\.|\.\?|=>|\?\?|::|[=!]=|[=!]~|[<>]=|&&|\|\||.", re.DOTALL)
_ESCAPE = re.compile(r"\\(?:u\{([0-9A-Fa-f]{1,6})\}|(.))")
_ESCAPES = {"\\": "\\", "'": "'", "n": "\n", "r": "\r", "t": "\t", "$": "$"}
_NESTED_STRINGS = 20


class Kind(Enum):
    """What a token is."""

    NAME = auto()
    NUMBER = auto()
    STRING = auto()
    SYMBOL = auto()
    COMMENT = auto()
    NEWLINE = auto()
    END = auto()


@dataclass(frozen=True)
class Token:
    """A token.

    :ivar text: name, digits or symbol.
    :ivar parts: of a string its literal pieces, and the tokens of each interpolated expression; of a comment its lines.
    """

    kind: Kind
    text: str
    place: Place
    parts: tuple[str | tuple[Token, ...], ...] = ()

    def is_symbol(self, *symbols: str) -> bool:
        """Whether it is one of these symbols."""
        return self.kind is Kind.SYMBOL and self.text in symbols


def tokens_of(text: str, problems: Problems) -> tuple[Token, ...]:
    """Return the tokens of a file, the last one of kind END; what cannot be read is noted in ``problems``."""
    return _Lexer(text.removeprefix("\ufeff").replace("\r\n", "\n"), problems).tokens()


class _Lexer:
    def __init__(self, text: str, problems: Problems) -> None:
        self._text = text
        self._problems = problems
        self._position = 0
        self._strings = 0
        self._line_starts = [0, *(match.end() for match in re.finditer("\n", text))]

    def _place(self, position: int) -> Place:
        line = bisect_right(self._line_starts, position)
        return Place(line, position - self._line_starts[line - 1] + 1)

    def _take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        match = pattern.match(self._text, self._position)
        if match:
            self._position = match.end()
        return match

    def tokens(self) -> tuple[Token, ...]:
        """Tokens to the end of the text, or to the brace that closes an interpolated expression."""
        found: list[Token] = []
        depth = 0
        while True:
            self._take(_BLANK)
            token = self._next()
            if self._strings:
                depth += token.is_symbol("{") - token.is_symbol("}")
            if token.kind is Kind.END or depth < 0:
                return (*found, Token(Kind.END, "", token.place))
            found.append(token)

    def _next(self) -> Token:
        start = self._place(self._position)
        if self._position >= len(self._text):
            return Token(Kind.END, "", start)
        if match := self._take(_LINE_COMMENT):
            return Token(Kind.COMMENT, "", start, (_without_first_blank(match[1]),))
        if match := self._take(_BLOCK_COMMENT):
            if not match[2]:
                self._problems.add(start, "a comment begins here and does not end", "write */ where it ends")
            return Token(Kind.COMMENT, "", start, tuple(map(_without_frame, match[1].strip().split("\n"))))
        if match := self._take(_NAME):
            return Token(Kind.NAME, match[0], start)
        if match := self._take(_NUMBER):
            return Token(Kind.NUMBER, match[0], start)
        if match := self._take(_MULTI_LINE):
            return Token(Kind.STRING, "", start, (match[1],))
        if self._text.startswith('"', self._position):
            return self._json_string(start)
        if self._text.startswith("'", self._position):
            return Token(Kind.STRING, "", start, self._quoted(start))
        return self._symbol(start)

    def _symbol(self, start: Place) -> Token:
        match = self._take(_SYMBOL)
        text = match[0] if match else ""
        return Token(Kind.NEWLINE if text == "\n" else Kind.SYMBOL, text, start)

    def _quoted(self, start: Place) -> tuple[str | tuple[Token, ...], ...]:
        """What a string that begins with a single quote consists of; one of several lines has no end here."""
        if self._text.startswith(_MULTI_LINE_START, self._position):
            self._position = len(self._text)
            remedy = f"close it with {_MULTI_LINE_START}"
            self._problems.add(start, "a multi-line string begins here and does not end", remedy)
            return ()
        self._position += 1
        return self._pieces(start)

    def _json_string(self, start: Place) -> Token:
        match = self._take(_JSON_STRING)
        value = ""
        if not match:
            self._unclosed(start, '"')
            return Token(Kind.STRING, "", start, (value,))
        try:
            value = json.loads(match[0], strict=False)
            value.encode()
        except ValueError:  # an escape that JSON does not have, or half of a surrogate pair
            self._problems.add(start, "the string has an escape that JSON does not have", "correct the escape")
            value = ""
        return Token(Kind.STRING, "", start, (value,))

    def _pieces(self, start: Place) -> tuple[str | tuple[Token, ...], ...]:
        """What a string between single quotes consists of; its first quote is behind us."""
        pieces: list[str | tuple[Token, ...]] = []
        while True:
            if match := self._take(_PLAIN_PIECE):
                pieces.append(match[0])
            elif self._text.startswith("'", self._position):
                self._position += 1
                return tuple(pieces)
            elif self._text.startswith("${", self._position):
                self._position += 2
                pieces.append(self._interpolated(start))
            elif not (escape := self._escape()):
                self._unclosed(start, "'")
                return tuple(pieces)
            else:
                pieces.append(escape)

    def _interpolated(self, start: Place) -> tuple[Token, ...]:
        """The tokens of an expression inside a string, and of the strings in it."""
        if self._strings == _NESTED_STRINGS:
            self._problems.add(start, f"more than {_NESTED_STRINGS} strings are inside each other", "use variables")
            self._position = len(self._text)
            return (Token(Kind.END, "", start),)
        self._strings += 1
        tokens = self.tokens()
        self._strings -= 1
        return tokens

    def _escape(self) -> str:
        """The character that an escape stands for; nothing where none begins."""
        place = self._place(self._position)
        match = self._take(_ESCAPE)
        if not match:
            return ""
        if match[1] and _is_character(int(match[1], 16)):
            return chr(int(match[1], 16))
        if match[2] in _ESCAPES:
            return _ESCAPES[match[2]]
        remedy = r"write \\ for a backslash; the escapes are \\ \' \n \r \t \$ \u{...}"
        self._problems.add(place, f"{match[0]} is not an escape", remedy)
        return match[0]

    def _unclosed(self, start: Place, quote: str) -> None:
        """Note a string without an end, and go on with the next line."""
        end = self._text.find("\n", self._position)
        self._position = len(self._text) if end < 0 else end
        self._problems.add(start, "a string begins here and does not end on its line", f"close it with {quote}")


def _is_character(code: int) -> bool:
    """Whether a number is that of a character; halves of surrogate pairs are none."""
    return code <= sys.maxunicode and not 0xD800 <= code <= 0xDFFF


def _without_first_blank(comment: str) -> str:
    """The text of a comment as people mean it: one blank behind the marker belongs to the marker."""
    return comment.removeprefix(" ").rstrip()


def _without_frame(line: str) -> str:
    """A line of a block comment without the star that many put before it."""
    return line.strip().removeprefix("*").strip()
