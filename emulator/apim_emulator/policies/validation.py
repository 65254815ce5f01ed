# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The structure of a policy: which elements, attributes, texts and sections may stand where.

Messages follow those of .NET's schema validation, which ARM passes on ("The element 'set-header' cannot contain text.
List of possible elements expected: 'value'."). Values are judged after named values have been put in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from apim_emulator.policies import usage_rules
from apim_emulator.policies.csharp import ExpressionSyntaxError, ParsedExpression, parse_expression
from apim_emulator.policies.document import Element
from apim_emulator.policies.errors import element_detail
from apim_emulator.policies.schema import SECTIONS, ElementRule, Schema, ValueRule

Kind = Literal["fragment", "policy"]

_ROOTS: dict[Kind, str] = {"fragment": "fragment", "policy": "policies"}
_BASE = ElementRule("base")
_ID_ATTRIBUTE = "id"
"""Any policy may carry one; LastError.PolicyId shows it."""


@dataclass(frozen=True)
class FoundExpression:
    """An expression of the document, the type of its place, and the policy element that errors name."""

    policy: Element
    parsed: ParsedExpression
    rule: ValueRule


@dataclass
class Validator:
    """Checks one document and collects what it refers to.

    resolve: puts named values into a value of the element, and reports those that do not exist.
    """

    schema: Schema
    kind: Kind
    resolve: Callable[[Element, str], str]
    problems: list[dict[str, str]] = field(default_factory=list)
    expressions: list[FoundExpression] = field(default_factory=list)
    policies: list[Element] = field(default_factory=list)

    def document(self, root: Element) -> None:
        """Check the whole tree."""
        expected = _ROOTS[self.kind]
        if root.name != expected:
            self._problem(root, f"The root element must be '{expected}'.")
        elif self.kind == "fragment":
            self._no_text(root, "policies")
            self._attributes(root, root, {})
            if not root.elements:
                self._problem(root, "A policy fragment must contain at least one policy.")
            self._policies(root, None)
        else:
            self._sections(root)

    def _sections(self, root: Element) -> None:
        self._no_text(root, ", ".join(SECTIONS))
        self._attributes(root, root, {})
        self._repeated(root, SECTIONS)
        for section in root.elements:
            if section.name not in SECTIONS:
                self._unexpected(root, section, SECTIONS)
                continue
            self._no_text(section, "policies")
            self._attributes(section, section, {})
            if section.name == "backend" and len(section.elements) > 1:
                self._problem(section, "The element 'backend' can contain only one policy.")
            self._repeated(section, ("cors", "base"))
            self._policies(section, section.name)

    def _policies(self, parent: Element, section: str | None) -> None:
        """The children of a section, of a fragment, or of a policy that holds policies."""
        for element in parent.elements:
            if element.name == "base" and self.kind == "policy" and parent.name in SECTIONS:
                self._element(element, _BASE, element, section)
                continue
            rule = self.schema.policy(element.name)
            if rule is None:
                self._unknown(element)
            elif section and section not in rule.sections:
                self._problem(element, f"Policy is not allowed in the '{section}' section.")
            elif element.name == "include-fragment" and self.kind == "fragment":
                self._problem(element, "A policy fragment cannot include another policy fragment.")
            else:
                self._element(element, rule, element, section)

    def _unknown(self, element: Element) -> None:
        if element.name in (*SECTIONS, "base", *_ROOTS.values()):
            place = "a policy fragment" if self.kind == "fragment" else "this place"
            self._problem(element, f"The element '{element.name}' is not allowed in {place}.")
        else:
            self._problem(element, f"The policy '{element.name}' is not known to the embedded Azure.")

    def _element(self, element: Element, rule: ElementRule, policy: Element, section: str | None) -> None:
        """One element that has a rule; policy: itself, or the policy that it is a part of."""
        if element is policy:
            self.policies.append(element)
        self._attributes(element, policy, rule.attributes)
        self._text(element, policy, rule)
        for problem in usage_rules.check(element):
            self._problem(element, problem)
        if rule.policies:
            self._policies(element, section)
        elif not rule.any:
            self._children(element, rule, policy, section)

    def _children(self, element: Element, rule: ElementRule, policy: Element, section: str | None) -> None:
        self._repeated(element, rule.once)
        present = {child.name for child in element.elements}
        if any(name not in present for name in rule.needs):
            self._problem(element, f"The element '{element.name}' has incomplete content. {_expected(rule.children)}")
        for child in element.elements:
            child_rule = self.schema.child(rule, child.name)
            if child_rule is None:
                self._unexpected(element, child, rule.children)
            else:
                owner = child if child_rule.path == child.name else policy
                self._element(child, child_rule, owner, section)

    def _attributes(self, element: Element, policy: Element, rules: Mapping[str, ValueRule]) -> None:
        for name, written in element.attributes.items():
            rule = rules.get(name) or (ValueRule("text") if name == _ID_ATTRIBUTE else None)
            if rule is None:
                self._problem(element, f"The '{name}' attribute is not declared.")
                continue
            value = self.resolve(element, written)
            if reason := self._value(value, rule, policy):
                self._problem(
                    element, f"The '{name}' attribute is invalid - The value '{written}' is invalid: {reason}."
                )
        for name, rule in rules.items():
            if rule.required and name not in element.attributes:
                self._problem(element, f"The required attribute '{name}' is missing.")

    def _text(self, element: Element, policy: Element, rule: ElementRule) -> None:
        text = element.text
        if rule.text is None:
            self._no_text(element, ", ".join(rule.children) or ("policies" if rule.policies else ""))
        elif text.strip():
            if reason := self._value(self.resolve(element, text), rule.text, policy):
                self._problem(element, f"The '{element.name}' element is invalid - {reason}.")
        elif rule.text.required:
            self._problem(element, f"The element '{element.name}' has incomplete content.")

    def _value(self, value: str, rule: ValueRule, policy: Element) -> str | None:
        """Judge a literal, or note an expression for the compiler; returns why it is refused."""
        try:
            parsed = parse_expression(value)
        except ExpressionSyntaxError as error:
            return str(error).rstrip(".")
        if parsed is None:
            return rule.refusal(value.strip())
        self.expressions.append(FoundExpression(policy, parsed, rule))
        return None

    def _no_text(self, element: Element, expected: str) -> None:
        if element.text.strip():
            suffix = f" List of possible elements expected: '{expected}'." if expected else ""
            self._problem(element, f"The element '{element.name}' cannot contain text.{suffix}")

    def _repeated(self, parent: Element, names: tuple[str, ...]) -> None:
        counts = Counter(child.name for child in parent.elements)
        for name in names:
            if counts[name] > 1:
                self._problem(parent, f"The element '{name}' can be specified only once in '{parent.name}'.")

    def _unexpected(self, parent: Element, child: Element, expected: tuple[str, ...]) -> None:
        self._problem(
            parent, f"The element '{parent.name}' has invalid child element '{child.name}'. {_expected(expected)}"
        )

    def _problem(self, element: Element, text: str) -> None:
        self.problems.append(element_detail(element, text))


def _expected(names: tuple[str, ...]) -> str:
    return f"List of possible elements expected: '{', '.join(names)}'."
