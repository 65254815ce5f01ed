# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads backends that stand alone, without the parameter whose value they are: the onboarding guide shows them so.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep import vocabulary as names
from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.syntax import (
    Document,
    ParameterFile,
    Spread,
    Statement,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.tree import Array, Entry, Node, Object


def is_snippet(value: Node) -> bool:
    """Whether a value that is a whole file is an array of backends, or one backend."""
    if isinstance(value, Array):
        return True
    if not isinstance(value, Object) or value.get("parameters"):
        return False
    return any(entry.key in names.BACKEND_FIELDS or isinstance(entry.value, Spread) for entry in value.entries)


def read_snippet(document: Document) -> ParameterFile:
    """Return the file that has the array, or an array of the one backend, as its backends."""
    value, before = document.value, document.before
    if not isinstance(value, Array):
        value = Array((Entry("", value, before, document.after, place=value.place),), place=value.place)
        return ParameterFile((Statement("param", names.BACKENDS, value, place=value.place),), document.end)
    return ParameterFile(
        (Statement("param", names.BACKENDS, value, before, document.after, place=value.place),), document.end
    )
