# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run is asked for (goals), what that takes (changes), and what it tells of it (the report).

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.errors import ArmError
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.display import as_text
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.ownership import without
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.resource import Resource, State

CREATED, UPDATED, DELETED, UNCHANGED, FAILED, SKIPPED = (
    "created",
    "updated",
    "deleted",
    "unchanged",
    "failed",
    "skipped",
)


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
    :ivar tell: such objects stay, and the report names them.
    :ivar prune_first: as ``prune``, but they go before the wanted ones are written: ARM refuses an operation whose
        method and path another one has.
    """

    resource: Resource
    option: str
    items: Sequence[Mapping[str, Any]]
    absent: bool = False
    prune: bool = False
    prune_first: bool = False
    tell: bool = False

    @property
    def is_about_something(self) -> bool:
        """Whether the objects that exist must be known to reach the goal."""
        return bool(self.items) or self.prune or self.prune_first


@dataclass
class Change:
    """One object, as it is and as it shall be; None stands for an object that does not exist.

    :ivar owner: who lets go of an object that is not wanted; None when it shall go whoever has it.
    :ivar kept: why an object that its last owner let go of, or does not list any more, is still there.
    :ivar left: and what there is of it.
    :ivar late: gateways must have seen what is written before it.
    """

    resource: Resource
    name: str
    wanted: State | None
    before: State | None
    owner: str | None = None
    action: str = UNCHANGED
    error: ArmError | None = None
    kept: str = ""
    left: State | None = None
    late: bool = False

    @property
    def title(self) -> str:
        """The object's name as messages show it."""
        return self.resource.title(self.name)

    @property
    def is_shared(self) -> bool:
        """Whether several owners may have the object."""
        return self.resource.is_shared(self.name)

    @property
    def after(self) -> State | None:
        """The state that the object shall have."""
        if self.wanted is None:
            return self.left or (without(self.resource, self.before, self.owner) if self.before else None)
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
        return DELETED if self.after is None else UPDATED


@dataclass
class Report:
    """What a run did, or in check mode would do.

    :ivar changes: every object that was looked at, in the order of the goals, removals last.
    :ivar warnings: what owners that share the service do to each other.
    :ivar unlisted: what would go with ``prune``, and stays without it.
    """

    changes: list[Change] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    unlisted: list[Change] = field(default_factory=list)

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

    def stays(self) -> list[dict[str, str]]:
        """Return one entry per object of the owner that is not listed any more and stays."""
        return [{"kind": change.resource.kind, "name": change.title} for change in self.unlisted]

    def kept(self) -> list[dict[str, str]]:
        """Return one entry per object that would be gone if others did not use it."""
        return [{"kind": c.resource.kind, "name": c.title, "reason": c.kept} for c in self.changes if c.kept]

    def diff(self) -> list[dict[str, str]]:
        """Return the differences in the form of Ansible's diff mode, without secrets."""
        secrets = {name.lower() for change in self.changes for name in _secrets(change)}
        return [_difference(change, secrets) for change in self.changes if change.action != UNCHANGED]


def _secrets(change: Change) -> set[str]:
    """Return the named values that are secret before or after a change, or to which credentials refer."""
    return {name for state in (change.before, change.after) if state for name in change.resource.secrets(state)}


def _difference(change: Change, secrets: Container[str]) -> dict[str, str]:
    resource = change.resource
    before = as_text(resource.shown(change.before, secrets)) if change.before else ""
    after = as_text(resource.shown(change.after, secrets)) if change.after else ""
    if before == after:
        after += "# a value that is not shown differs\n"
    title = f"{resource.kind} {change.title}"
    return {"before_header": title, "after_header": title, "before": before, "after": after}
