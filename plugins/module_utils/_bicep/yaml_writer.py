# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes variables of an inventory as YAML that a person would write.

Blocks throughout, short models as flow mappings, comments where they were, no line over the length that the linters of
Ansible content allow. PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import replace

from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.tree import (
    Array,
    Comments,
    Entry,
    Group,
    Node,
    Object,
    Scalar,
    Text,
    collapsed,
    ending,
    has_inner_comments,
    line,
    own_comments,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.yaml_scalars import scalar_text

_WIDTH = 140
_INDENT = 2
# A double-quoted text may be broken anywhere but inside an escape.
_BREAKABLE = re.compile(r"\\x..|\\u.{4}|\\U.{8}|\\.|.", re.DOTALL)


def write_variables(head: Comments, variables: Object) -> str:
    """Return the file of a host's variables.

    :param head: comments above the start of the document.
    """
    body = list(_block(variables, 0))
    if body[0] == "":
        del body[0]
    end = list(_comments(variables.end, 0))
    lines = [*_comments(head, 0), "---", *body, *([""] if end else []), *end]
    return "\n".join(lines) + "\n"


def write_host(host: str) -> str:
    """Return the inventory file that puts a host into the group ``apim``."""
    return f"---\napim:\n  hosts:\n    {host}:\n"


def _block(group: Group, indent: int) -> Iterator[str]:
    """The lines of the entries of a group, without those comments that belong to none of them."""
    for entry in group.entries:
        yield from _entry(entry, indent)


def _entry(entry: Entry, indent: int) -> Iterator[str]:
    value = entry.value
    label = " " * indent + (f"{entry.key}:" if entry.key else "-")
    if isinstance(value, Group):
        yield from _group_entry(entry, value, indent, label)
        return
    lines = _scalar_lines(value, len(label) + 1, indent + _INDENT)
    lines[0] = f"{label} {lines[0]}"
    yield from _with_comments(entry, lines, indent)


def _group_entry(entry: Entry, group: Group, indent: int, label: str) -> Iterator[str]:
    flow = _flow(group, len(label) + 1, is_item=not entry.key)
    if flow:
        flow[0] = f"{label} {flow[0]}"
        yield from _with_comments(replace(entry, before=(*entry.before, *own_comments(group))), flow, indent)
        return
    inner = indent + _INDENT
    end = ending(group.end, line(entry.after))
    if entry.key:
        yield from _with_comments(replace(entry, after=group.opening), [label], indent)
        yield from _block(group, inner)
    else:
        # What stands above the first field cannot stand between the dash and the field.
        yield from _comments((*entry.before, *line(group.opening)), indent)
        lines = list(_block(group, inner))
        while lines[0].lstrip()[:1] in ("", "#"):
            yield lines.pop(0).replace(" " * _INDENT, "", 1)
        yield label + lines[0].replace(" " * inner, " ", 1)
        yield from lines[1:]
    yield from _comments(end, inner)


def _flow(group: Group, column: int, *, is_item: bool) -> list[str]:
    """The lines of a group between brackets, the first one without its indentation; none where a block is better."""
    if not group.entries:
        return ["[]" if isinstance(group, Array) else "{}"]
    if (isinstance(group, Object) and not is_item) or has_inner_comments(group):
        return []
    pieces = []
    for entry in group.entries:
        if not isinstance(entry.value, (Scalar, Text)):
            return []
        pieces.append(f"{entry.key}: {scalar_text(entry.value)}" if entry.key else scalar_text(entry.value))
    opening, closing = "[]" if isinstance(group, Array) else "{}"
    lines = [opening]
    for index, piece in enumerate(pieces):
        separator = closing if index == len(pieces) - 1 else ","
        start = " " if lines[-1] != opening else ""
        if column + len(lines[-1]) + len(start + piece + separator) > _WIDTH:
            if isinstance(group, Array) or column + 1 + len(piece + separator) > _WIDTH:
                return []
            lines.append(" " * (column + 1))
            start = ""
        lines[-1] += start + piece + separator
    return lines


def _scalar_lines(value: Node, column: int, indent: int) -> list[str]:
    """A scalar on one line, or, when it is too long, between quotes on several."""
    if not isinstance(value, (Scalar, Text)):
        raise TypeError(f"{type(value).__name__} is no scalar")
    text = scalar_text(value)
    if column + len(text) <= _WIDTH:
        return [text]
    unsafe = "!unsafe " if text.startswith("!unsafe ") else ""
    quoted = text.removeprefix(unsafe)
    content = quoted[1:-1] if quoted.startswith('"') else quoted
    lines = [f'{unsafe}"\\']
    current = " " * indent
    for piece in _BREAKABLE.findall(content):
        if len(current) + len(piece) + 2 > _WIDTH:
            lines.append(current + "\\")
            current = " " * indent
        # A blank at the start of a line would be taken as indentation.
        current += "\\ " if piece == " " and not current.strip() else piece
    return [*lines, f'{current}"']


def _with_comments(entry: Entry, lines: list[str], indent: int) -> Iterator[str]:
    """The lines of an entry with its comments; one that does not fit behind it goes above it."""
    after = _clean(entry.after)
    fits = len(lines[-1]) + len(after) + 3 <= _WIDTH and (len(lines) == 1 or not lines[0].endswith("\\"))
    yield from _comments((*entry.before, *((after,) if after and not fits else ())), indent)
    yield from lines[:-1]
    yield f"{lines[-1]} # {after}" if after and fits else lines[-1]


def _comments(comments: Comments, indent: int) -> Iterator[str]:
    for comment in collapsed(comments):
        if comment is None:
            yield ""
            continue
        pad = " " * indent + "#"
        text = _clean(comment)
        wrapped = [text] if len(text) <= _WIDTH - len(pad) - 1 else _wrapped(text, _WIDTH - len(pad) - 1)
        yield from (f"{pad} {part}".rstrip() for part in wrapped)


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)


def _clean(comment: str) -> str:
    """A comment with nothing in it that YAML does not allow."""
    return "".join(character if character.isprintable() else " " for character in comment).rstrip()
