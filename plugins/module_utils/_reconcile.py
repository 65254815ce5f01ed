# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Brings the objects of an API Management service to a wanted state: read, plan, apply, report.

The only place that writes to a service. Each ARM collection is listed once, whatever the number of objects; all changes
are planned before the first of them is made; kinds are written in the order of the goals, so that what is referred to
exists first; objects of one kind are written in parallel, never one object twice at a time. PRIVATE to the
citadel.ai_gateway collection.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.client import ArmClient, Entity
from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.errors import (
    ArmError,
    AuthenticationFailed,
    ConnectionFailed,
    DeadlineExceeded,
    PreconditionFailed,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._changes import (
    CREATED,
    DELETED,
    FAILED,
    SKIPPED,
    UNCHANGED,
    UPDATED,
    Change,
    Goal,
    GoalError,
    Report,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._conflicts import conflicts
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.limits import Limits
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.ownership import Ownership, without
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.resource import (
    InvalidOptionsError,
    Resource,
    State,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._sharing import absence_warnings, sharing_warnings

T = TypeVar("T")
R = TypeVar("R")

NAMED_VALUES = "namedValues"

# An object that somebody else keeps changing is given up after so many rounds of read and write.
_ROUNDS = 5
# facts: how ARM refuses to delete what other objects refer to.
_IN_USE = "is used by the following entities"
# After one of these no other object can fare better, so the rest is not tried.
_HOPELESS = (AuthenticationFailed, ConnectionFailed, DeadlineExceeded)


class Reconciler:
    """Reconciles one API Management service.

    :param ownership: on whose behalf.
    :param parallelism: reads or writes in flight at once.
    :param check_mode: plan only.
    :param prune_delay: seconds after the last write in which gateways come to see it, before anything is removed that
        requests pass through.
    :param limits: those of the service's tier, the widest ones when it is not known.
    """

    def __init__(
        self,
        client: ArmClient,
        ownership: Ownership,
        *,
        parallelism: int,
        check_mode: bool,
        prune_delay: float = 0,
        limits: Limits | None = None,
    ) -> None:
        self._client = client
        self._ownership = ownership
        self._parallelism = parallelism
        self._check_mode = check_mode
        self._prune_delay = prune_delay
        self._limits = limits or Limits()
        self._hopeless = False
        # A run before this one may have been cut short right after a write.
        self._last_write = time.monotonic()

    def run(self, goals: Sequence[Goal]) -> Report:
        """Reach all goals.

        Removals come last, in the reverse order of the goals: nothing is removed that something still refers to.
        When objects of one kind fail, later kinds are not tried; what was done stays, and another run goes on.

        :return: the report; failures of single objects are in it.
        :raises GoalError: before anything is written.
        :raises ArmError: when the service cannot be read.
        """
        existing = self._list({goal.resource.collection for goal in goals if goal.is_about_something})
        stages = self._plan(goals, existing)
        changes = [change for stage in stages for change in stage]
        owner = self._ownership.owner
        warnings = [*sharing_warnings(changes, owner), *absence_warnings(goals, existing, owner)]
        report = Report(changes, warnings, self._told(goals, existing, changes))
        if self._check_mode:
            for change in report.changes:
                change.action = change.decide()
            return report
        waited = False
        for stage in stages:
            routes = [change for change in stage if change.resource.is_route and change.decide() == DELETED]
            if routes and not waited and not report.errors:
                waited = True
                self._let_gateways_follow(routes[0])
            self._apply(stage, tried=not report.errors)
        self._confirm([change for change in report.changes if change.is_shared and change.action == CREATED])
        return report

    def _list(self, collections: Iterable[str]) -> dict[str, dict[str, dict[str, Any]]]:
        """Return collection -> lower-case name -> ARM object, with one listing per collection.

        Collections below an object are listed after those that hold it, and are empty when it does not exist.
        """
        found: dict[str, dict[str, dict[str, Any]]] = {}
        for level in _levels(collections):
            there = [name for name in level if _parent_exists(name, found)]
            listings = self._in_parallel(lambda name: self._client.list(self._path(name)), there)
            found |= {name: {} for name in level}
            for name, listing in zip(there, listings, strict=True):
                found[name] = {entity["name"].lower(): entity for entity in listing}
        return found

    def _plan(self, goals: Sequence[Goal], existing: Mapping[str, Mapping[str, Any]]) -> list[list[Change]]:
        """Return the stages: wanted objects in the order of the goals, then removals in the reverse order."""
        problems: list[str] = []
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
        problems += self._dangling([change for stage in present for change in stage if change.wanted], existing)
        problems += conflicts([change for stage in present for change in stage], existing)
        new = [
            each for stage in present for each in stage if each.resource.collection == NAMED_VALUES and not each.before
        ]
        problems += self._limits.too_many_named_values(len(existing.get(NAMED_VALUES, {})), len(new))
        if problems:
            raise GoalError(problems)
        self._fetch_hidden([change for stage in present for change in stage])
        needed = {name for stage in present for each in stage for name in each.resource.references(each.after or {})}
        return [*present, *([each for each in stage if not _is_named(each, needed)] for stage in reversed(removals))]

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
        listed = existing if NAMED_VALUES in existing else self._list({NAMED_VALUES})
        known = {entity["properties"]["displayName"] for entity in listed[NAMED_VALUES].values()}
        known |= {(each.after or {})["display_name"] for each in changes if each.resource.collection == NAMED_VALUES}
        remedy = (
            "create it first, or write the display name of one that exists in credentials (credential.named_value in "
            "llm_backends)"
        )
        return [
            f"{change.resource.kind} {change.title}: there is no named value {name!r}, to which its credentials refer; "
            f"{remedy}"
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

    def _told(
        self, goals: Sequence[Goal], existing: Mapping[str, Mapping[str, Any]], changes: Sequence[Change]
    ) -> list[Change]:
        """Return what pruning would remove of the goals that only tell of it, as far as the run has listed it."""
        needed = {name for change in changes for name in change.resource.references(change.after or {})}
        known = [(goal, existing.get(goal.resource.collection, {})) for goal in goals if goal.tell]
        return [each for goal, there in known for each in self._unlisted(goal, there) if not _is_named(each, needed)]

    def _change(self, resource: Resource, name: str, wanted: State | None, before: State | None) -> Change:
        """Return a change, which takes away only the owner's part of an object that carries the owner's mark."""
        owned = self._ownership.is_owned(resource, before)
        return Change(resource, name, wanted, before, self._ownership.owner if owned else None)

    def _fetch_hidden(self, changes: Iterable[Change]) -> None:
        """Read the secrets that must be compared, and only those."""

        def fetch(change: Change) -> None:
            path = self._path(change.resource.collection, change.name)
            secret = self._client.post(f"{path}/listValue").get("value")
            change.before = {**(change.before or {}), change.hidden: secret}

        self._in_parallel(fetch, [change for change in changes if change.hidden])

    def _apply(self, stage: Sequence[Change], *, tried: bool) -> None:
        pending = [change for change in stage if change.decide() != UNCHANGED and not change.error]
        if not tried:
            for change in pending:
                change.action = SKIPPED
            return
        if any(change.resource.is_child for change in pending):
            for change in pending:
                self._write(change)
        else:
            self._in_parallel(self._write, pending)

    def _write(self, change: Change) -> None:
        if self._hopeless:
            change.action = SKIPPED
            return
        try:
            change.action = self._delete(change) if change.wanted is None else self._put(change)
        except ArmError as error:
            change.action, change.error = FAILED, error
            self._hopeless = self._hopeless or isinstance(error, _HOPELESS)
        self._last_write = time.monotonic()

    def _put(self, change: Change) -> str:
        """Create or update one object; an update is decided anew on a fresh read and bound to its ETag."""
        resource, path = change.resource, self._path(change.resource.collection, change.name)
        wanted = change.wanted or {}
        hidden = {change.hidden: (change.before or {})[change.hidden]} if change.hidden else {}

        def attempt(again: bool) -> str:
            entity = self._client.get(path) if change.before is not None or change.is_shared else None
            if entity is None:
                self._client.put(path, resource.body(resource.merged(resource.defaults(change.name), wanted)))
                return CREATED
            before = {**resource.current(entity.body["properties"]), **hidden}
            refusal = self._ownership.refusal(resource, change.name, before, wanted)
            if refusal:
                raise ArmError("write", path, code="OwnedByAnother", message=f"since it was listed it {refusal}")
            after = resource.merged(before, wanted)
            if before == after:
                # A refused write that is found done: ARM did it, and its answer got lost on the way.
                return UPDATED if again else UNCHANGED
            self._replace(path, resource, entity, after)
            return UPDATED

        return _until_settled(attempt)

    def _replace(self, path: str, resource: Resource, entity: Entity, after: State) -> None:
        """Write a new state of an object, unless it has changed since it was read."""
        if resource.is_whole(after):
            self._client.put(path, resource.body(after, entity.body["properties"]), if_match=entity.etag)
        else:
            self._client.patch(path, resource.body(after), if_match=entity.etag or "*")

    def _delete(self, change: Change) -> str:
        """Take an object from its owner, and delete it when it has no other, as a fresh read shows it.

        An object that is gone, or no longer the owner's, is left alone. What owners share, other policies than theirs
        may use as well: what ARM refuses to delete stays without the owner's part of it.
        """
        resource, path = change.resource, self._path(change.resource.collection, change.name)

        def attempt(again: bool) -> str:
            change.kept, change.left = "", None
            entity = self._client.get(path)
            state = resource.current(entity.body["properties"]) if entity else {}
            if entity is None or _has_changed_hands(change, state):
                # A refused removal that is found done, as with a refused write.
                return DELETED if again and entity is None else UNCHANGED
            left = without(resource, state, change.owner)
            if left is None:
                try:
                    self._client.delete(path, if_match=entity.etag or "*", query=resource.removal_query)
                except ArmError as error:
                    if not change.owner or not change.is_shared or _IN_USE not in str(error):
                        raise
                    change.kept = " ".join(error.message.split())
                    change.left = left = resource.without_owner(state, change.owner)
                else:
                    return DELETED
            self._replace(path, resource, entity, left)
            return UPDATED

        return _until_settled(attempt)

    def _let_gateways_follow(self, removal: Change) -> None:
        """Wait until gateways have seen that nothing refers any more to what is about to be removed.

        :param removal: the first removal, which fails when there is no time left to wait.
        """
        try:
            self._client.wait(max(0.0, self._last_write + self._prune_delay - time.monotonic()))
        except ArmError as error:
            removal.action, removal.error, self._hopeless = FAILED, error, True

    def _confirm(self, created: Sequence[Change]) -> None:
        """Look again at shared objects that this run created, and write what another owner's first run took away.

        ARM has no write that only creates, so of two that find nothing the later replaces the earlier.
        """

        def confirm(change: Change) -> None:
            try:
                self._put(change)
            except ArmError as error:
                change.action, change.error = FAILED, error

        self._in_parallel(confirm, created)

    def _path(self, collection: str, name: str = "") -> str:
        return "/".join(part for part in (self._client.service_path, collection, name) if part)

    def _in_parallel(self, function: Callable[[T], R], items: Sequence[T]) -> list[R]:
        if len(items) < 2:
            return [function(item) for item in items]
        with ThreadPoolExecutor(min(self._parallelism, len(items))) as executor:
            return list(executor.map(function, items))


def _levels(collections: Iterable[str]) -> list[list[str]]:
    """Return collections and those that hold their parents, by depth; ``apis/a/operations`` is below ``apis``."""
    wanted = set(collections)
    for name in collections:
        segments = name.split("/")
        wanted |= {"/".join(segments[:count]) for count in range(1, len(segments), 2)}
    depths = sorted({name.count("/") for name in wanted})
    return [sorted(name for name in wanted if name.count("/") == depth) for depth in depths]


def _parent_exists(collection: str, found: Mapping[str, Mapping[str, Any]]) -> bool:
    if "/" not in collection:
        return True
    holder, parent, _own = collection.rsplit("/", 2)
    return parent.lower() in found[holder]


def _is_named(removal: Change, needed: Container[str]) -> bool:
    """Tell whether a removal is that of a named value which a backend that stays refers to: ARM would refuse it.

    An inventory that leaves a credential out says nothing of it, so the backend keeps the reference.
    """
    is_named_value = removal.resource.collection == NAMED_VALUES
    return is_named_value and (removal.before or {}).get("display_name") in needed


def _has_changed_hands(change: Change, state: State) -> bool:
    """Tell whether an object that shall go belongs to others than when it was listed."""
    owners = change.resource.owners(state)
    if change.owner:
        return change.owner not in owners
    return owners != change.resource.owners(change.before or {})


def _until_settled(attempt: Callable[[bool], str]) -> str:
    """Repeat a read and its write while somebody else changes the object in between.

    :param attempt: is told whether it is a repetition.
    """
    for number in range(_ROUNDS):
        try:
            return attempt(number > 0)
        except PreconditionFailed:
            if number == _ROUNDS - 1:
                raise
    raise RuntimeError("unreachable: the last round returns or raises")
