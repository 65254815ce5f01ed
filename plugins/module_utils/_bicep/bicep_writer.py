# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes a parameter file of the package, as ``.bicepparam`` or as ARM JSON.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.tree import (
    Array,
    Comments,
    Entry,
    Environment,
    Group,
    Node,
    Object,
    Scalar,
    Text,
    collapsed,
    has_inner_comments,
    joined,
)

_SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json#"
_INDENT = 2
_ESCAPES = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def write_bicep(head: Comments, parameters: Sequence[Entry], end: Comments, template: str) -> str:
    """Return a ``.bicepparam`` file.

    :param head: comments above ``using``.
    :param end: comments behind the last parameter.
    :param template: path of the template that takes the parameters, from the folder of the file.
    """
    body = [part for parameter in parameters for part in _parameter(parameter)]
    lines = [*_comments(joined(head), 0), f"using {_string(template)}", *([""] if body[:1] != [""] else []), *body]
    return "\n".join([*lines, *_comments(end, 0)]) + "\n"


def write_arm_json(parameters: Sequence[Entry]) -> str:
    """Return an ARM JSON parameter file. It has no comments, and values where the inventory reads the environment."""
    document = {
        "$schema": _SCHEMA,
        "contentVersion": "1.0.0.0",
        "parameters": {parameter.key: {"value": _data(parameter.value)} for parameter in parameters},
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _parameter(entry: Entry) -> Iterator[str]:
    yield from _comments(entry.before, 0)
    first, *more = _value(entry.value, 0, is_item=False)
    yield from _with_comment([f"param {entry.key} = {first}", *more], entry.after)


def _value(value: Node, indent: int, *, is_item: bool) -> list[str]:
    """The lines of a value, the first one without its indentation."""
    if not isinstance(value, Group):
        return [_single(value)]
    opening, closing = "[]" if isinstance(value, Array) else "{}"
    if _is_short(value, is_item=is_item):
        pieces = ", ".join((f"{entry.key}: " if entry.key else "") + _single(entry.value) for entry in value.entries)
        return [f"{{ {pieces} }}" if pieces and isinstance(value, Object) else opening + pieces + closing]
    inner = indent + _INDENT
    lines = _with_comment([opening], value.opening)
    for entry in value.entries:
        lines += _comments(entry.before, inner)
        first, *more = _value(entry.value, inner, is_item=not entry.key)
        label = f"{entry.key}: " if entry.key else ""
        lines += _with_comment([" " * inner + label + first, *more], entry.after)
    return [*lines, *_comments(value.end, inner), " " * indent + closing]


def _is_short(group: Group, *, is_item: bool) -> bool:
    """Whether a group stands on one line: models, lists of their names, and what is empty."""
    if has_inner_comments(group):
        return False
    if isinstance(group, Object) and not is_item:
        return not group.entries
    return not any(isinstance(entry.value, Group) for entry in group.entries)


def _single(value: Node) -> str:
    if isinstance(value, Text):
        if len(value.parts) == 1 and isinstance(value.parts[0], Environment):
            return _call(value.parts[0])
        pieces = (_escaped(part) if isinstance(part, str) else f"${{{_call(part)}}}" for part in value.parts)
        return f"'{''.join(pieces)}'"
    if not isinstance(value, Scalar):
        raise TypeError(f"{type(value).__name__} is no single value")
    if isinstance(value.value, bool) or value.value is None:
        return {True: "true", False: "false", None: "null"}[value.value]
    return str(value.value) if isinstance(value.value, int) else _string(value.value)


def _call(variable: Environment) -> str:
    default = "" if variable.default is None else f", {_string(variable.default)}"
    call = f"readEnvironmentVariable({_string(variable.name)}{default})"
    return f"{variable.function}({call})" if variable.function else call


def _string(text: str) -> str:
    return f"'{_escaped(text)}'"


def _escaped(text: str) -> str:
    characters = (
        _ESCAPES.get(character) or (character if character.isprintable() else f"\\u{{{ord(character):x}}}")
        for character in text
    )
    return "".join(characters).replace("${", "\\${")


def _comments(comments: Comments, indent: int) -> list[str]:
    return ["" if comment is None else f"{' ' * indent}// {comment}".rstrip() for comment in collapsed(comments)]


def _with_comment(lines: list[str], comment: str) -> list[str]:
    return [*lines[:-1], f"{lines[-1]} // {comment}" if comment else lines[-1]]


def _data(value: Node) -> Any:
    if isinstance(value, Array):
        return [_data(entry.value) for entry in value.entries]
    if isinstance(value, Object):
        return {entry.key: _data(entry.value) for entry in value.entries}
    return value.read if isinstance(value, Text) else value.value if isinstance(value, Scalar) else None
