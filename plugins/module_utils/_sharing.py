# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run does to other owners on the same service without writing their objects: worth a warning, no error.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ansible_collections.citadel.ai_gateway.plugins.module_utils._changes import DELETED, Change, Goal
from ansible_collections.citadel.ai_gateway.plugins.module_utils._conflicts import Listings
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.api import Api
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.policy_fragment import PolicyFragment

# Names beyond these hide the others; who has so many shares a whole inventory.
_NAMES_SHOWN = 10


def sharing_warnings(changes: Sequence[Change], owner: str | None) -> list[str]:
    """Return what owners should know of each other.

    :param changes: all changes of a run, planned and not yet made.
    :param owner: on whose behalf; without one nothing is known of owners.
    """
    return [*_contested(changes, owner), *_served_by_leaving_apis(changes, owner)] if owner else []


def absence_warnings(goals: Sequence[Goal], existing: Listings, owner: str | None) -> list[str]:
    """Warn that there is nothing to remove of an owner, whose name may be misspelt, where others have objects."""
    owners = {
        name
        for goal in goals
        for entity in existing.get(goal.resource.collection, {}).values()
        if goal.resource.is_same_kind(entity["properties"])
        for name in goal.resource.owners(goal.resource.current(entity["properties"]))
    }
    if not owner or not owners or owner in owners or not all(goal.prune and not goal.items for goal in goals):
        return []
    return [f"nothing on the service belongs to owner {owner}; its owners are {_names(sorted(owners))}"]


def _contested(changes: Iterable[Change], owner: str) -> Iterator[str]:
    """Warn of what several owners lay claim to, the one of this run among them."""
    for change in changes:
        models_of: dict[tuple[str, ...], list[str]] = {}
        for model, owners in change.resource.contested(change.after or {}).items():
            if owner in owners:
                models_of.setdefault(tuple(owners), []).append(model)
        for rivals, models in models_of.items():
            yield (
                f"several inventories serve {_names(sorted(models))}: those of {', '.join(rivals)}. Requests go to the "
                f"routes of {rivals[0]}, whose name sorts first, unless a product's allowedBackendPools names others"
            )


def _served_by_leaving_apis(changes: Sequence[Change], owner: str) -> Iterator[str]:
    """Warn of APIs that go although other owners route models: an API serves those of all owners."""
    leaving = [change.title for change in changes if isinstance(change.resource, Api) and change.decide() == DELETED]
    fragments = [change for change in changes if isinstance(change.resource, PolicyFragment)]
    others = {name for each in fragments for name in each.resource.owners(each.after or {})} - {owner}
    if leaving and others:
        yield (
            f"clients that call {_names(leaving)} for the models of {_names(sorted(others))} lose access: an API "
            "serves the models of all owners, and goes with the one that deployed it. Let one that stays deploy it"
        )


def _names(names: Sequence[str]) -> str:
    more = len(names) - _NAMES_SHOWN
    shown = ", ".join(names[:_NAMES_SHOWN])
    return f"{shown} and {more} more" if more > 0 else shown
