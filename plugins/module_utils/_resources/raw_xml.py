# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the format ``rawxml``, in which C# stands in attributes and texts as it is, and makes XML of it.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.sax.saxutils import escape

from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.csharp import expression_end

EXPRESSION = ("@(", "@{")
# White space in an attribute, written so that a parser of XML does not turn it into spaces.
KEPT_LAYOUT = {"\n": "&#10;", "\t": "&#9;"}

_OPAQUE = {"<!--": "-->", "<![CDATA[": "]]>"}  # comments and character data hold no tags
_EXPRESSION_TEXT = re.compile(r"\s*@[({]")
_UP_TO_VALUE = re.compile(r"[^>\"']*")


def well_formed(text: str, raw: bool) -> str:
    """Return a document as well-formed XML whose attributes keep their line breaks.

    :param raw: it is in the format ``rawxml``.
    :raises ValueError: when something is not closed.
    """
    return "".join(part for _start, _end, part in parts_of(text, raw))


def parts_of(text: str, raw: bool) -> Iterator[tuple[int, int, str]]:
    """Yield start and end of each tag, comment and text between them, with what stands there as well-formed XML.

    :raises ValueError: when something is not closed.
    """
    position = 0
    while position < len(text):
        start = position
        if text[position] != "<":
            position, part = _text(text, position, raw)
        elif opening := next((opening for opening in _OPAQUE if text.startswith(opening, position)), ""):
            position, part = _opaque(text, position, opening)
        else:
            position, part = _tag(text, position, raw)
        yield start, position, part


def _opaque(text: str, start: int, opening: str) -> tuple[int, str]:
    """Take a comment or character data."""
    closing = _OPAQUE[opening]
    end = text.find(closing, start + len(opening))
    if end < 0:
        raise ValueError(f"{text[start : start + 30]!r} is not closed with {closing}")
    return end + len(closing), text[start : end + len(closing)]


def _text(text: str, start: int, raw: bool) -> tuple[int, str]:
    """Take what stands between two tags: blank space, a literal or one expression."""
    if raw and (expression := _EXPRESSION_TEXT.match(text, start)):
        end = expression_end(text, expression.end() - 2)
        return end, escape(text[start:end])
    end = text.find("<", start)
    end = len(text) if end < 0 else end
    return end, text[start:end]


def _tag(text: str, start: int, raw: bool) -> tuple[int, str]:
    """Take a tag with its attributes."""
    parts: list[str] = []
    position = start
    while True:
        end = _UP_TO_VALUE.match(text, position).end()  # type: ignore[union-attr]  # matches at any place
        parts.append(text[position:end])
        if end == len(text):
            raise ValueError(f"the tag that starts with {text[start : start + 30]!r} is not closed")
        if text[end] == ">":
            return end + 1, "".join([*parts, ">"])
        position, value = _attribute_value(text, end, raw)
        parts.append(value)


def _attribute_value(text: str, start: int, raw: bool) -> tuple[int, str]:
    """Take a quoted value; in raw XML an expression may hold the quote itself."""
    quote = text[start]
    if raw and text.startswith(EXPRESSION, start + 1):
        end = expression_end(text, start + 1)
        value = escape(text[start + 1 : end], {'"': "&quot;", "'": "&apos;"})
        if not text.startswith(quote, end):
            raise ValueError(f"text follows the expression that starts with {text[start + 1 : start + 30]!r}")
    else:
        end = text.find(quote, start + 1)
        if end < 0:
            raise ValueError(f"the value that starts with {text[start : start + 30]!r} is not closed")
        value = text[start + 1 : end]
    for character, reference in KEPT_LAYOUT.items():
        value = value.replace("\r\n", "\n").replace(character, reference)
    return end + 1, f"{quote}{value}{quote}"
