# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads C# as far as needed to find where a policy expression ends, what of it is layout, and what strings it holds.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

# Tried in this order at each place: what may hold brackets or quotes that do not count comes first. A literal or
# comment that is not closed reaches to the end of what it may hold: no place is scanned twice, whatever the text.
_SYNTAX = r"""
      (?P<comment>//[^\n]*|/\*.*?(?:\*/|\Z))
    | (?P<interpolated>\$@?"|@\$")
    | (?P<string>@"(?:[^"]|"")*+"?|"(?:\\.|[^"\\\n])*+"?|'(?:\\.|[^'\\\n])*+'?)
    | (?P<open>[({])
    | (?P<close>[)}])
"""
_TOKEN = re.compile(_SYNTAX + r"""| (?P<space>\s+) | (?P<other>[^\s"'@$/(){}]+|.)""", re.VERBOSE | re.DOTALL)
# For who looks for brackets alone, all that lies between is one token.
_BRACKET = re.compile(_SYNTAX + r"""| (?P<other>[^"'@$/(){}]+|.)""", re.VERBOSE | re.DOTALL)
# What an interpolated string consists of, with and without a leading @; a hole holds C# again.
_PIECES = {
    False: re.compile(r"(?P<text>(?:\\.|\{\{|[^\"\\{\n])++)|(?P<hole>\{)|(?P<end>\")", re.DOTALL),
    True: re.compile(r"(?P<text>(?:\"\"|\{\{|[^\"{])++)|(?P<hole>\{)|(?P<end>\")", re.DOTALL),
}
_OPENING = re.compile(r'[$@]{0,2}"')
_MAXIMUM_NESTING = 20


def expression_end(text: str, start: int) -> int:
    """Return the index after the policy expression that starts at ``start`` with ``@(`` or ``@{``.

    :raises ValueError: when a bracket is not closed.
    """
    end = _bracket_end(text, start + 1, 0)
    if end is None:
        raise ValueError(f"the expression that starts with {text[start : start + 30]!r} is not closed")
    return end


def without_layout(code: str) -> str:
    """Return C# with comments dropped and white space outside literals shortened.

    ARM lays out expressions anew. In a literal a line break counts as a space: reading XML makes them the same.
    """
    parts: list[str] = []
    for kind, start, end in _tokens(code, 0, 0):
        if kind in {"string", "interpolated"}:
            parts.append(re.sub(r"\r\n|[\r\n\t]", " ", code[start:end]))
        elif kind not in {"space", "comment"}:
            parts.append(code[start:end])
        elif not parts or parts[-1] != " ":
            parts.append(" ")
    return "".join(parts).strip()


def pieces(code: str, nesting: int = 0) -> Iterator[tuple[str, int, int]]:
    """Yield what C# consists of, as ``text``, ``comment`` or ``code``, with where it stands.

    ``text`` is what stands in the quotes of a string; of an interpolated one, each part between its holes. The quotes
    themselves are in no piece, holes are code with their brackets, and so are single characters.
    """
    for kind, start, end in _tokens(code, 0, nesting):
        opening = _OPENING.match(code, start)
        if kind == "interpolated" and opening:
            yield from _interpolated_pieces(code, opening.end(), "@" in opening[0], nesting + 1)
        elif kind == "string" and opening:
            yield "text", opening.end(), max(opening.end(), end - 1) if code[end - 1] == '"' else end
        else:
            yield "comment" if kind == "comment" else "code", start, end


def _interpolated_pieces(text: str, position: int, verbatim: bool, nesting: int) -> Iterator[tuple[str, int, int]]:
    """Yield the pieces of the interpolated string whose opening quote ends before ``position``."""
    while (piece := _PIECES[verbatim].match(text, position)) and piece.lastgroup != "end":
        position = piece.end()
        if piece.lastgroup == "text":
            yield "text", *piece.span()
            continue
        hole_end = _bracket_end(text, position - 1, nesting) if nesting <= _MAXIMUM_NESTING else None
        if hole_end is None:
            yield "text", position, len(text)
            return
        inner = pieces(text[position : hole_end - 1], nesting)
        yield "code", position - 1, position
        yield from ((kind, start + position, end + position) for kind, start, end in inner)
        yield "code", hole_end - 1, hole_end
        position = hole_end


def _tokens(
    text: str, position: int, nesting: int, pattern: re.Pattern[str] = _TOKEN
) -> Iterator[tuple[str, int, int]]:
    """Yield kind, start and end of each token; an interpolated string is one token, with all that its holes hold."""
    while token := pattern.match(text, position):
        start, position, kind = position, token.end(), token.lastgroup or ""
        if kind == "interpolated":
            position = _interpolated_end(text, position, "@" in token[0], nesting + 1)
        yield kind, start, position


def _bracket_end(text: str, start: int, nesting: int) -> int | None:
    """Return the index after the bracket that closes the one at ``start``, None when nothing closes it."""
    depth = 0
    for kind, _start, end in _tokens(text, start, nesting, _BRACKET):
        depth += (kind == "open") - (kind == "close")
        if depth == 0:
            return end
    return None


def _interpolated_end(text: str, position: int, verbatim: bool, nesting: int) -> int:
    """Return the index after the interpolated string whose opening quote ends before ``position``.

    One that is not closed, or nested deeper than anybody writes, takes all the rest.
    """
    while piece := _PIECES[verbatim].match(text, position):
        position = piece.end()
        if piece.lastgroup == "end":
            return position
        if piece.lastgroup == "hole":
            hole_end = _bracket_end(text, position - 1, nesting) if nesting <= _MAXIMUM_NESTING else None
            position = len(text) if hole_end is None else hole_end
    return position
