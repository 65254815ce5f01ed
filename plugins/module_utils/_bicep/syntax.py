# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a parameter file says before its variables are resolved.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.tree import Comments, Node


@dataclass(frozen=True)
class Reference(Node):
    """The name of a variable or parameter."""

    name: str


@dataclass(frozen=True)
class Access(Node):
    """A property or an item of a value: ``base.key`` or ``base[key]``."""

    base: Node
    key: Node


@dataclass(frozen=True)
class Call(Node):
    """A call of a function; ``name`` is without its namespace."""

    name: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True)
class Template(Node):
    """A string with expressions in it."""

    parts: tuple[str | Node, ...]


@dataclass(frozen=True)
class Spread(Node):
    """The entries of a value as those of the array or object around it: ``...value``."""

    value: Node


@dataclass(frozen=True)
class Unreadable(Node):
    """Something that cannot be carried over, and that was noted as a problem."""


@dataclass(frozen=True)
class Statement(Node):
    """A statement of a parameter file.

    :ivar keyword: ``using``, ``var`` or ``param``.
    :ivar name: what it declares; empty for ``using``.
    """

    keyword: str
    name: str
    value: Node
    before: Comments = ()
    after: str = ""


@dataclass(frozen=True)
class ParameterFile:
    """The statements of a file and the comments behind the last one."""

    statements: tuple[Statement, ...]
    end: Comments


@dataclass(frozen=True)
class Document:
    """One value that is a whole file, with the comments around it.

    :ivar before: on the lines above it.
    :ivar after: behind it on its line.
    :ivar end: on the lines below it.
    """

    value: Node
    before: Comments
    after: str
    end: Comments
