# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a refusal of an inventory must tell: for each problem, a place that the inventory has, and a remedy."""

from __future__ import annotations

import re
from typing import Any

_LINE = re.compile(r"  - (?P<path>(?:[^:'\"]|'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"(?: characters\))?)+): (?P<rest>.+)")
_HEADING = re.compile(r"The inventory has (\d+) problems?; nothing was written:")
_STEP = re.compile(r"\[(\d+)\]|\.([A-Za-z0-9_-]+)|\.(.+)")


def check_refusal(text: str, variables: dict[str, Any]) -> None:
    """Raise AssertionError unless the text of a refusal names, line by line, places and remedies."""
    heading, *lines = text.split("\n")
    counted = _HEADING.fullmatch(heading)
    assert counted, f"the first line counts the problems: {heading!r}"
    assert int(counted[1]) == len(lines) > 0
    for line in lines:
        assert line.isprintable(), f"a problem is one line that can be shown: {line!r}"
        match = _LINE.fullmatch(line)
        assert match, f"a problem begins with its path: {line}"
        _message, separator, remedy = match["rest"].rpartition("; ")
        assert separator, f"a problem ends with its remedy: {line}"
        assert len(remedy) > len("remove it") // 2, f"the remedy says nothing: {line}"
        _check_path(match["path"], variables, line)


def _check_path(path: str, variables: dict[str, Any], line: str) -> None:
    """Walk a path through the inventory; only its last step may name what is not there, such as a missing field."""
    root = re.match(r"[a-z_]+", path)
    assert root, f"a path begins with a variable: {line}"
    value: Any = variables.get(root[0])
    steps, rest = [], path[root.end() :]
    while rest:
        step = _STEP.match(rest)
        assert step, f"a path has names and positions only: {line}"
        steps.append(step)
        rest = rest[step.end() :]
    for position, step in enumerate(steps):
        last = position == len(steps) - 1
        if step[1] is not None:
            assert isinstance(value, list), f"no list at this place: {line}"
            assert int(step[1]) < len(value), f"no such position: {line}"
            value = value[int(step[1])]
        elif not last:
            assert isinstance(value, dict), f"no mapping at this place: {line}"
            value = value.get(step[2])
