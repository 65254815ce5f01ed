# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Policy documents, equal when they say the same.

ARM lays out a policy anew and answers in another encoding than it was sent (facts, lists and bodies), so texts never
compare equal. Here a document is parsed to elements, attributes and expressions, and these are compared, with case
and order kept. PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.csharp import (
    expression_end,
    without_layout,
)

_INDENT = "  "
_MAXIMUM_DEPTH = 100
_WRAPPERS = ("fragment", "policies")
_OPAQUE = {"<!--": "-->", "<![CDATA[": "]]>"}  # comments and character data hold no tags
_NO_TAGS = (*_OPAQUE, "<?")
_EXPRESSION = ("@(", "@{")
_EXPRESSION_TEXT = re.compile(r"\s*@[({]")
_UP_TO_VALUE = re.compile(r"[^>\"']*")
# White space in an attribute, written so that a parser of XML does not turn it into spaces.
_KEPT_LAYOUT = {"\n": "&#10;", "\t": "&#9;"}
_IN_ATTRIBUTE = {'"': "&quot;", "\r": "&#13;", **_KEPT_LAYOUT}


@dataclass(frozen=True)
class Child:
    """An element directly below a document's wrapper, which stands at ``text[start:end]``."""

    element: ET.Element
    start: int
    end: int


@dataclass(frozen=True)
class PolicyXml:
    """A policy document of format ``rawxml`` (C# as it is) or ``xml`` (C# escaped as XML).

    Two documents are equal when they have the same elements, attributes, texts and expressions; layout, comments,
    encoding and a fragment's wrapper do not count.
    """

    text: str
    format: str

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PolicyXml) and self._canonical == other._canonical

    def __hash__(self) -> int:
        return hash(self._canonical)

    def fault(self) -> str:
        """Say why the document cannot be parsed; empty when it can."""
        try:
            self._parse()
        except (ValueError, ET.ParseError) as error:
            return str(error)
        return ""

    def readable(self, change: Callable[[ET.Element], None] | None = None) -> str:
        """Return the document with one element a line, its expressions as C#.

        :param change: is given the parsed document first, to take from it what nobody shall read.
        """
        try:
            root = self._parse()
        except (ValueError, ET.ParseError):
            return self.text
        if change:
            change(root)
        return "\n".join(_lines(root, "")) + "\n"

    @cached_property
    def children(self) -> Sequence[Child]:
        """The elements below the wrapper, in their order; none when the document cannot be parsed."""
        try:
            root, wrapped = self._root()
        except (ValueError, ET.ParseError):
            return []
        spans: list[tuple[int, int]] = []
        depth, start = -int(wrapped), 0
        for begin, end, part in _parts(self.text, self.format == "rawxml"):
            if not part.startswith("<") or part.startswith(_NO_TAGS):
                continue
            if not part.startswith("</"):
                start = begin if depth == 0 else start
                depth += 1
            if part.startswith("</") or part.endswith("/>"):
                depth -= 1
                if depth == 0:
                    spans.append((start, end))
        return [Child(element, *span) for element, span in zip(root, spans, strict=True)]

    @cached_property
    def _canonical(self) -> tuple[object, ...]:
        """The document without layout; a document that cannot be parsed equals only itself."""
        try:
            return _canonical(self._parse())
        except (ValueError, ET.ParseError):
            return self.format, self.text

    def _parse(self) -> ET.Element:
        """Parse the document.

        :raises ValueError: when an expression is not closed, or elements are nested too deep.
        :raises ET.ParseError: when the rest is not XML.
        """
        return self._root()[0]

    def _root(self) -> tuple[ET.Element, bool]:
        """Return what holds the document's elements, and whether it is part of the text; raises as :meth:`_parse`."""
        raw = self.format == "rawxml"
        # No entity can be declared inside an element, so a document cannot make the parser expand any.
        root = ET.fromstring(f"<fragment>{_well_formed(self.text.strip(), raw)}</fragment>")  # noqa: S314
        _check_depth(root)
        inner = list(root)
        # ARM's answers were seen with and without the fragment's own wrapper.
        is_wrapper = len(inner) == 1 and inner[0].tag in _WRAPPERS
        wrapped = is_wrapper and not f"{root.text or ''}{inner[0].tail or ''}".strip()
        return (inner[0] if wrapped else root), wrapped


def _check_depth(root: ET.Element) -> None:
    """Refuse a document that is nested deeper than any policy: what follows goes down by recursion."""
    level, depth = [root], 0
    while level:
        level, depth = [child for element in level for child in element], depth + 1
        if depth > _MAXIMUM_DEPTH:
            raise ValueError(f"elements are nested deeper than {_MAXIMUM_DEPTH}")


def _well_formed(text: str, raw: bool) -> str:
    """Return the document as well-formed XML whose attributes keep their line breaks."""
    return "".join(part for _start, _end, part in _parts(text, raw))


def _parts(text: str, raw: bool) -> Iterator[tuple[int, int, str]]:
    """Yield start and end of each tag, comment and text between them, with what stands there as well-formed XML."""
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
    if raw and text.startswith(_EXPRESSION, start + 1):
        end = expression_end(text, start + 1)
        value = escape(text[start + 1 : end], {'"': "&quot;", "'": "&apos;"})
        if not text.startswith(quote, end):
            raise ValueError(f"text follows the expression that starts with {text[start + 1 : start + 30]!r}")
    else:
        end = text.find(quote, start + 1)
        if end < 0:
            raise ValueError(f"the value that starts with {text[start : start + 30]!r} is not closed")
        value = text[start + 1 : end]
    for character, reference in _KEPT_LAYOUT.items():
        value = value.replace("\r\n", "\n").replace(character, reference)
    return end + 1, f"{quote}{value}{quote}"


def spelled(element: ET.Element, text_format: str) -> str:
    """Return an element as text of a format, ``rawxml`` or ``xml``; blank space between elements is dropped."""
    raw = text_format == "rawxml"
    attributes = "".join(f" {name}={_spelled_value(value, raw)}" for name, value in element.attrib.items())
    inner = _spelled_text(element.text, raw)
    inner += "".join(f"{spelled(child, text_format)}{_spelled_text(child.tail, raw)}" for child in element)
    return f"<{element.tag}{attributes}>{inner}</{element.tag}>" if inner else f"<{element.tag}{attributes} />"


def _spelled_value(value: str, raw: bool) -> str:
    return f'"{value}"' if raw and value.startswith(_EXPRESSION) else f'"{escape(value, _IN_ATTRIBUTE)}"'


def _spelled_text(text: str | None, raw: bool) -> str:
    stripped = (text or "").strip()
    return stripped if raw and stripped.startswith(_EXPRESSION) else escape(stripped)


def _canonical(element: ET.Element) -> tuple[object, ...]:
    attributes = tuple(sorted((name, _plain_attribute(value)) for name, value in element.attrib.items()))
    children = tuple((_canonical(child), _plain_text(child.tail or "")) for child in element)
    return element.tag, attributes, _plain_text(element.text or ""), children


def _plain_attribute(value: str) -> str:
    """Return a value without layout: C# by C#'s rules; in any other, reading XML makes a line break a space."""
    return without_layout(value) if value.startswith(_EXPRESSION) else re.sub(r"[\r\n\t]", " ", value)


def _plain_text(value: str) -> str:
    """Return a text without layout: C# by C#'s rules, any other with single spaces, because ARM indents it anew."""
    stripped = value.strip()
    return without_layout(stripped) if stripped.startswith(_EXPRESSION) else " ".join(stripped.split())


def _lines(element: ET.Element, indent: str) -> list[str]:
    attributes = "".join(f' {name}="{_dedented(value, indent)}"' for name, value in element.attrib.items())
    text = _dedented((element.text or "").strip(), indent)
    if not len(element):
        return f"{indent}<{element.tag}{attributes}{f'>{text}</{element.tag}>' if text else ' />'}".split("\n")
    lines = f"{indent}<{element.tag}{attributes}>{text}".split("\n")
    for child in element:
        lines += _lines(child, indent + _INDENT)
        lines += [f"{indent}{_INDENT}{line.strip()}" for line in (child.tail or "").splitlines() if line.strip()]
    return [*lines, f"{indent}</{element.tag}>"]


def _dedented(value: str, indent: str) -> str:
    """Return a value of several lines, moved as a whole to where it stands, so that two layouts differ little."""
    first, *rest = value.strip().splitlines() or [""]
    lines = textwrap.dedent("\n".join(line.expandtabs(4) for line in rest if line.strip())).splitlines()
    return "\n".join([first.rstrip(), *(f"{indent}{_INDENT}{line.rstrip()}" for line in lines)])
