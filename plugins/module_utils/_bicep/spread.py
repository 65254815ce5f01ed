# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts the entries of what is spread into the array or object around it, as Bicep does.

Of properties with one name the last one counts, at the place of the first. Source: Microsoft's page "Bicep spread
operator". PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.problems import Problems
from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.syntax import Spread, Unreadable
from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.tree import (
    Array,
    Comments,
    Entry,
    Group,
    ending,
    line,
)


def spread_out(group: Group, problems: Problems) -> Group:
    """Return a group with entries of values alone; what cannot be spread is noted in ``problems`` and left out.

    Comments above a spread, behind it and in it stay, but for one behind a property that a later one replaces.
    """
    if not any(isinstance(entry.value, Spread) for entry in group.entries):
        return group
    result: list[Entry] = []
    pending: Comments = ()
    for entry in group.entries:
        found, left = _entries(entry, isinstance(group, Array), problems)
        if found:
            found[0] = replace(found[0], before=(*pending, *found[0].before))
            pending = ()
        result += found
        pending = (*pending, *left)
    entries = tuple(result) if isinstance(group, Array) else _last_of_each(result)
    return replace(group, entries=entries, end=ending(pending, group.end))


def _entries(entry: Entry, is_array: bool, problems: Problems) -> tuple[list[Entry], Comments]:
    """What an entry stands for, and comments that belong to none of that."""
    if not isinstance(entry.value, Spread):
        return [entry], ()
    source = entry.value.value
    before = (*entry.before, *line(entry.after))
    if not isinstance(source, Group) or isinstance(source, Array) != is_array:
        if not isinstance(source, Unreadable):
            kind, brackets = ("an array", "[ ]") if is_array else ("an object", "{ }")
            problems.add(entry.place, f"what is spread here is not {kind}", f"between {brackets} spread {kind}")
        return [], before
    before = (*before, *line(source.opening))
    if not source.entries:
        return [], (*before, *source.end)
    first, *more = source.entries
    return [replace(first, before=(*before, *first.before)), *more], source.end


def _last_of_each(entries: list[Entry]) -> tuple[Entry, ...]:
    found: dict[str, Entry] = {}
    for entry in entries:
        replaced = found.get(entry.key)
        found[entry.key] = replace(entry, before=(*replaced.before, *entry.before)) if replaced else entry
    return tuple(found.values())
