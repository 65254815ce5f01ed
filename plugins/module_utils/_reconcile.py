# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Brings the objects of an API Management service to a wanted state: read, plan, apply, report.

The only place that writes to ARM. Each ARM collection is listed once, whatever the number of objects; all changes are
planned before the first of them is made; kinds are written in the order of the goals, so that what is referred to
exists first; objects of one kind are written in parallel, never one object twice at a time. PRIVATE to the
citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.client import ArmClient
from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.errors import (
    ArmError,
    AuthenticationFailed,
    ConnectionFailed,
    DeadlineExceeded,
    PreconditionFailed,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.display import as_text
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.resource import (
    InvalidOptionsError,
    Resource,
    State,
)

T = TypeVar("T")
R = TypeVar("R")

CREATED, UPDATED, DELETED, UNCHANGED, FAILED, SKIPPED = (
    "created",
    "updated",
    "deleted",
    "unchanged",
    "failed",
    "skipped",
)

NAMED_VALUES = "namedValues"

# An object that somebody else keeps changing is given up after so many rounds of read and write.
_ROUNDS = 5
# After one of these no other object can fare better, so the rest is not tried.
_HOPELESS = (AuthenticationFailed, ConnectionFailed, DeadlineExceeded)


class GoalError(ValueError):
    """Options that cannot be reconciled; ``problems`` names each, and nothing was written."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(["Nothing was written:", *(f"  - {problem}" for problem in self.problems)]))


@dataclass(frozen=True)
class Goal:
    """What is wanted of one kind of object.

    :ivar option: name of the module's option that holds ``items``, for messages.
    :ivar items: options of each object, with ``name``.
    :ivar absent: the objects shall not exist.
    :ivar prune: further objects of this kind that carry the owner's mark shall not exist.
    :ivar prune_first: as ``prune``, but they go before the wanted ones are written: ARM refuses an operation whose
        method and path another one has.
    """

    resource: Resource
    option: str
    items: Sequence[Mapping[str, Any]]
    absent: bool = False
    prune: bool = False
    prune_first: bool = False

    @property
    def is_about_something(self) -> bool:
        """Whether the objects that exist must be known to reach the goal."""
        return bool(self.items) or self.prune or self.prune_first


@dataclass
class Change:
    """One object, as it is and as it shall be; None stands for an object that does not exist."""

    resource: Resource
    name: str
    wanted: State | None
    before: State | None
    action: str = UNCHANGED
    error: ArmError | None = None

    @property
    def title(self) -> str:
        """The object's name as messages show it."""
        return self.resource.title(self.name)

    @property
    def after(self) -> State | None:
        """The state that the object shall have."""
        if self.wanted is None:
            return None
        return self.resource.merged(self.before or self.resource.defaults(self.name), self.wanted)

    @property
    def hidden(self) -> str:
        """The field that ARM hides in reads although it must be compared; empty when there is none."""
        return self.resource.hidden(self.before, self.wanted) if self.before and self.wanted else ""

    def decide(self) -> str:
        """Return the action that leads from ``before`` to ``after``."""
        if self.before == self.after:
            return UNCHANGED
        if self.before is None:
            return CREATED
        return DELETED if self.wanted is None else UPDATED


@dataclass
class Report:
    """What a run did, or in check mode would do.

    :ivar changes: every object that was looked at, in the order of the goals, removals last.
    """

    changes: list[Change] = field(default_factory=list)

    @property
    def changed(self) -> bool:
        """Whether anything was or would be written."""
        return any(change.action in {CREATED, UPDATED, DELETED} for change in self.changes)

    @property
    def errors(self) -> list[Change]:
        """The changes that failed."""
        return [change for change in self.changes if change.error]

    def objects(self) -> list[dict[str, Any]]:
        """Return one entry per object: kind, name and action."""
        return [{"kind": c.resource.kind, "name": c.title, "action": c.action} for c in self.changes]

    def diff(self) -> list[dict[str, str]]:
        """Return the differences in the form of Ansible's diff mode, without secrets."""
        return [_difference(change) for change in self.changes if change.action != UNCHANGED]


class Reconciler:
    """Reconciles one API Management service.

    :param owner: mark that wanted objects get, and that objects must carry to be pruned; None leaves marks alone.
    :param parallelism: reads or writes in flight at once.
    :param check_mode: plan only.
    """

    def __init__(self, client: ArmClient, *, owner: str | None, parallelism: int, check_mode: bool) -> None:
        self._client = client
        self._owner = owner
        self._parallelism = parallelism
        self._check_mode = check_mode
        self._hopeless = False

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
        report = Report([change for stage in stages for change in stage])
        if self._check_mode:
            for change in report.changes:
                change.action = change.decide()
            return report
        for stage in stages:
            self._apply(stage, tried=not report.errors)
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
        if problems:
            raise GoalError(problems)
        self._fetch_hidden([change for stage in present for change in stage])
        return [*present, *reversed(removals)]

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
                problems.append(f"{where}: the service has another kind of {goal.resource.collection} of that name")
                continue
            try:
                wanted = None if goal.absent else goal.resource.wanted({**options, "owner": self._owner})
            except InvalidOptionsError as error:
                problems.append(f"{where}: {error}")
                continue
            before = goal.resource.current(entity["properties"]) if entity else None
            missing = goal.resource.missing(wanted) if wanted is not None and before is None else ""
            if missing:
                problems.append(f"{where}: {missing} is missing; it is needed to create a {goal.resource.kind}")
            changes[name.lower()] = Change(goal.resource, entity["name"] if entity else name, wanted, before)
        return list(changes.values())

    def _dangling(self, changes: Sequence[Change], existing: Mapping[str, Mapping[str, Any]]) -> list[str]:
        """Name the references to named values that neither exist nor are wanted; these are listed if there is one."""
        references = [(change, name) for change in changes for name in change.resource.references(change.wanted or {})]
        if not references:
            return []
        listed = existing if NAMED_VALUES in existing else self._list({NAMED_VALUES})
        known = {entity["properties"]["displayName"] for entity in listed[NAMED_VALUES].values()}
        known |= {(each.after or {})["display_name"] for each in changes if each.resource.collection == NAMED_VALUES}
        return [
            f"{change.resource.kind} {change.title}: there is no named value {name!r}, to which its credentials refer"
            for change, name in references
            if name not in known
        ]

    def _unlisted(self, goal: Goal, known: Mapping[str, Any]) -> list[Change]:
        """Return the removals of the owner's objects of the goal's kind that it does not list."""
        listed = {options["name"].lower() for options in goal.items}
        removals = [
            Change(goal.resource, entity["name"], None, goal.resource.current(entity["properties"]))
            for key, entity in known.items()
            if key not in listed and goal.resource.is_same_kind(entity["properties"])
        ]
        return [removal for removal in removals if self._is_owned(removal.before)]

    def _is_owned(self, state: State | None) -> bool:
        return bool(self._owner) and (state or {}).get("owner") == self._owner

    def _fetch_hidden(self, changes: Iterable[Change]) -> None:
        """Read the secrets that must be compared, and only those."""

        def fetch(change: Change) -> None:
            path = self._path(change.resource.collection, change.name)
            secret = self._client.post(f"{path}/listValue").get("value")
            change.before = {**(change.before or {}), change.hidden: secret}

        self._in_parallel(fetch, [change for change in changes if change.hidden])

    def _apply(self, stage: Sequence[Change], *, tried: bool) -> None:
        pending = [change for change in stage if change.decide() != UNCHANGED]
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

    def _put(self, change: Change) -> str:
        """Create or update one object; an update is decided anew on a fresh read and bound to its ETag."""
        resource, path = change.resource, self._path(change.resource.collection, change.name)
        wanted = change.wanted or {}
        hidden = {change.hidden: (change.before or {})[change.hidden]} if change.hidden else {}

        def attempt(again: bool) -> str:
            entity = self._client.get(path) if change.before is not None else None
            if entity is None:
                self._client.put(path, resource.body(resource.merged(resource.defaults(change.name), wanted)))
                return CREATED
            properties = entity.body["properties"]
            before = {**resource.current(properties), **hidden}
            after = resource.merged(before, wanted)
            if before == after:
                # A refused write that is found done: ARM did it, and its answer got lost on the way.
                return UPDATED if again else UNCHANGED
            if resource.is_whole(after):
                self._client.put(path, resource.body(after, properties), if_match=entity.etag)
            else:
                self._client.patch(path, resource.body(after), if_match=entity.etag or "*")
            return UPDATED

        return _until_settled(attempt)

    def _delete(self, change: Change) -> str:
        """Delete one object, unless it is gone or has been given another owner since it was listed."""
        path = self._path(change.resource.collection, change.name)

        def attempt(_again: bool) -> str:
            entity = self._client.get(path)
            if entity is None:
                return UNCHANGED
            state = change.resource.current(entity.body["properties"])
            if state.get("owner") != (change.before or {}).get("owner"):
                return UNCHANGED
            self._client.delete(path, if_match=entity.etag or "*", query=change.resource.removal_query)
            return DELETED

        return _until_settled(attempt)

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


def _difference(change: Change) -> dict[str, str]:
    resource = change.resource
    before = as_text(resource.shown(change.before)) if change.before else ""
    after = as_text(resource.shown(change.after)) if change.after else ""
    if before == after:
        after += "# a value that is not shown differs\n"
    title = f"{resource.kind} {change.title}"
    return {"before_header": title, "after_header": title, "before": before, "after": after}
