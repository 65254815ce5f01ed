# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The text in which API Management gives a stored policy back.

It is the service's own layout, not the submitted one: tabs, lines that end in CR LF, double quotes, no white space of
the author. Format `xml` escapes expressions as XML text; `rawxml` shows them as they are.
"""

from __future__ import annotations

from apim_emulator.policies.csharp import starts_expression
from apim_emulator.policies.document import Comment, Document, Element, Format, Text

_LINE = "\r\n"
_TEXT_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#xD;", "\n": _LINE})
_ATTRIBUTE_ENTITIES = str.maketrans({
    "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#xD;", "\n": "&#xA;", "\t": "&#x9;",
})  # fmt: skip


def render(document: Document, format: Format) -> str:  # noqa: A002 - ARM's own word
    """The document's text in a format; parsing and rendering it again gives the same text."""
    renderer = _Renderer(format == "rawxml")
    nodes: list[Element | Comment] = [*document.prolog, document.root, *document.epilog]
    return _LINE.join(renderer.block(node, 0) for node in nodes)


def inner_xml(element: Element) -> str:
    """The content of an element as XML text, every character as it was; the text itself without child elements."""
    if not element.elements:
        return element.text
    renderer = _Renderer(raw=True)
    return "".join(renderer.inline(child) for child in element.children).replace(_LINE, "\n")


class _Renderer:
    def __init__(self, raw: bool) -> None:
        self._raw = raw

    def block(self, node: Element | Text | Comment, depth: int) -> str:
        """A node on lines of its own."""
        indent = "\t" * depth
        if not isinstance(node, Element) or not node.children or node.text.strip() or not node.elements:
            return indent + self.inline(node)
        inner = [self.block(child, depth + 1) for child in node.children]
        return _LINE.join([f"{indent}<{self._head(node)}>", *inner, f"{indent}</{node.name}>"])

    def inline(self, node: Element | Text | Comment) -> str:
        """A node where every character counts."""
        if isinstance(node, Comment):
            return "<!--" + node.value.replace("\n", _LINE) + "-->"
        if isinstance(node, Text):
            return self._text(node.value)
        if not node.children:
            return f"<{self._head(node)} />"
        inner = "".join(self.inline(child) for child in node.children)
        return f"<{self._head(node)}>{inner}</{node.name}>"

    def _head(self, element: Element) -> str:
        return " ".join(
            [element.name, *(f'{name}="{self._value(value)}"' for name, value in element.attributes.items())]
        )

    def _value(self, value: str) -> str:
        if not starts_expression(value):
            return value.translate(_ATTRIBUTE_ENTITIES)
        return self._as_it_is(value) if self._raw else value.translate(_ATTRIBUTE_ENTITIES)

    def _text(self, value: str) -> str:
        return self._as_it_is(value) if self._raw and starts_expression(value) else value.translate(_TEXT_ENTITIES)

    @staticmethod
    def _as_it_is(value: str) -> str:
        return value.replace("\n", _LINE)
