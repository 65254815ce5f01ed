# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Translates the objects of a parameter file into those of an inventory, and back.

Both sides have the same shape and differ in names, so one translation serves both directions. PRIVATE to the
citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from difflib import get_close_matches

from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.problems import Problems
from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.syntax import Unreadable
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
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.vocabulary import Direction


class Translator:
    """Translates values in one direction.

    What the other side has no name for is left out and noted as lost, what has the wrong shape as a problem; both with
    the place of the value and its path.
    """

    def __init__(self, direction: Direction, problems: Problems) -> None:
        self._direction = direction
        self._problems = problems

    def service(self, node: Entry) -> Node:
        """The coordinates of the API Management service."""
        return self._object(node, self._direction.service, node.key)

    def identity(self, node: Entry) -> Node:
        """The coordinates of the managed identity."""
        return self._object(node, self._direction.identity, node.key)

    def backends(self, node: Entry) -> Node:
        """The backends with their models."""
        return self._array(node, node.key, self._direction.backend)

    def scalar(self, node: Entry, path: str) -> Node:
        """A single value, with numbers for integers and strings for everything that is text."""
        value = node.value
        if isinstance(value, Group):
            self._problems.add(value.place, f"{path} is no single value", "write a string, a number or a boolean")
            return Unreadable(place=value.place)
        if not isinstance(value, Scalar) or isinstance(value.value, bool):
            return value
        if node.key not in self._direction.integers and isinstance(value.value, int):
            return replace(value, value=str(value.value))
        if node.key in self._direction.integers and isinstance(value.value, str) and value.value.isdecimal():
            return replace(value, value=int(value.value))
        return value

    def lose(self, node: Node, path: str, known: Iterable[str]) -> None:
        """Note that something is left out because the other side does not know it."""
        near = get_close_matches(path.rpartition(".")[2], list(known), n=1, cutoff=0.75)
        remedy = f"write {near[0]}, if that is meant" if near else self._direction.lost_remedy
        self._problems.lose(node.place, f"{path} {self._direction.lost}", remedy)

    def _object(self, node: Entry, fields: Mapping[str, str], path: str) -> Node:
        value = node.value
        if not isinstance(value, Object):
            return self._refuse(node, f"{path} is no object", f"write an object with {', '.join(fields)}")
        kept: list[Entry] = []
        orphans: Comments = ()
        for entry in value.entries:
            orphans = (*orphans, *entry.before)
            at = f"{path}.{entry.key}"
            if entry.key in fields:
                kept.append(replace(entry, key=fields[entry.key], value=self._field(entry, at), before=orphans))
                orphans = ()
            else:
                self.lose(entry, at, fields)
        return replace(value, entries=tuple(kept), end=ending(orphans, value.end))

    def _field(self, entry: Entry, path: str) -> Node:
        if entry.key == self._direction.models:
            return self._array(entry, path, self._direction.model)
        if entry.key == self._direction.auth_scheme:
            return self._auth_scheme(entry, path)
        return self.scalar(entry, path)

    def _array(self, node: Entry, path: str, fields: Mapping[str, str]) -> Node:
        value = node.value
        if not isinstance(value, Array):
            return self._refuse(node, f"{path} is no array", "write a list of objects")
        items = []
        for index, entry in enumerate(value.entries):
            at = f"{path}[{index}]"
            # A model may be given by its name alone.
            is_name = fields is self._direction.model and isinstance(entry.value, (Scalar, Text))
            content = self.scalar(entry, at) if is_name else self._object(entry, fields, at)
            items.append(replace(entry, value=content))
        return replace(value, entries=tuple(items))

    def _auth_scheme(self, entry: Entry, path: str) -> Node:
        value, schemes = entry.value, self._direction.auth_schemes
        if isinstance(value, Scalar) and value.value in schemes:
            return replace(value, value=schemes[str(value.value)])
        return self._refuse(entry, f"{path} is none of the known schemes", f"write {', '.join(schemes)}")

    def _refuse(self, node: Entry, message: str, remedy: str) -> Unreadable:
        """Note a problem; what could not be read was noted before."""
        if not isinstance(node.value, Unreadable):
            self._problems.add(node.place, message, remedy)
        return Unreadable(place=node.place)
