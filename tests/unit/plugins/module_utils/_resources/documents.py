# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Generated policy documents, the ways in which ARM may lay them out, and changes to what they say."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from xml.sax.saxutils import escape, quoteattr

from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.policy_xml import PolicyXml
from hypothesis import strategies as st

_LITERALS: dict[str, Callable[[str], str]] = {
    "regular": lambda text: '"{}"'.format(text.replace("\\", "\\\\").replace('"', '\\"')),
    "verbatim": lambda text: '@"{}"'.format(text.replace('"', '""')),
    "interpolated": lambda text: '$"{}{{d["]}}"]}}"'.format(
        text.replace("\\", "\\\\").replace('"', '\\"').replace("{", "{{").replace("}", "}}")
    ),
    "interpolated verbatim": lambda text: '$@"{}{{f(\')\', "a  b")}}"'.format(
        text.replace('"', '""').replace("{", "{{").replace("}", "}}")
    ),
}


@dataclass(frozen=True)
class Token:
    """A literal of C#, or a piece of code for which ``kind`` is empty."""

    text: str
    kind: str = ""

    def __str__(self) -> str:
        return _LITERALS[self.kind](self.text) if self.kind else self.text


@dataclass(frozen=True)
class Literal:
    """A value that is no expression."""

    text: str


@dataclass(frozen=True)
class Expression:
    """A policy expression."""

    tokens: tuple[Token, ...]
    brackets: str = "()"


@dataclass(frozen=True)
class Element:
    """An element of a policy document."""

    tag: str
    attributes: tuple[tuple[str, Literal | Expression], ...] = ()
    text: Literal | Expression | None = None
    children: tuple[Element, ...] = ()


@dataclass(frozen=True)
class Layout:
    """How a document is spelled.

    :ivar gaps: what stands between two tokens of C#, by turns.
    """

    format: str = "rawxml"
    newline: str = "\n"
    indent: str = "  "
    wrapped: bool = True
    comments: bool = False
    reversed_attributes: bool = False
    single_quotes: bool = False
    cdata: bool = False
    gaps: tuple[str, ...] = (" ",)

    def spell(self, elements: Sequence[Element]) -> PolicyXml:
        """Return a document with these elements."""
        lines = [line for element in elements for line in self._lines(element, self.indent)]
        if self.wrapped:
            lines = ["<fragment>", *lines, "</fragment>"]
        return PolicyXml(self.newline.join(lines), self.format)

    def _lines(self, element: Element, indent: str) -> list[str]:
        attributes = reversed(element.attributes) if self.reversed_attributes else element.attributes
        start = " ".join([element.tag, *(f"{name}={self._attribute(value)}" for name, value in attributes)])
        comment = [f'{indent}<!-- it\'s <a> "comment" @( -->'] if self.comments else []
        if not element.children and element.text is None:
            return [*comment, f"{indent}<{start} />"]
        inner = [f"{indent}{self._text(element.text)}"] if element.text else []
        inner += [line for child in element.children for line in self._lines(child, indent + self.indent)]
        return [*comment, f"{indent}<{start}>", *inner, f"{indent}</{element.tag}>"]

    def _attribute(self, value: Literal | Expression) -> str:
        quote = "'" if self.single_quotes else '"'
        if isinstance(value, Expression) and self.format == "rawxml":
            return f"{quote}{self._code(value)}{quote}"
        text = value.text if isinstance(value, Literal) else self._code(value)
        line_break = {"\r": "&#xD;", "\n": "&#xA;"} if isinstance(value, Expression) else {}
        return (
            f"'{escape(text, {chr(39): '&apos;', **line_break})}'"
            if self.single_quotes
            else quoteattr(text, line_break)
        )

    def _text(self, value: Literal | Expression) -> str:
        text = value.text if isinstance(value, Literal) else self._code(value)
        if isinstance(value, Expression) and self.format == "rawxml":
            return text
        return f"<![CDATA[{text}]]>" if self.cdata and "]]>" not in text else escape(text)

    def _code(self, expression: Expression) -> str:
        opening, closing = expression.brackets[0], expression.brackets[1]
        code = f"@{opening}"
        for number, token in enumerate(expression.tokens):
            code += f"{self.gaps[number % len(self.gaps)]}{token}"
        return f"{code}{self.gaps[-1]}{closing}"


PLAIN = Layout()

_contents = st.text("aB1 \\\"'{}()@$/*<>&;=", max_size=8)
_words = st.lists(st.text("aB1\"'<>&{};", min_size=1, max_size=4), min_size=1, max_size=3).map(" ".join)
_code = st.sampled_from(
    ["context", ".", "x", "X", "==", "<", ">", "&&", "@class", "'\\''", "'{'", "'\"'", "return", "1", ";", "( )", "{ }"]
)
_tokens = _code.map(Token) | st.builds(Token, _contents, st.sampled_from(sorted(_LITERALS)))
expressions = st.builds(Expression, st.lists(_tokens, min_size=1, max_size=5).map(tuple), st.sampled_from(["()", "{}"]))
_values = st.builds(Literal, _words) | expressions
_attributes = st.dictionaries(st.sampled_from(["name", "value", "condition"]), _values, max_size=3).map(
    lambda attributes: tuple(attributes.items())
)
_tags = st.sampled_from(["set-variable", "choose", "When", "set-body"])
elements = st.recursive(
    st.builds(Element, _tags, _attributes, st.none() | _values),
    lambda inner: st.builds(Element, _tags, _attributes, st.none(), st.lists(inner, max_size=3).map(tuple)),
    max_leaves=5,
)
documents = st.lists(elements, min_size=1, max_size=3).map(tuple)
layouts = st.builds(
    Layout,
    format=st.sampled_from(["rawxml", "xml"]),
    newline=st.sampled_from(["\n", "\r\n", "\n\n"]),
    indent=st.sampled_from(["", "  ", "\t"]),
    wrapped=st.booleans(),
    comments=st.booleans(),
    reversed_attributes=st.booleans(),
    single_quotes=st.booleans(),
    cdata=st.booleans(),
    gaps=st.lists(
        st.sampled_from([" ", "  ", "\n    ", "\r\n\t", " /* ' \" ) */ ", " // it's )\n"]), min_size=1, max_size=3
    ).map(tuple),
)


@st.composite
def changes(draw: st.DrawFn, document: tuple[Element, ...]) -> tuple[Element, ...]:
    """Draw a document that differs from another in one place."""
    index = draw(st.integers(0, len(document) - 1))
    before, element, behind = document[:index], document[index], document[index + 1 :]
    options = [(*before, draw(_changed_element(element)), *behind), (*before, Element("added"), element, *behind)]
    if len(document) > 1:
        options += [(*before, *behind)]
    if behind and behind[0] != element:
        options += [(*before, behind[0], element, *behind[1:])]
    return draw(st.sampled_from(options))


@st.composite
def _changed_element(draw: st.DrawFn, element: Element) -> Element:
    options = [replace(element, tag=element.tag.swapcase()), replace(element, attributes=(*element.attributes, _MORE))]
    for index, (name, value) in enumerate(element.attributes):
        rest = (*element.attributes[:index], *element.attributes[index + 1 :])
        options += [
            replace(element, attributes=rest),
            replace(element, attributes=(*rest, (name.upper(), value))),
            replace(element, attributes=(*rest, (name, draw(_changed_value(value))))),
        ]
    if element.text:
        options += [replace(element, text=None), replace(element, text=draw(_changed_value(element.text)))]
    if element.children:
        options += [replace(element, children=draw(changes(element.children)))]
    return draw(st.sampled_from(options))


_MORE = ("more", Literal("1"))


@st.composite
def _changed_value(draw: st.DrawFn, value: Literal | Expression) -> Literal | Expression:
    if isinstance(value, Literal):
        return Literal(draw(_changed_text(value.text, "aB1")))
    index = draw(st.integers(0, len(value.tokens) - 1))
    token = value.tokens[index]
    other = replace(token, text=draw(_changed_text(token.text, "aB1 {}()/*'"))) if token.kind else Token("other")
    tokens = [(*value.tokens[:index], new, *value.tokens[index + 1 :]) for new in (other, Token(f"added {token}"))]
    return Expression(draw(st.sampled_from(tokens)), value.brackets)


@st.composite
def _changed_text(draw: st.DrawFn, text: str, alphabet: str) -> str:
    """Draw a text with one character changed or added, or with the case of all of them changed."""
    index = draw(st.integers(0, len(text)))
    character = draw(st.sampled_from(alphabet))
    options = [text[:index] + character + text[index:], text[:index] + character + text[index + 1 :], text.swapcase()]
    return draw(st.sampled_from([option for option in options if option != text]))
