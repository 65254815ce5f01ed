# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The functions of Bicep that convert one value, where what they give is certain.

Source: Microsoft's pages "Logical functions for Bicep", "Numeric functions for Bicep", "String functions for Bicep",
"Object functions for Bicep" and "Any function for Bicep". PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeAlias

from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.constructs import RESULT_REMEDY
from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.problems import Place
from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.tree import (
    Array,
    Entry,
    Environment,
    Node,
    Object,
    Scalar,
    Text,
)

_Single: TypeAlias = str | int | bool | None
_INTEGER = re.compile(r"[+-]?\d{1,18}", re.ASCII)


class CannotConvert(ValueError):
    """A value that a function does not take, or whose result is not certain; the message and the remedy."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.remedy = remedy


def converted(name: str, value: Node, place: Place) -> Node:
    """Return what a function of :data:`FUNCTIONS` makes of a value.

    What the environment holds is converted when it is read.

    :param value: a :class:`Scalar`, :class:`Text` or group.
    :param place: where the function is called.
    :raises CannotConvert: with message and remedy.
    """
    if name == "any":
        return replace(value, place=place)
    if isinstance(value, Text):
        return replace(value, parts=_later(name, value), place=place)
    if not isinstance(value, Scalar):
        raise CannotConvert(f"{name} has an array or an object as its argument", RESULT_REMEDY)
    if name == "json":
        return _from_json(value.value, place)
    return Scalar(_LITERALS[name](value.value), place=place)


def _later(name: str, text: Text) -> tuple[str | Environment, ...]:
    """The parts of a text with the function applied to what is read from the environment."""
    if name == "string" and not text.function:
        return text.parts
    if name in ("bool", "int") and len(text.parts) > 1:
        raise CannotConvert(f"{name} has more than an environment variable in it", "read the whole value from one")
    if name not in ("bool", "int", "toLower", "toUpper"):
        remedy = "write readEnvironmentVariable without it, or with bool or int"
        raise CannotConvert(f"{name} converts what the environment holds", remedy)
    return tuple(_applied(name, part) for part in text.parts)


def _applied(name: str, part: str | Environment) -> str | Environment:
    if isinstance(part, str):
        return str(_LITERALS[name](part))
    if part.function not in ("", name):
        raise CannotConvert(f"{name} converts what {part.function} gives", "convert the environment variable once")
    if part.default is not None:
        _LITERALS[name](part.default)
    return replace(part, function=name)


def _to_bool(value: _Single) -> bool:
    if isinstance(value, int):
        return value != 0
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    message = "bool has neither 'true' nor 'false' nor an integer as its value or default"
    raise CannotConvert(message, "write 'true' or 'false'")


def _to_int(value: _Single) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and _INTEGER.fullmatch(value):
        return int(value)
    raise CannotConvert("int has no integer as its value or default", "write an integer")


def _to_string(value: _Single) -> str:
    if isinstance(value, (str, int)) and not isinstance(value, bool):
        return str(value)
    raise CannotConvert("string has neither a string nor an integer as its argument", RESULT_REMEDY)


def _in_case(change: Callable[[str], str]) -> Callable[[_Single], str]:
    def apply(value: _Single) -> str:
        # Languages disagree on the case of some other letters.
        if isinstance(value, str) and value.isascii():
            return change(value)
        raise CannotConvert("toLower or toUpper has other letters than A to Z in its argument", RESULT_REMEDY)

    return apply


_LITERALS: dict[str, Callable[[_Single], str | int | bool]] = {
    "bool": _to_bool,
    "int": _to_int,
    "string": _to_string,
    "toLower": _in_case(str.lower),
    "toUpper": _in_case(str.upper),
}
FUNCTIONS = frozenset((*_LITERALS, "json", "any"))


def _from_json(text: _Single, place: Place) -> Node:
    try:
        data = json.loads(str(text), parse_float=_no_integer, parse_constant=_no_integer)
        json.dumps(data, ensure_ascii=False).encode()  # which half of a surrogate pair prevents
        return _node(data, place)
    except (ValueError, RecursionError):
        message = "json has a text that is no JSON, is too deep, or has other numbers than integers of 64 bits"
        raise CannotConvert(message, RESULT_REMEDY) from None


def _no_integer(number: str) -> None:
    raise ValueError(number)


def _node(value: Any, place: Place) -> Node:
    if isinstance(value, dict):
        return Object(tuple(Entry(key, _node(each, place), place=place) for key, each in value.items()), place=place)
    if isinstance(value, list):
        return Array(tuple(Entry("", _node(each, place), place=place) for each in value), place=place)
    if isinstance(value, int) and not -(1 << 63) <= value < 1 << 63:
        _no_integer("too long")
    return Scalar(value, place=place)
