# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Joins the policies of all scopes at `<base/>` to the one that a request runs through."""

from __future__ import annotations

import functools
import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import orjson

from apim_emulator.policies.csharp import ExpressionSyntaxError, parse_expression
from apim_emulator.policies.document import Element, MalformedDocument, parse
from apim_emulator.policies.named_values import NamedValues
from apim_emulator.policies.render import inner_xml
from apim_emulator.policies.schema import SECTIONS, ElementRule, Schema, ValueRule, load_schema

Scope = Literal["global", "product", "api", "operation"]
_Node = dict[str, Any]

_LITERAL = ValueRule("text")
"""Of attributes that every policy may carry, such as `id`."""


@dataclass(frozen=True)
class ScopedPolicy:
    """A policy document of one scope.

    path: of its resource, e.g. "/apis/x", for messages. xml: the stored text in format rawxml.
    """

    scope: Scope
    path: str
    xml: str


@dataclass(frozen=True)
class EffectivePolicy:
    """The joined policy.

    key: equal for equal policies. program: JSON for the C# class `Runtime.PolicyProgram`. mask: takes named values out
    of a text, because a compiler quotes what it does not understand.
    """

    key: str
    program: bytes = field(repr=False)
    mask: Callable[[str], str] = field(repr=False, compare=False)


class CompositionError(Exception):
    """The policies cannot be joined: a fragment or a named value does not exist, or a text is none."""


@functools.lru_cache(maxsize=256)
def _root(text: str) -> Element:
    """The document's root, which nobody changes: reading a large fragment costs a tenth of a second."""
    return parse(text, "rawxml").root


_expression = functools.lru_cache(maxsize=1024)(parse_expression)


def compose(
    scopes: Sequence[ScopedPolicy], fragments: Mapping[str, str], named_values: Mapping[str, str]
) -> EffectivePolicy:
    """Join policies, the outermost first, with fragments and named values put in.

    A scope without a policy is left out, and is then like one whose sections hold only `<base/>`; without one of scope
    "global" the service's default applies, which forwards the request. A section that a policy does not have is empty.
    fragments: id -> stored text in format rawxml; named_values: display name -> value. Raises CompositionError, whose
    text shows no named value.
    New texts of hundreds of kilobytes take tenths of a second: call it in a thread where others wait.
    """
    writer = _Writer(load_schema(), fragments, NamedValues(named_values))
    sections: dict[str, list[_Node]] = {name: [] for name in SECTIONS}
    if all(scope.scope != "global" for scope in scopes):
        sections["backend"] = [{"name": "forward-request", "scope": "global", "path": ""}]
    for scope in scopes:
        sections = writer.scope(scope, sections)
    program = orjson.dumps({"sections": sections, "expressions": list(writer.expressions.values())})
    return EffectivePolicy(hashlib.sha256(program).hexdigest(), program, writer.named_values.mask)


@dataclass
class _Writer:
    """Writes policy elements as nodes, and collects their expressions, each once."""

    schema: Schema
    fragments: Mapping[str, str]
    named_values: NamedValues
    expressions: dict[tuple[str, bool, str], dict[str, Any]] = field(default_factory=dict)
    current: ScopedPolicy | None = None

    def scope(self, policy: ScopedPolicy, outer: Mapping[str, list[_Node]]) -> dict[str, list[_Node]]:
        """The sections of a policy with those of the outer scopes at its `<base/>`."""
        self.current = policy
        root = self._parse(policy.xml, "policies")
        found = {section.name: section for section in root.elements}
        return {name: list(self._policies(found[name], "", outer[name])) if name in found else [] for name in SECTIONS}

    def _parse(self, text: str, name: str) -> Element:
        try:
            root = _root(text)
        except MalformedDocument as error:
            raise self._error(str(error)) from error
        if root.name != name:
            raise self._error(f"The root element must be '{name}'.")
        return root

    def _policies(self, parent: Element, path: str, base: list[_Node]) -> Iterator[_Node]:
        """The policies below an element; path: of the policies around them, as in LastError.Path."""
        counts: Counter[str] = Counter()
        for element in parent.elements:
            if element.name == "base":
                yield from base
                continue
            counts[element.name] += 1
            if element.name == "include-fragment":
                yield from self._policies(self._fragment(element), path, [])
            else:
                rule = self.schema.policy(element.name)
                if rule is None:
                    raise self._error(f"The policy '{element.name}' is not known to the embedded Azure.")
                yield self._node(element, rule, path, counts[element.name])

    def _fragment(self, element: Element) -> Element:
        name = self.named_values.resolve(element, element.attributes["fragment-id"])
        if name not in self.fragments:
            raise self._error(f"Policy fragment with id '{name}' could not be found.")
        return self._parse(self.fragments[name], "fragment")

    def _node(self, element: Element, rule: ElementRule, path: str, position: int) -> _Node:
        holds_policies = rule.policies or any(
            child.policies for name in rule.children if (child := self.schema.child(rule, name))
        )
        if holds_policies:
            path = f"{path}/{element.name}[{position}]".lstrip("/")
        node: _Node = {"name": element.name, "path": path, "scope": self.current.scope if self.current else ""}
        if element.attributes:
            node["attributes"] = {
                name: self._value(element, value, rule.attributes.get(name, _LITERAL))
                for name, value in element.attributes.items()
            }
        if rule.text is not None:
            text = inner_xml(element) if rule.any else element.text
            node["text"] = self._value(element, text, rule.text)
        children = list(self._children(element, rule, path))
        if children:
            node["children"] = children
        return node

    def _children(self, element: Element, rule: ElementRule, path: str) -> Iterator[_Node]:
        if rule.policies:
            yield from self._policies(element, path, [])
            return
        counts: Counter[str] = Counter()
        for child in [] if rule.any else element.elements:
            child_rule = self.schema.child(rule, child.name)
            if child_rule is None:
                raise self._error(f"The element '{element.name}' has invalid child element '{child.name}'.")
            counts[child.name] += 1
            yield self._node(child, child_rule, path, counts[child.name])

    def _value(self, element: Element, written: str, rule: ValueRule) -> str | int:
        """A literal as it is, an expression as its number."""
        value = self.named_values.resolve(element, written)
        if self.named_values.problems:
            raise self._error(self.named_values.problems[0]["message"])
        try:
            parsed = _expression(value)
        except ExpressionSyntaxError as error:
            raise self._error(str(error)) from error
        if parsed is None:
            return value
        key = (parsed.code, parsed.block, rule.result)
        entry = self.expressions.setdefault(
            key,
            {
                "number": len(self.expressions),
                "code": parsed.code,
                "block": parsed.block,
                "result": rule.result,
                "names": parsed.names,
            },
        )
        return int(entry["number"])

    def _error(self, text: str) -> CompositionError:
        place = self.current.path if self.current else ""
        return CompositionError(f"{place}: {text}")
