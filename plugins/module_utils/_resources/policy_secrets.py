# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a policy document holds credentials, and what of it may be shown.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.csharp import pieces
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.policy_xml import PolicyXml
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.secrets import (
    REFERENCE,
    Span,
    credential_spans,
    is_credential_name,
    masked,
    without_spans,
)

_EXPRESSION = ("@(", "@{")
_HIDDEN_DOCUMENT = "(hidden: it is not well-formed)\n"
_SETTERS = ("set-header", "set-query-parameter", "check-header")
_SIGNING_KEYS = ("issuer-signing-keys", "decryption-keys")
# Of certificates and public keys, which look like credentials.
_PUBLIC = {"thumbprint", "certificate-id", "n", "e"}
_CERTIFICATE = ("authentication-certificate", "body")
_TEXT, _TAIL = "", ">"

# Code behind which a string is what an expression, or a part of it, comes to.
_BEFORE_VALUE = re.compile(
    r"(?:^\s*@\(|\breturn\b|[?:+]|(?<![=!<>])=>?|\b(?:GetBytes|Concat|Format|ToBase64String)\s*\()[\s(]*$"
)
_COMPARED = re.compile(r"\s*[=!]=")
_ASSIGNED = re.compile(r"(\w+)\s*=\s*$")
# Between the name of an entry and its value, and what stands before the name in the second case.
_INDEXED, _NEXT, _ENTRY = (
    re.compile(text) for text in (r"\s*\]\s*=\s*", r"\s*,\s*", r"(?:JProperty\(|\bAdd\(|\{)\s*$")
)
_LEAST_CHARACTERS = 4


@dataclass(frozen=True)
class Constant:
    """A literal text of a policy: a value, or strings in an expression that stand together, joined by ``+``.

    :ivar named: it stands under the name of a credential.
    :ivar parts: where in the value its parts stand.
    """

    text: str
    named: bool
    parts: tuple[Span, ...]

    def credentials(self) -> Iterator[Span]:
        """Yield where in the value credentials stand."""
        for start, end in credential_spans(self.text, named=self.named):
            position = 0
            for first, last in self.parts:
                begin, stop = max(start - position, 0), min(end - position, last - first)
                if begin < stop:
                    yield first + begin, first + stop
                position += last - first

    def references(self) -> list[str]:
        """Return the display names of the named values to which it refers."""
        return [name.strip() for name in REFERENCE.findall(self.text)]


@dataclass(frozen=True)
class Place:
    """A value in a policy document: an attribute, the text of an element, or what follows one.

    :ivar what: the place in words, without what stands there.
    :ivar named: it has the name of a credential.
    """

    element: ET.Element
    attribute: str
    what: str
    named: bool

    @property
    def value(self) -> str:
        """What stands there."""
        if self.attribute in (_TEXT, _TAIL):
            return (self.element.tail if self.attribute else self.element.text) or ""
        return self.element.get(self.attribute, "")

    def replace(self, value: str) -> None:
        """Put something else there."""
        if self.attribute == _TEXT:
            self.element.text = value
        elif self.attribute == _TAIL:
            self.element.tail = value
        else:
            self.element.set(self.attribute, value)

    def constants(self) -> list[Constant]:
        """Return the literal texts of what stands there."""
        return constants_of(self.value, named=self.named)


def shown_policy(policy: PolicyXml) -> str:
    """Return a policy document with one element a line, its credentials masked.

    Of one that cannot be parsed nothing is shown: nobody knows what in it is a credential.
    """
    return _HIDDEN_DOCUMENT if policy.fault() else policy.readable(_mask)


def named_values_of_credentials(policy: PolicyXml) -> set[str]:
    """Return the display names of the named values to which credentials in a policy document refer."""
    found = [
        constant
        for child in policy.children
        for place in places(child.element)
        for constant in place.constants()
        if constant.named
    ]
    return {name for constant in found for name in constant.references()}


def places(root: ET.Element, parent: ET.Element | None = None) -> Iterator[Place]:
    """Yield every value at and below an element that may hold a credential."""
    yield from _of_attributes(root)
    yield _of_text(root, parent)
    for child in root:
        yield from places(child, root)
        yield Place(child, _TAIL, f"the text in {root.tag}", False)


def constants_of(value: str, *, named: bool) -> list[Constant]:
    """Return the literal texts of a value.

    :param value: a literal, or one policy expression.
    :param named: the value stands under the name of a credential.
    """
    if not value.lstrip().startswith(_EXPRESSION):
        return [Constant(value, named, ((0, len(value)),))]
    strings, comments = _strings_of(value)
    found = [Constant(value[start:end], False, ((start, end),)) for start, end in comments]
    previous = None
    for string in strings:
        text = string.text(value)
        found.append(Constant(text, string.is_credential(value, previous, named=named), tuple(string.parts)))
        previous = string
    return found


@dataclass
class _String:
    """Strings joined by ``+``, with the code from the string before to them, and from them to the next one."""

    parts: list[Span]
    before: str
    after: str = ""

    def text(self, code: str) -> str:
        return "".join(code[start:end] for start, end in self.parts)

    def is_credential(self, code: str, previous: _String | None, *, named: bool) -> bool:
        """Tell whether the string stands under the name of a credential: that of the value, or one in the code."""
        if _COMPARED.match(self.after) or sum(map(str.isalnum, self.text(code))) < _LEAST_CHARACTERS:
            return False
        assigned = _ASSIGNED.search(self.before)
        return (
            (named and bool(_BEFORE_VALUE.search(self.before)))
            or bool(assigned and is_credential_name(assigned[1], of_request=False))
            or bool(
                previous and self._is_entry_of(previous) and is_credential_name(previous.text(code), of_request=False)
            )
        )

    def _is_entry_of(self, previous: _String) -> bool:
        in_list = _NEXT.fullmatch(self.before) and _ENTRY.search(previous.before)
        return bool(_INDEXED.fullmatch(self.before) or in_list)


def _strings_of(expression: str) -> tuple[list[_String], list[Span]]:
    """Return the strings of an expression in their order, and where its comments stand."""
    strings: list[_String] = []
    comments: list[Span] = []
    code = ""
    for kind, start, end in pieces(expression):
        if kind == "comment":
            comments.append((start, end))
        elif kind == "code":
            code += expression[start:end]
        elif strings and code.strip() == "+":
            strings[-1].parts.append((start, end))
            code = ""
        else:
            _close(strings, code)
            strings.append(_String([(start, end)], code))
            code = ""
    _close(strings, code)
    return strings, comments


def _close(strings: list[_String], code: str) -> None:
    if strings:
        strings[-1].after = code


def _of_attributes(element: ET.Element) -> Iterator[Place]:
    for name in element.attrib:
        if name not in _PUBLIC:
            of_variable = (
                element.tag == "set-variable"
                and name == "value"
                and is_credential_name(element.get("name", ""), of_request=False)
            )
            named = of_variable or name == "password" or (element.tag, name) == _CERTIFICATE
            yield Place(element, name, f"the {name} of {_title(element)}", named)


def _of_text(element: ET.Element, parent: ET.Element | None) -> Place:
    if parent is not None and element.tag == "value" and parent.tag in _SETTERS:
        named = is_credential_name(parent.get("name", ""))
        return Place(element, _TEXT, f"the value of {_title(parent)}", named)
    named = parent is not None and element.tag == "key" and parent.tag in _SIGNING_KEYS
    return Place(element, _TEXT, f"the text of {_title(element)}", named)


def _title(element: ET.Element) -> str:
    """Return an element's tag and name; a name that is an expression tells nobody anything."""
    name = element.get("name", "")
    return element.tag if not name or name.startswith(_EXPRESSION) else f"{element.tag} {masked(name)}"


def _mask(root: ET.Element) -> None:
    for place in places(root):
        spans = [span for constant in place.constants() for span in constant.credentials()]
        if spans:
            place.replace(without_spans(place.value, sorted(spans)))
