# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The `rawxml` format: XML in which a policy expression stands as it is, with raw quotes and < > &.

Such a text becomes XML without moving anything: inside expressions each character that XML would read is replaced by
one private character, and the values that a parser then finds get theirs back. Every position stays what it was.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator

from apim_emulator.policies.csharp import ExpressionSyntaxError, expression_end, starts_expression

_XML_CHARACTERS = "<>&\"'\t\r\n"
_PRIVATE_PLANE = range(0x100000, 0x10FFF0, len(_XML_CHARACTERS))

_MARKUP = re.compile(r"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>|</[^>]*>|<![^>]*>|<(?=[^\s<>/!?])", re.DOTALL)
_TAG_PART = re.compile(r"""[^"'<>]*?(?P<end>/?>|["'])""", re.DOTALL)


class Shield:
    """Replaces the characters of XML inside expressions, and restores them.

    text: a document in format rawxml. Raises UnclosedExpression when an expression has no end.
    """

    def __init__(self, text: str) -> None:
        first = next(
            start for start in _PRIVATE_PLANE if not any(chr(start + n) in text for n in range(_PRIVATE_PLANE.step))
        )
        private = "".join(chr(first + index) for index in range(len(_XML_CHARACTERS)))
        self._restore = str.maketrans(private, _XML_CHARACTERS)
        self.text = _replace(text, str.maketrans(_XML_CHARACTERS, private))

    def restore(self, value: str) -> str:
        """The value as it was written, from one found in the shielded text."""
        return value.translate(self._restore)


class UnclosedExpression(ValueError):
    """An expression in a rawxml text is incomplete; position: index of its value in the text."""

    def __init__(self, reason: str, position: int) -> None:
        super().__init__(reason)
        self.position = position


def _replace(text: str, table: dict[int, int]) -> str:
    parts = []
    done = 0
    for start, end in _expressions(text):
        parts += [text[done:start], text[start:end].translate(table)]
        done = end
    return "".join([*parts, text[done:]])


def _expressions(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of each expression: where an attribute's value or the text after some markup begins with one."""
    position = 0
    while match := _MARKUP.search(text, position):
        position = match.end()
        if match.group() == "<":
            position = yield from _in_tag(text, position)
        if starts_expression(text, position):
            end = _end(text, position)
            yield position, end
            position = end


def _in_tag(text: str, position: int) -> Generator[tuple[int, int], None, int]:
    """The expressions in a start tag; returns the position behind it, or where it stops being one."""
    while match := _TAG_PART.match(text, position):
        position = match.end()
        quote = match.group("end")
        if quote.endswith(">"):
            break
        if starts_expression(text, position):
            end = _end(text, position)
            yield position, end
            position = end
        closing = text.find(quote, position)
        if closing < 0:
            break
        position = closing + 1
    return position


def _end(text: str, position: int) -> int:
    try:
        return expression_end(text, position)
    except ExpressionSyntaxError as error:
        raise UnclosedExpression(str(error), position) from error
