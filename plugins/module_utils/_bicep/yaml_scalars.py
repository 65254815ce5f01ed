# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Single values as YAML in an Ansible inventory writes them.

Quotes stand where YAML 1.1 or 1.2 would read something else than the string without them. What reads the environment is
a template; a literal that looks like one is marked ``!unsafe``. PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

import re

from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.tree import Environment, Scalar, Text

_GUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_PLAIN = re.compile(r"[A-Za-z/](?:[A-Za-z0-9_./@+~-]|:(?=\S)|(?<=\S) (?=\S))*")
_READ_OTHERWISE = frozenset(("y", "n", "yes", "no", "on", "off", "true", "false", "null"))
_TEMPLATE_START = re.compile(r"\{[{%#]")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}

_LITERAL = r"""'[^'\\]*'|"[^"\\]*\""""
_LOOKUP = re.compile(
    r"\{\{ lookup\('ansible\.builtin\.env', "
    rf"(?P<name>{_LITERAL}), default=(?P<default>{_LITERAL}|undef\(\))"
    r"\)(?: \| (?P<filter>bool|int|lower|upper))? \}\}"
)
# Functions of Bicep, and the filters that do the same.
_FILTERS = {"bool": "bool", "int": "int", "toLower": "lower", "toUpper": "upper"}
_FUNCTIONS = {name: function for function, name in _FILTERS.items()}
_BRACE = "{{ '{' }}"


def scalar_text(value: Scalar | Text) -> str:
    """Return a value as it stands in YAML, on one line."""
    if isinstance(value, Text):
        return _quoted("".join(_piece(part) for part in value.parts))
    content = value.value
    if isinstance(content, bool) or content is None:
        return {True: "true", False: "false", None: "null"}[content]
    if isinstance(content, int):
        return str(content)
    if _TEMPLATE_START.search(content):
        return f"!unsafe {_quoted(content)}"
    return content if _is_plain(content) else _quoted(content)


def can_be_template(text: str) -> bool:
    """Whether a template can hold a text as a literal: with one kind of quotes and without a backslash."""
    return "\\" not in text and not ("'" in text and '"' in text)


def template_parts(text: str) -> tuple[str | Environment, ...] | None:
    """Return what a template of :func:`scalar_text` consists of; None for a text that reads no environment this way."""
    parts: list[str | Environment] = []
    position = 0
    for match in _LOOKUP.finditer(text):
        parts.append(text[position : match.start()])
        default = None if match["default"] == "undef()" else match["default"][1:-1]
        parts.append(Environment(match["name"][1:-1], default, _FUNCTIONS.get(match["filter"], "")))
        position = match.end()
    literals = [*parts[::2], text[position:]]
    if not parts or any(_TEMPLATE_START.search(str(literal).replace(_BRACE, "")) for literal in literals):
        return None
    found = (*parts, text[position:])
    return tuple(part.replace(_BRACE, "{") if isinstance(part, str) else part for part in found if part != "")


def _is_plain(text: str) -> bool:
    if _GUID.fullmatch(text):
        return True
    return bool(_PLAIN.fullmatch(text)) and text.lower() not in _READ_OTHERWISE


def _quoted(text: str) -> str:
    return '"' + "".join(_ESCAPES.get(character) or _escaped(character) for character in text) + '"'


def _escaped(character: str) -> str:
    """A character as it is, or as an escape when people would not see it."""
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _piece(part: str | Environment) -> str:
    if isinstance(part, str):
        return part.replace("{", _BRACE)
    default = "undef()" if part.default is None else _literal(part.default)
    conversion = f" | {_FILTERS[part.function]}" if part.function else ""
    return f"{{{{ lookup('ansible.builtin.env', {_literal(part.name)}, default={default}){conversion} }}}}"


def _literal(text: str) -> str:
    """A string of Jinja as it is: Ansible takes backslashes literally, so that there are no escapes."""
    quote = '"' if "'" in text else "'"
    return f"{quote}{text}{quote}"
