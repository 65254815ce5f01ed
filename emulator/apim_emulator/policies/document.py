# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A policy text as a tree: elements with their position, text and comments."""

from __future__ import annotations

import bisect
import re
import xml.parsers.expat
from dataclasses import dataclass, field
from typing import Literal, cast, get_args

from apim_emulator.policies.csharp import starts_expression, unix_lines
from apim_emulator.policies.rawxml import Shield, UnclosedExpression

Format = Literal["xml", "rawxml"]

_MAX_DEPTH = 100
_VERBATIM_ELEMENT = "set-body"
"""The element whose content is data, white space and foreign elements included."""


def as_format(name: str) -> Format:
    """The format of that name; raises ValueError for any other."""
    for known in get_args(Format):
        if name == known:
            return cast("Format", known)
    raise ValueError(f"'{name}' is not a format of policy texts: {', '.join(get_args(Format))}.")


class MalformedDocument(ValueError):
    """The text is not well formed; the message ends as .NET's do: "Line 3, position 7."."""


@dataclass
class Text:
    """Character data. Outside `set-body` without the white space around it."""

    value: str


@dataclass
class Comment:
    """An XML comment."""

    value: str


@dataclass
class Element:
    """An element; line and column (both from 1) are those of its name, as .NET's XML reader counts them."""

    name: str
    attributes: dict[str, str]
    line: int
    column: int
    children: list[Element | Text | Comment] = field(default_factory=list)

    @property
    def elements(self) -> list[Element]:
        """The child elements."""
        return [child for child in self.children if isinstance(child, Element)]

    @property
    def text(self) -> str:
        """The element's own text, without that of its child elements."""
        return "".join(child.value for child in self.children if isinstance(child, Text))


@dataclass
class Document:
    """A parsed text: the root element, and the comments before and after it."""

    root: Element
    prolog: list[Comment]
    epilog: list[Comment]


def parse(text: str, format: Format) -> Document:  # noqa: A002 - ARM's own word
    """Parse a policy text.

    format "xml": an XML document. "rawxml": expressions stand in it as they are.
    Raises MalformedDocument.
    """
    text = unix_lines(text)
    lines = _Lines(text)
    if format == "xml":
        return _Builder(lines, None).build(text)
    try:
        shield = Shield(text)
    except UnclosedExpression as error:
        raise lines.malformed(str(error), error.position) from error
    return _Builder(lines, shield).build(shield.text)


class _Lines:
    """Line and column, from 1, of a character's index."""

    def __init__(self, text: str) -> None:
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]

    def at(self, index: int) -> tuple[int, int]:
        line = bisect.bisect_right(self._starts, index)
        return line, index - self._starts[line - 1] + 1

    def malformed(self, reason: str, index: int) -> MalformedDocument:
        line, column = self.at(index)
        return MalformedDocument(f"{reason.rstrip('.')}. Line {line}, position {column}.")


class _Builder:
    def __init__(self, lines: _Lines, shield: Shield | None) -> None:
        self._lines = lines
        self._restore = shield.restore if shield else str
        self._open: list[Element] = []
        self._outside: list[Comment | Element] = []
        self._data = b""
        self._byte = self._index = 0
        self._parser = self._expat()

    def build(self, text: str) -> Document:
        self._data = text.encode("utf-8", errors="surrogatepass")
        try:
            self._parser.Parse(self._data, True)
        except xml.parsers.expat.ExpatError as error:
            reason = xml.parsers.expat.errors.messages.get(error.code, str(error))
            raise self._lines.malformed(reason.capitalize(), self._position(self._parser.ErrorByteIndex)) from error
        root = next(node for node in self._outside if isinstance(node, Element))
        at = self._outside.index(root)
        comments = [node for node in self._outside if isinstance(node, Comment)]
        return Document(root, comments[:at], comments[at:])

    def _expat(self) -> xml.parsers.expat.XMLParserType:
        parser = xml.parsers.expat.ParserCreate("utf-8")
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.CommentHandler = self._comment
        return parser

    def _position(self, byte: int) -> int:
        """Index of the character at a byte; bytes are asked for in ascending order, so each is decoded once."""
        if byte < self._byte:
            self._byte = self._index = 0
        self._index += len(self._data[self._byte : byte].decode("utf-8", errors="replace"))
        self._byte = byte
        return self._index

    def _doctype(self, *_declaration: object) -> None:
        raise self._lines.malformed(
            "For security reasons DTD is prohibited in this XML document",
            self._position(self._parser.CurrentByteIndex),
        )

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        index = self._position(self._parser.CurrentByteIndex)
        if len(self._open) >= _MAX_DEPTH:
            raise self._lines.malformed("The document is nested too deeply", index)
        line, column = self._lines.at(index + 1)
        values = {key: _tidy_value(self._restore(value)) for key, value in attributes.items()}
        element = Element(name, values, line, column)
        self._add(element)
        self._open.append(element)

    def _end(self, _name: str) -> None:
        element = self._open.pop()
        if not self._is_verbatim(element):
            _tidy(element)

    def _text(self, value: str) -> None:
        if self._open:
            self._open[-1].children.append(Text(self._restore(value)))

    def _comment(self, value: str) -> None:
        self._add(Comment(value))

    def _add(self, node: Element | Comment) -> None:
        if self._open:
            self._open[-1].children.append(node)
        else:
            self._outside.append(node)

    def _is_verbatim(self, element: Element) -> bool:
        within = any(outer.name == _VERBATIM_ELEMENT for outer in (*self._open, element))
        return within and bool(element.text.strip()) and not starts_expression(element.text)


def _tidy_value(value: str) -> str:
    """White space around an expression means nothing, and C# takes every end of line alike."""
    return unix_lines(value).strip() if starts_expression(value) else value


def _tidy(element: Element) -> None:
    """Drop the white space of the layout; the text of an element without child elements becomes one."""
    if element.elements:
        kept = [child for child in element.children if not isinstance(child, Text) or child.value.strip()]
        element.children = kept
        return
    text = _tidy_value(element.text).strip()
    element.children = [child for child in element.children if isinstance(child, Comment)]
    if text:
        element.children.append(Text(text))
