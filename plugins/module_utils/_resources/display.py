# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""States as text for Ansible's diff mode, one field a line.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def as_text(state: Mapping[str, Any] | None) -> str:
    """Return a state as lines in the manner of YAML; nothing for an object that does not exist.

    :param state: mapping of strings, numbers, booleans, lists and mappings.
    """
    return "".join(f"{line}\n" for line in _lines(state, "")) if state else ""


def _lines(state: Mapping[str, Any], indent: str) -> list[str]:
    lines: list[str] = []
    for name, value in state.items():
        if isinstance(value, Mapping) and value:
            lines += [f"{indent}{name}:", *_lines(value, indent + "  ")]
        elif isinstance(value, str) and "\n" in value:
            lines += [f"{indent}{name}: |", *(f"{indent}  {line}" for line in value.rstrip("\n").split("\n"))]
        elif isinstance(value, list) and value:
            lines += [f"{indent}{name}:", *(f"{indent}  - {_item(item)}" for item in value)]
        else:
            lines.append(f"{indent}{name}: {_item(value)}")
    return lines


def _item(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {_item(item)}" for name, item in value.items()) or "{}"
    return value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)
