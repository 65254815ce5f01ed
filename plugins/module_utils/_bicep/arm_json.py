# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads ARM JSON parameter files, with the reader of Bicep values: it knows JSON's strings, and comments.

Source: Microsoft's page "Create a parameters file for ARM template deployment". PRIVATE to the citadel.ai_gateway
collection.
"""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.constructs import VAULT_REMEDY
from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.problems import Problems
from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.resolve import Resolver
from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.syntax import (
    ParameterFile,
    Statement,
    Unreadable,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.tree import (
    Entry,
    Node,
    Object,
    joined,
    own_comments,
)

_VALUE_REMEDY = 'write {"value": ...}'


def read_arm_json(value: Node, problems: Problems) -> ParameterFile:
    """Return the parameters of an ARM JSON parameter file; references to secrets are noted in ``problems``.

    :param value: the document as the reader of Bicep values reads it.
    """
    document = Resolver(ParameterFile((), ()), problems).value(value)
    parameters = document.get("parameters") if isinstance(document, Object) else None
    if not isinstance(document, Object) or not isinstance(parameters, Object):
        problems.add(document.place, "there is no object parameters", "give a parameter file of ARM or Bicep")
        return ParameterFile((), ())
    head = [comment for entry in document.entries for comment in (*entry.before, entry.after) if comment]
    found = [_statement(entry, problems) for entry in parameters.entries]
    if found:
        found[0] = replace(found[0], before=joined(tuple(head), found[0].before))
    return ParameterFile(tuple(found), joined(own_comments(parameters), own_comments(document)))


def _statement(entry: Entry, problems: Problems) -> Statement:
    holder = entry.value
    value = next((each for each in holder.entries if each.key == "value"), None) if isinstance(holder, Object) else None
    before, after = entry.before, entry.after
    if isinstance(holder, Object):
        before = joined(before, own_comments(holder), *(each.before for each in holder.entries))
        after = after or (value.after if value else "")
        if holder.get("reference"):
            problems.add(entry.place, f"{entry.key} refers to a secret of Key Vault", VAULT_REMEDY)
        elif value is None:
            problems.add(entry.place, f"{entry.key} has no value", _VALUE_REMEDY)
    elif not isinstance(holder, Unreadable):
        problems.add(entry.place, f"{entry.key} is no object", _VALUE_REMEDY)
    node = value.value if value else Unreadable(place=entry.place)
    return Statement("param", entry.key, node, before, after, place=entry.place)
