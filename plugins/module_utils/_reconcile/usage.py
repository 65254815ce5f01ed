# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds what must stay because objects use it that a run leaves alone.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._changes import DELETED, Change, Goal

NAMED_VALUES = "namedValues"


def keep_used_elsewhere(
    removals: Sequence[Change],
    goals: Sequence[Goal],
    existing: Mapping[str, Mapping[str, Any]],
    changes: Sequence[Change],
) -> None:
    """Let named values stay, and note why, to which a backend refers that no change is about: ARM keeps those.

    They keep the mark of their owner, whose next run after the backend lets go of them removes them. What owners share
    loses its part of the owner, as far as ARM says that others use it.

    :param removals: what would go, named values among it.
    :param existing: the listings of collections; only objects in them are known to use something.
    :param changes: all else that a run would do.
    """
    named_values = [
        removal
        for removal in removals
        if removal.resource.collection == NAMED_VALUES and not removal.is_shared and removal.decide() == DELETED
    ]
    users = _users(goals, existing, [*changes, *removals]) if named_values else {}
    for removal in named_values:
        name = (removal.before or {}).get("display_name", "")
        if name in users:
            using = ", ".join(users[name])
            removal.kept = (
                f"The named value {name!r} stays for as long as {using} refers to it; a run after that removes it"
            )
            removal.left = removal.before


def _users(
    goals: Sequence[Goal], existing: Mapping[str, Mapping[str, Any]], changes: Sequence[Change]
) -> dict[str, list[str]]:
    """Return display name of a named value -> the objects that refer to it and that no change is about."""
    concerned = {(change.resource.collection, change.name.lower()) for change in changes}
    users: dict[str, list[str]] = {}
    for resource in (goal.resource for goal in goals):
        for key, entity in existing.get(resource.collection, {}).items():
            if (resource.collection, key) in concerned or not resource.is_same_kind(entity["properties"]):
                continue
            state = resource.current(entity["properties"])
            owner = "".join(f" of owner {name}" for name in resource.owners(state))
            for name in resource.references(state):
                users.setdefault(name, []).append(f"{resource.kind} {entity['name']}{owner}")
    return users
