# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the comments of an inventory's YAML files, and where they read the environment.

Values come from Ansible, which knows precedence and templates; this reader finds what Ansible drops. PRIVATE to the
citadel.ai_gateway collection.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.tree import (
    Array,
    Comments,
    Entry,
    Group,
    Node,
    Object,
    Scalar,
    Text,
    ending,
    joined,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.yaml_scalars import template_parts

_COMMENT = re.compile(r"#([^\n]*)")
_NO_LINE = 1 << 30


@dataclass(frozen=True)
class Document:
    """What a YAML file says beside its values.

    :ivar head: comments above the start of the document.
    :ivar variables: the entries with their comments; a value is :class:`Text` where it reads the environment, and
        otherwise an empty :class:`Scalar`.
    """

    head: Comments = ()
    variables: Object = field(default_factory=lambda: Object(()))


def read_document(text: str) -> Document:
    """Return the comments of a file of variables; a file that is no YAML mapping has none."""
    import yaml  # modules that run elsewhere import this folder without it

    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        tokens = list(yaml.scan(text, Loader=yaml.SafeLoader))
    except yaml.YAMLError:
        return Document()
    if not isinstance(root, yaml.MappingNode) or root.flow_style:
        return Document()
    reader = _Reader(text, _comments_between(text, tokens))
    starts = [token.start_mark.line for token in tokens if isinstance(token, yaml.DocumentStartToken)]
    head = reader.above(starts[0]) if starts else ()
    return Document(joined(head), reader.root(root))


@dataclass(frozen=True)
class _Comment:
    line: int
    column: int
    text: str


def _comments_between(text: str, tokens: list[Any]) -> list[_Comment]:
    """The comments: what stands between two tokens is one, or blank."""
    found = []
    position = 0
    for token in tokens:
        for match in _COMMENT.finditer(text, position, max(position, token.start_mark.index)):
            start = match.start()
            line_start = text.rfind("\n", 0, start) + 1
            found.append(_Comment(text.count("\n", 0, start), start - line_start, match[1].removeprefix(" ").rstrip()))
        position = max(position, token.end_mark.index)
    return found


class _Reader:
    """Gives each comment to the entry that it belongs to. Lines and columns count from 0, as PyYAML counts them."""

    def __init__(self, text: str, comments: list[_Comment]) -> None:
        self._lines = text.split("\n")
        self._begun: set[int] = set()
        own = [comment for comment in comments if not self._lines[comment.line][: comment.column].strip()]
        self._own = deque(own)
        self._behind = {comment.line: comment.text for comment in comments if comment not in own}

    def root(self, node: Any) -> Object:
        """The whole document; comments that nothing claimed stand at its end."""
        entries, end = self._entries(node, _NO_LINE, -1)
        return Object(entries, end=joined(end, self.above(_NO_LINE), tuple(self._behind.values())))

    def above(self, line: int) -> Comments:
        """Take the comments on lines of their own above this one."""
        found: list[str | None] = []
        while self._own and self._own[0].line < line:
            comment = self._own.popleft()
            found += [None] * self._is_spaced(comment.line)
            found.append(comment.text)
        return tuple(found)

    def _is_spaced(self, line: int) -> bool:
        """Whether an empty line precedes this one; told once, to the first that begins on it."""
        fresh = line not in self._begun
        self._begun.add(line)
        return fresh and line > 0 and not self._lines[line - 1].strip()

    def _entries(self, node: Any, limit: int, outer: int) -> tuple[tuple[Entry, ...], Comments]:
        """The entries of a block and the comments at its end.

        :param limit: line of what follows the block.
        :param outer: column of what follows; a comment there belongs to that.
        """
        pairs = [(pair[0], pair[1]) if isinstance(pair, tuple) else (None, pair) for pair in node.value]
        starts = [(key or value).start_mark for key, value in pairs]
        column = node.start_mark.column
        entries = []
        for index, (key, value) in enumerate(pairs):
            line = starts[index].line
            before = (*self.above(line), *((None,) if self._is_spaced(line) else ()))
            below = (starts[index + 1].line, column) if index + 1 < len(pairs) else (limit, outer)
            entries.append(self._entry(key, value, before, *below))
        end: list[str | None] = []
        while self._own and self._own[0].line < limit and self._own[0].column >= column and self._own[0].column > outer:
            end += self.above(self._own[0].line + 1)
        return tuple(entries), tuple(end)

    def _entry(self, key: Any, value: Any, before: Comments, limit: int, outer: int) -> Entry:
        name = str(key.value) if key else ""
        first, last = value.start_mark.line, value.end_mark.line
        if isinstance(value.value, str):
            after = self._behind.pop(last, "") or self._behind.pop(first, "")
            return Entry(name, _scalar(value), before, after)
        if value.flow_style:
            inside = [self._behind.pop(line) for line in range(first, last) if line in self._behind]
            return Entry(name, _flow(value), (*before, *self.above(last), *inside), self._behind.pop(last, ""))
        opening = self._behind.pop(key.start_mark.line, "") if key and key.start_mark.line < first else ""
        entries, end = self._entries(value, limit, outer)
        return Entry(name, _group(entries, opening, ending(end)), before)


def _group(entries: tuple[Entry, ...], opening: str = "", end: Comments = ()) -> Group:
    kind = Object if entries and entries[0].key else Array
    return kind(entries, opening, end)


def _flow(node: Any) -> Node:
    """A collection between brackets; what is in it has no comments of its own."""
    if isinstance(node.value, str):
        return _scalar(node)
    pairs = [(pair[0].value, pair[1]) if isinstance(pair, tuple) else ("", pair) for pair in node.value]
    return _group(tuple(Entry(str(key), _flow(value)) for key, value in pairs))


def _scalar(node: Any) -> Node:
    parts = template_parts(node.value) if node.tag == "tag:yaml.org,2002:str" else None
    return Text(parts) if parts else Scalar(None)
