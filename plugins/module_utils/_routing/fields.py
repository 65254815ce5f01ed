# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads one mapping of an inventory field by field, noting each problem with its path.

Ansible's own argument validation stops a list of objects at its first fault and names no index, so an inventory
is read here instead. PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from difflib import get_close_matches
from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.problems import Problems, is_word, shown

# What Ansible reads as a boolean in an option of type bool (ansible.module_utils.parsing.convert_bool).
_TRUE, _FALSE = {"y", "yes", "on", "1", "true", "t"}, {"n", "no", "off", "0", "false", "f"}

BOOLEAN_REMEDY = "write true or false"


def snake_case(name: str) -> str:
    """Return a camel-case name, as the Bicep package writes them, in snake case: ``backendId`` -> ``backend_id``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def scalar_text(value: Any) -> str | None:
    """Return a scalar as its text, None for what is not one.

    YAML reads ``1`` as a number and ``2024-07-18`` as a date, although the inventory means text.
    """
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    try:
        return str(value)
    except ValueError:  # an integer of more digits than Python writes out
        return None


def as_boolean(value: Any) -> bool | None:
    """Return the boolean that Ansible reads in a value, None when it reads none."""
    if isinstance(value, (int, float)):  # a boolean is a number, too
        return bool(value) if value in (0, 1) else None
    text = value.strip().lower() if isinstance(value, str) else ""
    return True if text in _TRUE else False if text in _FALSE else None


def as_integer(value: Any) -> int | None:
    """Return an integer, also one that is written as a text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        return None
    try:
        return int(value)
    except ValueError:
        return None


class Fields:
    """The fields of one mapping.

    :param value: what the inventory holds at ``path``; anything but a mapping is a problem, and then every field
        reads as absent.
    :param known: names of the fields that may occur; any other is a problem.
    """

    def __init__(self, value: Any, path: str, known: Collection[str], problems: Problems) -> None:
        self.path = path
        self.problems = problems
        self.is_mapping = isinstance(value, Mapping)
        self._values: Mapping[str, Any] = value if self.is_mapping else {}
        if not self.is_mapping:
            problems.add(path, f"is {shown(value)}, not a mapping", f"write a mapping with {_listed(known)}")
        for position, name in enumerate(self._values, start=1):
            if name not in known:
                self._unknown(scalar_text(name) or "", position, known)

    def _unknown(self, name: str, position: int, known: Collection[str]) -> None:
        """Note an unknown field; by its position where its name may be a secret that lost its own field."""
        near = get_close_matches(snake_case(name), known, n=1)
        remedy = f"write {near[0]}" if near else f"known fields are {_listed(known)}"
        if is_word(name):
            self.refuse(name, "is not a known field", remedy)
        else:
            self.problems.add(self.path, f"field {position} is not a known one (its name is not shown)", remedy)

    def at(self, name: str) -> str:
        """Return the path of a field."""
        return f"{self.path}.{name}"

    def refuse(self, name: str, message: str, remedy: str) -> None:
        """Note a problem with the field ``name``."""
        self.problems.add(self.at(name), message, remedy)

    def raw(self, name: str) -> Any:
        """Return the value as it is, None when it is absent."""
        return self._values.get(name)

    def text(self, name: str, remedy: str, *, required: bool = True, default: str = "") -> str:
        """Return a string without surrounding space; a number or date counts as its text."""
        value = self._values.get(name)
        if value is None:
            if required and self.is_mapping:
                self.refuse(name, "is missing", remedy)
            return default
        text = scalar_text(value)
        if text is None:
            self.refuse(name, f"is {shown(value)}, not a string", remedy)
            return default
        text = text.strip()
        if not text:
            self.refuse(name, "is empty", remedy)
        return text

    def texts(self, name: str, remedy: str) -> tuple[str, ...] | None:
        """Return a list of strings without surrounding space, None when it is absent; faults are noted."""
        value = self._values.get(name)
        if value is None:
            return None
        if not isinstance(value, (list, tuple)):
            self.refuse(name, f"is {shown(value)}, not a list", remedy)
            return None
        texts = [(scalar_text(item) or "").strip() for item in value]
        for index, text in enumerate(texts):
            if not text:
                self.refuse(f"{name}[{index}]", f"is {shown(value[index])}", remedy)
        return tuple(texts)

    def choice(self, name: str, choices: Sequence[str]) -> str:
        """Return one of ``choices``, or an empty string after noting a problem."""
        remedy = f"write one of {_listed(choices)}"
        value = self.text(name, remedy)
        if not value or value in choices:
            return value
        near = get_close_matches(snake_case(value), choices, n=1)
        message = f"is {shown(value)}" if is_word(value) else "is none of the choices (it is not shown)"
        self.refuse(name, message, f"write {near[0]}" if near else remedy)
        return ""

    def integer(self, name: str, default: int, low: int, high: int) -> int:
        """Return an integer from ``low`` to ``high``; ``default`` when it is absent or refused."""
        value = self._values.get(name)
        if value is None:
            return default
        number = as_integer(value)
        if number is None or not low <= number <= high:
            self.refuse(name, f"is {shown(value)}", f"write an integer from {low} to {high}")
            return default
        return number

    def boolean(self, name: str, default: bool) -> bool:
        """Return a boolean; ``default`` when it is absent or refused."""
        value = self._values.get(name)
        if value is None:
            return default
        boolean = as_boolean(value)
        if boolean is None:
            self.refuse(name, f"is {shown(value)}", BOOLEAN_REMEDY)
            return default
        return boolean


def _listed(names: Collection[str]) -> str:
    return ", ".join(names)
