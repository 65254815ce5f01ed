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
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.csharp import without_layout
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.raw_xml import (
    EXPRESSION,
    KEPT_LAYOUT,
    parts_of,
    well_formed,
)

_INDENT = "  "
_MAXIMUM_DEPTH = 100
_WRAPPERS = ("fragment", "policies")
_NO_TAGS = ("<!--", "<![CDATA[", "<?")
_IN_ATTRIBUTE = {'"': "&quot;", "\r": "&#13;", **KEPT_LAYOUT}


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
        return self._parsed.fault

    def readable(self, change: Callable[[ET.Element], None] | None = None) -> str:
        """Return the document with one element a line, its expressions as C#.

        :param change: is given the parsed document first, to take from it what nobody shall read.
        """
        root = (_parse(self.text, self.format) if change else self._parsed).root
        if root is None:
            return self.text
        if change:
            change(root)
        return "\n".join(_lines(root, "")) + "\n"

    @cached_property
    def children(self) -> Sequence[Child]:
        """The elements below the wrapper, in their order; none when the document cannot be parsed."""
        root = self._parsed.root
        if root is None:
            return []
        spans: list[tuple[int, int]] = []
        depth, start = -int(self._parsed.is_wrapped), 0
        for begin, end, part in parts_of(self.text, self.format == "rawxml"):
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
        root = self._parsed.root
        return (self.format, self.text) if root is None else _canonical(root)

    @cached_property
    def _parsed(self) -> _Parsed:
        """The document, for who only reads it."""
        return _parse(self.text, self.format)


@dataclass(frozen=True)
class _Parsed:
    """A parsed document.

    :ivar root: what holds the document's elements; None when it cannot be parsed, for which ``fault`` is the reason.
    :ivar is_wrapped: whether the root is part of the text.
    """

    root: ET.Element | None = None
    is_wrapped: bool = False
    fault: str = ""


@dataclass(frozen=True, eq=False)
class _Code:
    """C#, equal to any that differs in layout alone. Most is the same to the letter, which is seen sooner."""

    text: str

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Code) and (
            self.text == other.text or without_layout(self.text) == without_layout(other.text)
        )

    def __hash__(self) -> int:
        return hash(without_layout(self.text))


def _parse(text: str, text_format: str) -> _Parsed:
    try:
        # No entity can be declared inside an element, so a document cannot make the parser expand any.
        root = ET.fromstring(f"<fragment>{well_formed(text.strip(), text_format == 'rawxml')}</fragment>")  # noqa: S314
        _check_depth(root)
    except (ValueError, ET.ParseError) as error:
        return _Parsed(fault=str(error))
    inner = list(root)
    # ARM's answers were seen with and without the fragment's own wrapper.
    is_wrapper = len(inner) == 1 and inner[0].tag in _WRAPPERS
    is_wrapped = is_wrapper and not f"{root.text or ''}{inner[0].tail or ''}".strip()
    return _Parsed(inner[0] if is_wrapped else root, is_wrapped)


def _check_depth(root: ET.Element) -> None:
    """Refuse a document that is nested deeper than any policy: what follows goes down by recursion."""
    level, depth = [root], 0
    while level:
        level, depth = [child for element in level for child in element], depth + 1
        if depth > _MAXIMUM_DEPTH:
            raise ValueError(f"elements are nested deeper than {_MAXIMUM_DEPTH}")


def spelled(element: ET.Element, text_format: str) -> str:
    """Return an element as text of a format, ``rawxml`` or ``xml``; blank space between elements is dropped."""
    raw = text_format == "rawxml"
    attributes = "".join(f" {name}={_spelled_value(value, raw)}" for name, value in element.attrib.items())
    inner = _spelled_text(element.text, raw)
    inner += "".join(f"{spelled(child, text_format)}{_spelled_text(child.tail, raw)}" for child in element)
    return f"<{element.tag}{attributes}>{inner}</{element.tag}>" if inner else f"<{element.tag}{attributes} />"


def _spelled_value(value: str, raw: bool) -> str:
    return f'"{value}"' if raw and value.startswith(EXPRESSION) else f'"{escape(value, _IN_ATTRIBUTE)}"'


def _spelled_text(text: str | None, raw: bool) -> str:
    stripped = (text or "").strip()
    return stripped if raw and stripped.startswith(EXPRESSION) else escape(stripped)


def _canonical(element: ET.Element) -> tuple[object, ...]:
    attributes = tuple(sorted((name, _plain_attribute(value)) for name, value in element.attrib.items()))
    children = tuple((_canonical(child), _plain_text(child.tail or "")) for child in element)
    return element.tag, attributes, _plain_text(element.text or ""), children


def _plain_attribute(value: str) -> str | _Code:
    """Return a value without layout: C# by C#'s rules; in any other, reading XML makes a line break a space."""
    return _Code(value) if value.startswith(EXPRESSION) else re.sub(r"[\r\n\t]", " ", value)


def _plain_text(value: str) -> str | _Code:
    """Return a text without layout: C# by C#'s rules, any other with single spaces, because ARM indents it anew."""
    stripped = value.strip()
    return _Code(stripped) if stripped.startswith(EXPRESSION) else " ".join(stripped.split())


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
