# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans what must be written to reach the goals: all of it before the first write. Reads, and writes nothing.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._changes import Change, Goal, GoalError
from ansible_collections.citadel.ai_gateway.plugins.module_utils._conflicts import conflicts
from ansible_collections.citadel.ai_gateway.plugins.module_utils._reconcile.order import with_late_changes
from ansible_collections.citadel.ai_gateway.plugins.module_utils._reconcile.service import Service
from ansible_collections.citadel.ai_gateway.plugins.module_utils._reconcile.usage import (
    NAMED_VALUES,
    keep_used_elsewhere,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.limits import Limits
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.ownership import Ownership
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.resource import (
    InvalidOptionsError,
    Resource,
    State,
)


class Planner:
    """Plans for one owner.

    :param ownership: on whose behalf.
    :param limits: those of the service's tier.
    :param problems: what is wrong besides what the planner itself finds.
    """

    def __init__(self, service: Service, ownership: Ownership, limits: Limits, problems: Sequence[str]) -> None:
        self._service = service
        self._ownership = ownership
        self._limits = limits
        self._problems = problems

    def stages(self, goals: Sequence[Goal], existing: Mapping[str, Mapping[str, Any]]) -> list[list[Change]]:
        """Return the stages: wanted objects in the order of the goals, then removals in the reverse order.

        What must wait for the policies comes between the two, see :mod:`.order`.

        :param existing: the listings of all collections that the goals are about.
        :raises GoalError: when the goals cannot be reached; it names every problem.
        :raises ArmError: when the service cannot be read.
        """
        problems = list(self._problems)
        present: list[list[Change]] = []
        removals: list[list[Change]] = []
        for goal in goals:
            known = existing.get(goal.resource.collection, {})
            changes = self._changes(goal, known, problems)
            if goal.prune_first:
                present.append(self._unlisted(goal, known))
            (removals if goal.absent else present).append(changes)
            if goal.prune:
                removals.append(self._unlisted(goal, known))
        first = [change for stage in present for change in stage]
        problems += self._dangling([change for change in first if change.wanted], existing)
        problems += conflicts(first, existing)
        new = [change for change in first if change.resource.collection == NAMED_VALUES and not change.before]
        problems += self._limits.too_many_named_values(len(existing.get(NAMED_VALUES, {})), len(new))
        if problems:
            raise GoalError(problems)
        self._fetch_hidden(first)
        keep_used_elsewhere([change for stage in removals for change in stage], goals, existing, first)
        needed = {name for change in first for name in change.resource.references(change.after or {})}
        stages = with_late_changes(present)
        return [*stages, *([each for each in stage if not _is_named(each, needed)] for stage in reversed(removals))]

    def told(
        self, goals: Sequence[Goal], existing: Mapping[str, Mapping[str, Any]], changes: Sequence[Change]
    ) -> list[Change]:
        """Return what pruning would remove of the goals that only tell of it, as far as the run has listed it."""
        needed = {name for change in changes for name in change.resource.references(change.after or {})}
        known = [(goal, existing.get(goal.resource.collection, {})) for goal in goals if goal.tell]
        unlisted = [change for goal, there in known for change in self._unlisted(goal, there)]
        keep_used_elsewhere(unlisted, goals, existing, changes)
        return [each for each in unlisted if not each.kept and not _is_named(each, needed)]

    def _changes(self, goal: Goal, known: Mapping[str, Any], problems: list[str]) -> list[Change]:
        changes: dict[str, Change] = {}
        for index, options in enumerate(goal.items):
            name = options["name"]
            where = f"{goal.option}[{index}] ({goal.resource.title(name)})"
            entity = known.get(name.lower())
            if name.lower() in changes:
                problems.append(f"{where}: is listed more than once; ARM tells names apart without regard to case")
                continue
            if entity and not goal.resource.is_same_kind(entity["properties"]):
                problems.append(f"{where}: {goal.resource.name_taken}")
                continue
            try:
                wanted = None if goal.absent else goal.resource.wanted({**options, "owner": self._ownership.owner})
            except InvalidOptionsError as error:
                problems.append(f"{where}: {error}")
                continue
            before = goal.resource.current(entity["properties"]) if entity else None
            missing = goal.resource.missing(wanted) if wanted is not None and before is None else ""
            if missing:
                problems.append(f"{where}: {missing} is missing; it is needed to create a {goal.resource.kind}")
            change = self._change(goal.resource, entity["name"] if entity else name, wanted, before)
            fault = self._ownership.refusal(goal.resource, name, before, wanted) or (
                goal.resource.fault(change.after, self._limits) if change.after and not missing else ""
            )
            if fault:
                problems.append(f"{where}: {fault}")
            changes[name.lower()] = change
        return list(changes.values())

    def _dangling(self, changes: Sequence[Change], existing: Mapping[str, Mapping[str, Any]]) -> list[str]:
        """Name the references to named values that neither exist nor are wanted; these are listed if there is one."""
        references = [(change, name) for change in changes for name in change.resource.references(change.wanted or {})]
        if not references:
            return []
        listed = existing if NAMED_VALUES in existing else self._service.listings({NAMED_VALUES})
        known = {entity["properties"]["displayName"] for entity in listed[NAMED_VALUES].values()}
        known |= {(each.after or {})["display_name"] for each in changes if each.resource.collection == NAMED_VALUES}
        spellings = {name.lower(): name for name in known}
        return [
            f"{change.resource.kind} {change.title}: there is no named value {name!r}, to which its credentials refer; "
            f"{_remedy(spellings.get(name.lower()))}"
            for change, name in references
            if name not in known
        ]

    def _unlisted(self, goal: Goal, known: Mapping[str, Any]) -> list[Change]:
        """Return the removals of the owner's objects of the goal's kind that it does not list."""
        listed = {options["name"].lower() for options in goal.items}
        removals = [
            self._change(goal.resource, entity["name"], None, goal.resource.current(entity["properties"]))
            for key, entity in known.items()
            if key not in listed and goal.resource.is_same_kind(entity["properties"])
        ]
        return [removal for removal in removals if removal.owner]

    def _change(self, resource: Resource, name: str, wanted: State | None, before: State | None) -> Change:
        """Return a change, which takes away only the owner's part of an object that carries the owner's mark."""
        owned = self._ownership.is_owned(resource, before)
        return Change(resource, name, wanted, before, self._ownership.owner if owned else None)

    def _fetch_hidden(self, changes: Iterable[Change]) -> None:
        """Read the secrets that must be compared, and only those."""

        def fetch(change: Change) -> None:
            path = self._service.path(change.resource.collection, change.name)
            secret = self._service.client.post(f"{path}/listValue").get("value")
            change.before = {**(change.before or {}), change.hidden: secret}

        self._service.in_parallel(fetch, [change for change in changes if change.hidden])


def _remedy(spelling: str | None) -> str:
    """Return what helps where a named value is missing.

    :param spelling: the name of one that differs in case alone; None when there is none.
    """
    if spelling:
        return (
            f"the service has {spelling!r}, and references tell case apart: write it that way (backend_id, or "
            "credential.named_value, in llm_backends)"
        )
    return (
        "create it first, or write the display name of one that exists in credentials (credential.named_value in "
        "llm_backends)"
    )


def _is_named(removal: Change, needed: Container[str]) -> bool:
    """Tell whether a removal is that of a named value which a backend that stays refers to: ARM would refuse it.

    An inventory that leaves a credential out says nothing of it, so the backend keeps the reference.
    """
    is_named_value = removal.resource.collection == NAMED_VALUES
    return is_named_value and (removal.before or {}).get("display_name") in needed
