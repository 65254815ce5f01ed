# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads rawxml fragments: takes the C# expressions out, so that what is left must be well-formed XML."""

from __future__ import annotations

import re
from dataclasses import dataclass
from xml.etree import ElementTree as ET

# What may hide a bracket inside C#: strings (verbatim, regular), characters and comments.
_CSHARP_OPAQUE = re.compile(r'@"(?:[^"]|"")*"|"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)+\'|//[^\n]*|/\*.*?\*/', re.DOTALL)
_STRING = re.compile(r'@?"(?:[^"\\]|\\.)*"')
_CLOSING = {"(": ")", "{": "}"}


@dataclass(frozen=True)
class Fragment:
    """A fragment taken apart.

    :ivar xml: the fragment with ``@<prefix><number>`` in place of each expression.
    :ivar expressions: name -> C# text, with ``@`` and its brackets.
    """

    xml: str
    expressions: dict[str, str]

    @property
    def root(self) -> ET.Element:
        """The parsed XML; raises ParseError when it is not well-formed."""
        return ET.fromstring(self.xml)

    @property
    def text_outside_literals(self) -> str:
        """Everything but the contents of C# string literals: XML, C# code and comments."""
        code = " ".join(_STRING.sub('""', expression) for expression in self.expressions.values())
        return f"{self.xml} {code}"


def read_fragment(text: str, prefix: str) -> Fragment:
    """Take the expressions out of a rawxml fragment.

    :param prefix: starts the names of the expressions; a C# identifier.
    """
    expressions: dict[str, str] = {}
    xml: list[str] = []
    position = 0
    # An expression is a whole attribute value or a whole text, so one of these stands before it.
    for start in re.finditer(r'(?<=[">])@(?=[({])', text):
        if start.start() < position:
            continue
        end = _end_of_expression(text, start.end())
        name = f"{prefix}{len(expressions)}"
        expressions[name] = text[start.start() : end]
        xml += [text[position : start.start()], f"@{name}"]
        position = end
    return Fragment("".join((*xml, text[position:])), expressions)


def _end_of_expression(text: str, start: int) -> int:
    """Return the position after the bracket that closes the one at ``start``."""
    awaited: list[str] = []
    position = start
    while True:
        opaque = _CSHARP_OPAQUE.match(text, position)
        if opaque:
            position = opaque.end()
            continue
        character = text[position]
        position += 1
        if character in _CLOSING:
            awaited.append(_CLOSING[character])
        elif awaited and character == awaited[-1]:
            awaited.pop()
            if not awaited:
                return position
