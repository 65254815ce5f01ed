# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Turns the variables of a host into a parameter file of the package, comments included.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep import vocabulary as names
from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.bicep_writer import write_arm_json, write_bicep
from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.problems import Problems
from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.translator import Translator
from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.tree import (
    Array,
    Comments,
    Entry,
    Environment,
    Group,
    Node,
    Object,
    Scalar,
    Text,
    joined,
    line,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.yaml_reader import Document, read_document

FORMATS = ("bicepparam", "json")

_PREFIXES = ("apim_", "llm_")
_SETTINGS = {place: parameter for parameter, place in reversed(names.SETTINGS.items())}
_SERVICE_PARTS = {variable: part for part, variable in names.SERVICE_VARIABLES.items()}
# What the role takes where the inventory says nothing.
_DEFAULT_SUBSCRIPTION = Text((Environment("AZURE_SUBSCRIPTION_ID"),))


@dataclass(frozen=True)
class Exported:
    """A parameter file and what it could not say."""

    content: str
    warnings: tuple[str, ...]


def export_parameters(
    variables: Mapping[str, Any],
    host: str,
    documents: Iterable[str] = (),
    form: str = "bicepparam",
    template: str = "main.bicep",
) -> Exported:
    """Return the parameter file of the package that says what an inventory says of a host.

    :param variables: the variables of the host, with their values.
    :param host: its name, that of the service unless a variable names it.
    :param documents: the YAML files that the variables come from, those that count most last; their comments are
        carried over, and where they read the environment the parameter file does as well.
    :param form: ``bicepparam`` or ``json``.
    :param template: what ``using`` names.
    :raises ParameterFileError: when the variables have no such shape as the package takes.
    """
    problems = Problems()
    source = _merged([read_document(text) for text in documents])
    writer = _Writer(problems, host)
    for entry in _ordered(variables, source.variables):
        writer.add(entry)
    writer.complete(None if form == "json" else _DEFAULT_SUBSCRIPTION)
    problems.raise_if_any("inventory")
    parameters = list(writer.parameters.values())
    warnings = tuple(str(each) for each in problems.lost)
    if form == "json":
        return Exported(write_arm_json(parameters), warnings)
    end = joined(writer.pending, source.variables.end)
    return Exported(write_bicep(source.head, parameters, (None, *end) if end else (), template), warnings)


def _merged(documents: Sequence[Document]) -> Document:
    """The documents that concern the package as one; of a variable that several define the last definition counts."""
    concerned = [document for document in documents if any(map(document.variables.get, names.VARIABLES))]
    entries: dict[str, Entry] = {}
    for document in concerned:
        first, *more = document.variables.entries
        entries |= {entry.key: entry for entry in (replace(first, before=(None, *first.before)), *more)}
    head = next((document.head for document in reversed(concerned) if document.head), ())
    end = joined(*(document.variables.end for document in concerned))
    return Document(head, Object(tuple(entries.values()), end=end))


def _ordered(variables: Mapping[str, Any], source: Object) -> list[Entry]:
    """The host's variables with the comments of their source: first in its order, then those that it lacks."""
    known = {entry.key: entry for entry in source.entries}
    order = [*(key for key in known if key in variables), *(key for key in names.VARIABLES if key not in known)]
    order += [key for key in sorted(variables) if key not in order and key.startswith(_PREFIXES)]
    return [_annotated(key, variables[key], known.get(key)) for key in order if key in variables]


def _annotated(key: str, value: Any, source: Entry | None) -> Entry:
    """A value as Ansible gives it, with the comments of the entry that it comes from."""
    if source is None:
        return Entry(key, _node(value, None), (None,) if key else ())
    return replace(source, key=key, value=_node(value, source.value))


def _node(value: Any, source: Node | None) -> Node:
    group = source if isinstance(source, Group) else Object(())
    if isinstance(value, Mapping):
        known = {entry.key: entry for entry in group.entries if entry.key}
        entries = tuple(_field(str(key), each, known.get(str(key))) for key, each in value.items())
        return Object(entries, group.opening, group.end)
    if isinstance(value, (list, tuple)):
        items = group.entries if len(group.entries) == len(value) else (None,) * len(value)
        return Array(tuple(map(_field, ("",) * len(value), value, items)), group.opening, group.end)
    if isinstance(source, Text):
        return replace(source, read=_read(value, source.function))
    if value is None or isinstance(value, (bool, int)):
        return Scalar(value)
    return Scalar(value.isoformat()[:10] if isinstance(value, date) else str(value))


def _read(value: Any, function: str) -> str | int:
    """What a template gave; releases of Ansible before 2.19 make text of the integers of templates."""
    if function == "int" and str(value).lstrip("-").isdecimal():
        return int(value)
    return value if isinstance(value, bool) and function == "bool" else str(value)


def _field(key: str, value: Any, source: Entry | None) -> Entry:
    return replace(_annotated(key, value, source), before=source.before if source else ())


def _is_unset(value: Node, path: str) -> bool:
    """Whether a variable or field says nothing: it is null, as empty as its default, or an API that is not deployed."""
    if isinstance(value, Scalar):
        return value.value is None or not (value.value or path in names.FILLED_BY_DEFAULT)
    if isinstance(value, Object) and isinstance(deploy := value.get("deploy"), Scalar):
        return not deploy.value
    return isinstance(value, Group) and not value.entries and path not in names.FILLED_BY_DEFAULT


class _Writer:
    """Collects parameters from variable after variable.

    :ivar parameters: by name, in the order of the variables.
    :ivar pending: comments of what became no parameter; they go to the next one.
    """

    def __init__(self, problems: Problems, host: str) -> None:
        self.parameters: dict[str, Entry] = {}
        self.pending: Comments = ()
        self._problems = problems
        self._host = host
        self._translator = Translator(names.TO_PACKAGE, problems)

    def add(self, entry: Entry) -> None:
        """Take one variable."""
        entry = replace(entry, before=(*self.pending, *entry.before))
        self.pending = ()
        if entry.key in _SERVICE_PARTS:
            self._add_part(names.SERVICE, entry)
        elif entry.key == names.IDENTITY_VARIABLE:
            self._add_group(names.IDENTITY, entry, self._translator.identity(entry))
        elif entry.key == names.BACKENDS_VARIABLE:
            self._add_group(names.BACKENDS, entry, self._translator.backends(entry))
        elif entry.key in names.VARIABLES:
            self._add_settings(entry)
        else:
            self.pending = (*entry.before, *line(entry.after))
            if not _is_unset(entry.value, entry.key):
                self._translator.lose(entry, entry.key, ())

    def _add_group(self, parameter: str, entry: Entry, value: Node) -> None:
        if isinstance(value, Object) and not value.entries:
            self.pending = entry.before
        else:
            self.parameters[parameter] = replace(entry, key=parameter, value=value)

    def _add_part(self, parameter: str, entry: Entry) -> None:
        """Put one of several variables into the object that the parameter is."""
        part = replace(entry, key=_SERVICE_PARTS[entry.key], value=self._translator.scalar(entry, entry.key))
        holder = self.parameters.get(parameter)
        if holder is None:
            self.parameters[parameter] = Entry(parameter, Object((replace(part, before=()),)), entry.before)
        elif isinstance(holder.value, Object):
            before = part.before if any(part.before) else ()
            value = replace(holder.value, entries=(*holder.value.entries, replace(part, before=before)))
            self.parameters[parameter] = replace(holder, value=value)

    def _add_settings(self, entry: Entry) -> None:
        if not isinstance(entry.value, Object):
            self._problems.add(entry.place, f"{entry.key} is no mapping", "write a mapping")
            return
        before = (*entry.before, *line(entry.value.opening))
        for field in entry.value.entries:
            path = f"{entry.key}.{field.key}"
            before = (*before, *field.before)
            parameter = _SETTINGS.get((entry.key, field.key))
            if parameter:
                value = self._translator.scalar(field, path)
                self.parameters[parameter] = replace(field, key=parameter, value=value, before=before)
                before = ()
            elif not _is_unset(field.value, path):
                self._translator.lose(field, path, ())
        self.pending = (*before, *entry.value.end, *line(entry.after))

    def complete(self, subscription: Node | None) -> None:
        """Add what the package wants and the inventory may leave out.

        :param subscription: that of the service, where the inventory names none.
        """
        self._complete_service(subscription)
        identity = self.parameters.get(names.IDENTITY)
        service = self.parameters[names.SERVICE].value
        if identity is None:
            message = f"{names.IDENTITY_VARIABLE} gives no resource_group and name, which {names.IDENTITY} wants"
            self._problems.lose(self.parameters[names.SERVICE].place, message, "add them to the file that is written")
        elif isinstance(identity.value, Object) and isinstance(service, Object):
            found = service.get("subscriptionId")
            if identity.value.get("subscriptionId") is None and found is not None:
                entries = (Entry("subscriptionId", found), *identity.value.entries)
                self.parameters[names.IDENTITY] = replace(identity, value=replace(identity.value, entries=entries))
        if names.BACKENDS not in self.parameters:
            self.parameters[names.BACKENDS] = Entry(names.BACKENDS, Array(()), (None,))

    def _complete_service(self, subscription: Node | None) -> None:
        holder = self.parameters.pop(names.SERVICE, Entry(names.SERVICE, Object(()), (None,)))
        known = holder.value.entries if isinstance(holder.value, Object) else ()
        given = {entry.key for entry in known}
        first = []
        if "subscriptionId" not in given and subscription:
            first = [Entry("subscriptionId", subscription)]
        elif "subscriptionId" not in given:
            self._problems.add(holder.place, "apim_subscription_id is missing", "write the service's subscription")
        if "resourceGroupName" not in given:
            self._problems.add(holder.place, "apim_resource_group is missing", "write the service's resource group")
        name = [] if "name" in given else [Entry("name", Scalar(self._host))]
        value = Object((*first, *known, *name))
        self.parameters = {names.SERVICE: replace(holder, value=value), **self.parameters}
