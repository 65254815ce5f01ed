# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Turns a parameter file of the package into the variables of a host, comments included.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep import vocabulary as names
from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.arm_json import read_arm_json
from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.parser import (
    parse_document,
    parse_parameter_file,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.problems import Place, Problems
from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.resolve import resolved
from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.snippet import is_snippet, read_snippet
from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.syntax import (
    ParameterFile,
    Statement,
    Unreadable,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.translator import Translator
from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.tree import (
    Comments,
    Entry,
    Object,
    Scalar,
    joined,
    line,
)

# A file that is one value. Atomic, or a brace inside a comment could be taken for the first one.
_VALUE_START = re.compile(r"\ufeff?(?>\s++|//[^\n]*+|/\*(?s:.*?)\*/)*+[\[{]")
# What becomes the name of a file must not lead out of its folder.
_HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}")
_START = Place(1, 1)
_NAME_REMEDY = "name the host (bicep_host, or host of the filter)"
_SERVICE_PARAMETER = f"param {names.SERVICE} = {{ name: '...', resourceGroupName: '...' }}"


@dataclass(frozen=True)
class Imported:
    """What a parameter file holds.

    :ivar host: name of the host, that of the API Management service unless another one was wanted.
    :ivar head: comments above ``using``.
    :ivar variables: the variables of the host.
    :ivar warnings: what was left out, with place and remedy.
    """

    host: str
    head: Comments
    variables: Object
    warnings: tuple[str, ...]


def import_parameters(text: str, host: str = "") -> Imported:
    """Return the inventory that a parameter file describes.

    :param text: a ``.bicepparam`` file, an ARM JSON parameter file, or backends alone, as ``[ ... ]`` or ``{ ... }``;
        which one, its first character and first names tell.
    :param host: name of the host, where it shall not be the service's or the file does not name the service.
    :raises ParameterFileError: with everything that cannot be carried over, each with line, column and remedy.
    """
    problems = Problems()
    file, around = _file(text, problems)
    statements = resolved(file, problems)
    reader = _Reader(problems)
    for statement in statements:
        reader.read(statement)
    if not reader.variables:
        remedy = f"give a parameter file of the package, with {names.SERVICE} and {names.BACKENDS}"
        problems.add(_START, "there is no parameter of the package", remedy)
    host = host or _host(reader.variables, around, problems)
    if host and not _HOST.fullmatch(host):
        problems.add(_START, "the name of the host has other characters than letters, digits, _ and -", "give another")
    problems.raise_if_any()
    end = joined(reader.pending, file.end)
    variables = Object(tuple(reader.variables.values()), end=end)
    return Imported(host, joined(reader.head), variables, tuple(str(each) for each in problems.lost))


def _file(text: str, problems: Problems) -> tuple[ParameterFile, str]:
    """The statements of a file, and what to write where that names the service."""
    if not _VALUE_START.match(text):
        return parse_parameter_file(text, problems), f"add {_SERVICE_PARAMETER}"
    document = parse_document(text, problems)
    if not is_snippet(document.value):
        return read_arm_json(document.value, problems), "add it"
    backends = f"param {names.BACKENDS} = [ ... ]"
    around = f"write {_SERVICE_PARAMETER} on a line above the backends, and them as {backends}"
    return read_snippet(document), around


def _host(variables: Mapping[str, Entry], remedy: str, problems: Problems) -> str:
    entry = variables.get(names.SERVICE_NAME)
    if entry is None:
        message = f"there is no {names.SERVICE}.name, so the host has no name"
        problems.add(_START, message, f"{_NAME_REMEDY}, or {remedy}")
    elif isinstance(entry.value, Scalar) and isinstance(entry.value.value, str):
        return entry.value.value
    elif not isinstance(entry.value, Unreadable):
        problems.add(entry.place, "the host cannot be named after this", "write the name itself, or name the host")
    return ""


class _Reader:
    """Collects the variables of a host from statement after statement.

    :ivar head: comments above ``using``.
    :ivar pending: comments of what is no variable; they go to the next one.
    :ivar variables: by name, in the order of the file.
    """

    def __init__(self, problems: Problems) -> None:
        self.head: Comments = ()
        self.pending: Comments = ()
        self.variables: dict[str, Entry] = {}
        self._problems = problems
        self._translator = Translator(names.TO_INVENTORY, problems)
        self._seen: set[str] = set()

    def read(self, statement: Statement) -> None:
        """Take one statement."""
        before, self.pending = (*self.pending, *statement.before), ()
        if statement.keyword == "using":
            self.head = before
            self.pending = line(statement.after)
        elif statement.keyword != "param" or isinstance(statement.value, Unreadable):
            self.pending = (*before, *line(statement.after))
        elif statement.name in self._seen:
            self._problems.add(statement.place, f"{statement.name} is given twice", "remove one of them")
        else:
            self._seen.add(statement.name)
            self._parameter(Entry(statement.name, statement.value, before, statement.after, place=statement.place))

    def _parameter(self, entry: Entry) -> None:
        if entry.key == names.SERVICE:
            self._service(entry)
        elif entry.key == names.IDENTITY:
            self._add(replace(entry, key=names.IDENTITY_VARIABLE, value=self._translator.identity(entry)))
        elif entry.key == names.BACKENDS:
            self._add(replace(entry, key=names.BACKENDS_VARIABLE, value=self._translator.backends(entry)))
        elif entry.key in names.SETTINGS:
            self._setting(entry)
        else:
            self.pending = (*entry.before, *line(entry.after))
            self._translator.lose(entry, entry.key, names.PARAMETERS)

    def _add(self, variable: Entry) -> None:
        self.variables[variable.key] = variable

    def _service(self, entry: Entry) -> None:
        value = self._translator.service(entry)
        if not isinstance(value, Object):
            return
        before = (*entry.before, *line(value.opening))
        for variable in value.entries:
            self._add(replace(variable, before=(*before, *variable.before)))
            before = ()
        self.pending = (*before, *value.end, *line(entry.after))

    def _setting(self, entry: Entry) -> None:
        variable, name = names.SETTINGS[entry.key]
        field = replace(entry, key=name, value=self._translator.scalar(entry, entry.key))
        holder = self.variables.get(variable)
        group = holder.value if holder else None
        if holder is None or not isinstance(group, Object):
            content = Object((replace(field, before=()),), place=entry.place)
            self._add(Entry(variable, content, entry.before, place=entry.place))
        elif group.get(name):
            self._problems.add(entry.place, f"{entry.key} sets what another parameter sets", "remove one of them")
        else:
            self._add(replace(holder, value=replace(group, entries=(*group.entries, field))))
