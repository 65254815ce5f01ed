# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of policy elements (`elements.toml`), as objects."""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib import resources
from typing import Any, Self

from apim_emulator.expressions.host import Result

SECTIONS = ("inbound", "backend", "outbound", "on-error")

_RESULTS: Mapping[str, Result] = {
    "body": "Body",
    "bool": "Condition",
    "condition": "Condition",
    "int": "Number",
    "text": "Text",
    "variable": "Variable",
}
_RANGE = re.compile(r"int(?: (?P<low>\d+)\.\.(?P<high>\d*))?")


@dataclass(frozen=True)
class ValueRule:
    """What an attribute or a text may be.

    type: text, body, variable, bool, condition or int; words: the literals that are allowed, empty for any;
    low, high: bounds of an int literal.
    """

    type: str
    words: tuple[str, ...] = ()
    low: int | None = None
    high: int | None = None
    required: bool = False
    expression: bool = False

    @classmethod
    def read(cls, entry: list[str]) -> Self:
        """A rule from its entry in the table: the type, then "required" and "expression"."""
        words = tuple(entry[0].split("|")) if "|" in entry[0] else ()
        bounds = _RANGE.fullmatch(entry[0])
        rule = cls(
            type="text" if words else "int" if bounds else entry[0],
            words=words,
            required="required" in entry[1:],
            expression="expression" in entry[1:],
        )
        if bounds and bounds["low"]:
            rule = replace(rule, low=int(bounds["low"]), high=int(bounds["high"]) if bounds["high"] else None)
        return rule

    @property
    def result(self) -> Result:
        """What an expression here may return; a place for literals takes no type at all."""
        return _RESULTS[self.type] if self.expression else "Nothing"

    def refusal(self, literal: str) -> str | None:
        """Why the literal is no value of this type, or None."""
        if self.words:
            return None if literal in self.words else f"it is not one of {', '.join(self.words)}"
        if self.type in ("bool", "condition"):
            return None if literal.lower() in ("true", "false") else "it is not a boolean"
        if self.type != "int":
            return None
        if not re.fullmatch(r"-?\d{1,18}", literal, re.ASCII):
            return "it is not an integer"
        return None if self._in_range(int(literal)) else f"it is not in the range {self.low}..{self.high or ''}"

    def _in_range(self, number: int) -> bool:
        return (self.low is None or number >= self.low) and (self.high is None or number <= self.high)


@dataclass(frozen=True)
class ElementRule:
    """What an element may hold; see the head of `elements.toml`. path: its name, after those of its parents if it is
    no policy by itself."""

    path: str
    attributes: Mapping[str, ValueRule] = field(default_factory=dict)
    text: ValueRule | None = None
    sections: tuple[str, ...] = SECTIONS
    children: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    once: tuple[str, ...] = ()
    policies: bool = False
    any: bool = False

    @classmethod
    def read(cls, path: str, entry: Mapping[str, Any]) -> Self:
        """A rule from its table."""
        return cls(
            path=path,
            attributes={name: ValueRule.read(value) for name, value in entry.get("attributes", {}).items()},
            text=ValueRule.read(entry["text"]) if "text" in entry else None,
            sections=tuple(entry.get("sections", SECTIONS)),
            children=tuple(entry.get("children", ())),
            needs=tuple(entry.get("needs", ())),
            once=tuple(entry.get("once", ())),
            policies=entry.get("policies", False),
            any=entry.get("any", False),
        )


@dataclass(frozen=True)
class Schema:
    """All rules by path."""

    rules: Mapping[str, ElementRule]

    def policy(self, name: str) -> ElementRule | None:
        """The rule of a policy."""
        return self.rules.get(name)

    def child(self, parent: ElementRule, name: str) -> ElementRule | None:
        """The rule of an element below parent, or None when it may not stand there or is not known."""
        if parent.policies:
            return self.policy(name)
        if name not in parent.children:
            return None
        return self.rules.get(f"{parent.path}/{name}") or self.policy(name)


@functools.cache
def load_schema() -> Schema:
    """Read the table that comes with the package."""
    text = (resources.files("apim_emulator.policies") / "elements.toml").read_text(encoding="utf-8")
    table = tomllib.loads(text)
    for name, entry in list(table.items()):
        if original := entry.get("same-as"):
            twins = {path: rule for path, rule in table.items() if path == original or path.startswith(f"{original}/")}
            table |= {name + path.removeprefix(original): rule for path, rule in twins.items()}
    return Schema({path: ElementRule.read(path, entry) for path, entry in table.items()})
