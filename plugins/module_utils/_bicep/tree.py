# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The values of a parameter file with their comments: what Bicep and YAML are read into and written from.

Values are never changed after they were built: variables that are used twice share theirs. PRIVATE to the
citadel.ai_gateway collection.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.problems import Place

# Texts of whole-line comments without their marker; None is an empty line between them.
Comments: TypeAlias = tuple[str | None, ...]


@dataclass(frozen=True)
class Node:
    """Anything that can stand where a value stands; its place does not count when two are compared."""

    place: Place = field(default=Place(), compare=False, kw_only=True)


@dataclass(frozen=True)
class Environment:
    """The value of an environment variable; without a default it has to be set.

    :ivar function: the function of Bicep that converts it: ``bool``, ``int``, ``toLower``, ``toUpper`` or none.
    """

    name: str
    default: str | None = None
    function: str = ""


@dataclass(frozen=True)
class Scalar(Node):
    """A string, an integer, a boolean or null."""

    value: str | int | bool | None


@dataclass(frozen=True)
class Text(Node):
    """A string of which at least one part is read from the environment.

    What ``bool`` or ``int`` converts is its only part; then it is no string but a boolean or an integer.

    :ivar read: what it was when it was read, None when it was not.
    """

    parts: tuple[str | Environment, ...]
    read: str | int | None = field(default=None, compare=False)

    @property
    def function(self) -> str:
        """``bool`` or ``int`` where one of them converts it, otherwise empty."""
        functions = (part.function for part in self.parts if isinstance(part, Environment))
        return next((function for function in functions if function in ("bool", "int")), "")


@dataclass(frozen=True)
class Entry(Node):
    """One item of an array, property of an object, or parameter of a file.

    :ivar key: name of the property or parameter, empty for an item.
    :ivar before: comments on the lines above it.
    :ivar after: comment behind it on its line.
    """

    key: str
    value: Node
    before: Comments = ()
    after: str = ""


@dataclass(frozen=True)
class Group(Node):
    """Entries between brackets.

    :ivar opening: comment behind the opening bracket on its line.
    :ivar end: comments on the lines above the closing bracket.
    """

    entries: tuple[Entry, ...]
    opening: str = ""
    end: Comments = ()

    def get(self, key: str) -> Node | None:
        """The value of the property ``key``, None when there is none."""
        return next((entry.value for entry in self.entries if entry.key == key), None)


@dataclass(frozen=True)
class Array(Group):
    """A list of values."""


@dataclass(frozen=True)
class Object(Group):
    """Properties by name."""


def texts(comments: Comments) -> list[str]:
    """The comments without the empty lines between them."""
    return [comment for comment in comments if comment is not None]


def own_comments(group: Group) -> Comments:
    """The comments between the brackets of a group that belong to none of its entries."""
    return (*line(group.opening), *group.end)


def has_inner_comments(group: Group) -> bool:
    """Whether a group could not be written on one line without losing a comment."""
    return bool(own_comments(group)) or any(
        texts(entry.before) or entry.after or (isinstance(entry.value, Group) and has_inner_comments(entry.value))
        for entry in group.entries
    )


def collapsed(comments: Comments) -> Comments:
    """The comments with never two empty lines in a row."""
    follows_empty = (False, *(comment is None for comment in comments))
    return tuple(
        comment for comment, again in zip(comments, follows_empty, strict=False) if comment is not None or not again
    )


def ending(*comments: Comments) -> Comments:
    """Comments at the end of a group, one after the other, with no empty line behind them."""
    result = list(collapsed(tuple(each for part in comments for each in part)))
    while result and result[-1] is None:
        del result[-1]
    return tuple(result)


def joined(*comments: Comments) -> Comments:
    """Comments one after the other, with no empty line at the start or the end."""
    result = ending(*comments)
    return result[1:] if result[:1] == (None,) else result


def line(comment: str) -> Comments:
    """A comment behind something as one above what follows."""
    return (comment,) if comment else ()
