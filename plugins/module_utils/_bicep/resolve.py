# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Resolves variables, strings with expressions, spreads, and the functions that can be carried over.

``readEnvironmentVariable`` stays a reference to the environment. Source: Microsoft's pages "Bicep functions for Bicep
parameters files" and "Create parameters files for Bicep deployment". PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep import constructs
from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.constructs import VALUE_REMEDY
from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.functions import (
    FUNCTIONS,
    CannotConvert,
    converted,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.problems import Place, Problems
from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.spread import spread_out
from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.syntax import (
    Access,
    Call,
    ParameterFile,
    Reference,
    Spread,
    Statement,
    Template,
    Unreadable,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.tree import (
    Array,
    Environment,
    Group,
    Node,
    Object,
    Scalar,
    Text,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.yaml_scalars import can_be_template

# Variables in variables multiply; a file with a thousand backends has some ten thousand values.
_DEPTH, _COUNT = 80, 200_000


class Resolver:
    """Makes values of what a parameter file says.

    :param file: whose variables and parameters can be referred to, from any place in it.
    """

    def __init__(self, file: ParameterFile, problems: Problems) -> None:
        self._declared = {statement.name: statement for statement in file.statements if statement.name}
        self._problems = problems
        self._open: list[str] = []
        self._depth = 0
        self._count = 0

    def value(self, node: Node) -> Node:
        """Return a :class:`Scalar`, :class:`Text` or :class:`Group` with nothing else in it.

        What cannot be resolved becomes :class:`Unreadable`, and its reason is noted.
        """
        if self._depth == _DEPTH or self._count == _COUNT:
            remedy = "use fewer variables inside each other"
            return self._refuse(node.place, f"values are more than {_DEPTH} deep, or more than {_COUNT}", remedy)
        self._depth += 1
        self._count += 1
        value = self._resolved(node)
        self._depth -= 1
        return value

    def _resolved(self, node: Node) -> Node:
        if isinstance(node, Group):
            entries = tuple(replace(entry, value=self._spread_or_value(entry.value)) for entry in node.entries)
            return spread_out(replace(node, entries=entries), self._problems)
        if isinstance(node, Reference):
            return self._referred(node)
        if isinstance(node, Access):
            return self._accessed(node)
        if isinstance(node, Template):
            return self._text(node)
        return self._called(node) if isinstance(node, Call) else node

    def _spread_or_value(self, node: Node) -> Node:
        return replace(node, value=self.value(node.value)) if isinstance(node, Spread) else self.value(node)

    def _refuse(self, place: Place, message: str, remedy: str) -> Unreadable:
        self._problems.add(place, message, remedy)
        return Unreadable(place=place)

    def _referred(self, node: Reference) -> Node:
        statement = self._declared.get(node.name)
        if statement is None:
            return self._refuse(
                node.place, f"{node.name} is not declared in this file", f"declare it, or {VALUE_REMEDY}"
            )
        if node.name in self._open:
            return self._refuse(node.place, f"{node.name} refers to itself", VALUE_REMEDY)
        self._open.append(node.name)
        value = self.value(statement.value)
        self._open.pop()
        return replace(value, place=node.place)

    def _accessed(self, node: Access) -> Node:
        base, key = self.value(node.base), self.value(node.key)
        if isinstance(base, Unreadable) or isinstance(key, Unreadable):
            return Unreadable(place=node.place)
        found: Node | None = None
        wanted = key.value if isinstance(key, Scalar) else None
        if isinstance(wanted, str) and isinstance(base, Object):
            found = base.get(wanted)
        elif isinstance(wanted, int) and not isinstance(wanted, bool) and isinstance(base, Array):
            found = base.entries[wanted].value if 0 <= wanted < len(base.entries) else None
        if found is None:
            return self._refuse(node.place, "there is no such property or item", VALUE_REMEDY)
        return found

    def _text(self, node: Template) -> Node:
        parts: list[str | Environment] = []
        for part in node.parts:
            value = Scalar(part) if isinstance(part, str) else self.value(part)
            if isinstance(value, Unreadable):
                return value
            if isinstance(value, Text) and value.function:
                message = f"a string contains what {value.function} makes of an environment variable"
                return self._refuse(value.place, message, f"write readEnvironmentVariable without {value.function}")
            if isinstance(value, Text):
                parts.extend(value.parts)
            elif (
                isinstance(value, Scalar) and isinstance(value.value, (str, int)) and not isinstance(value.value, bool)
            ):
                parts.append(str(value.value))
            else:
                message = "a string contains an expression that is neither a string nor an integer"
                return self._refuse(value.place, message, VALUE_REMEDY)
        return text_of(parts, node.place)

    def _called(self, node: Call) -> Node:
        if node.name == "readEnvironmentVariable":
            return self._environment(node)
        if node.name not in FUNCTIONS:
            return self._refuse(node.place, *constructs.function(node.name))
        if len(node.arguments) != 1:
            return self._refuse(node.place, f"{node.name} has not one argument", "write one")
        return self._converted(node, self.value(node.arguments[0]))

    def _converted(self, node: Call, argument: Node) -> Node:
        if isinstance(argument, Unreadable):
            return argument
        try:
            # What is made of a text counts like what the file has.
            return self.value(converted(node.name, argument, node.place))
        except CannotConvert as error:
            return self._refuse(node.place, str(error), error.remedy)

    def _environment(self, node: Call) -> Node:
        arguments = [self.value(argument) for argument in node.arguments]
        known = [each.value for each in arguments if isinstance(each, Scalar) and isinstance(each.value, str)]
        if len(known) != len(arguments) or len(known) not in (1, 2) or not known[0]:
            remedy = "write the variable's name and, where it has one, its default, both as strings"
            return self._refuse(node.place, "readEnvironmentVariable has other arguments than strings", remedy)
        if not all(map(can_be_template, known)):
            remedy = "write it with one kind of quotes and without a backslash, or leave the default out"
            return self._refuse(node.place, "readEnvironmentVariable has an argument that Ansible cannot write", remedy)
        return Text((Environment(*known),), place=node.place)


def text_of(parts: list[str | Environment], place: Place) -> Scalar | Text:
    """Return the string that these pieces make, with neighbouring literals joined."""
    merged: list[str | Environment] = []
    for part in parts:
        if isinstance(part, str) and merged and isinstance(merged[-1], str):
            merged[-1] += part
        elif part != "":
            merged.append(part)
    if all(isinstance(part, str) for part in merged):
        return Scalar("".join(str(part) for part in merged), place=place)
    return Text(tuple(merged), place=place)


def resolved(file: ParameterFile, problems: Problems) -> list[Statement]:
    """Return the statements of a file with values instead of expressions; a variable may stand behind its use."""
    resolver = Resolver(file, problems)
    return [
        statement if statement.keyword == "using" else replace(statement, value=resolver.value(statement.value))
        for statement in file.statements
    ]
