# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes what was planned, each object on a fresh read. The only place that writes to a service.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.answers import IN_USE
from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.client import Entity
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
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._reconcile.service import Service
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.ownership import Ownership, without
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.resource import Resource, State

# An object that somebody else keeps changing is given up after so many rounds of read and write.
_ROUNDS = 5
# After one of these no other object can fare better, so the rest is not tried.
_HOPELESS = (AuthenticationFailed, ConnectionFailed, DeadlineExceeded)


class Writer:
    """Writes changes, and notes in each what became of it.

    :param ownership: on whose behalf.
    :param prune_delay: seconds after the last write in which gateways come to see it, before anything is removed that
        requests pass through, and before what is late.
    """

    def __init__(self, service: Service, ownership: Ownership, prune_delay: float) -> None:
        self._service = service
        self._ownership = ownership
        self._prune_delay = prune_delay
        self._hopeless = False
        # A run before this one may have been cut short right after a write.
        self._last_write = time.monotonic()

    def write(self, stages: Sequence[Sequence[Change]]) -> None:
        """Write stage by stage; when objects of one fail, later ones are not tried."""
        failed = False
        waited: set[bool] = set()
        for stage in stages:
            behind = [each for each in stage if each.late or (each.resource.is_route and each.decide() == DELETED)]
            # Once before what is late, and once before removals.
            if behind and behind[0].late not in waited and not failed:
                waited.add(behind[0].late)
                self._let_gateways_follow(behind[0])
            self._apply(stage, tried=not failed)
            failed = failed or any(change.error for change in stage)
        self._confirm([change for stage in stages for change in stage if change.is_shared and change.action == CREATED])

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
            self._service.in_parallel(self._write, pending)

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
        resource, path = change.resource, self._service.path(change.resource.collection, change.name)
        wanted = change.wanted or {}
        hidden = {change.hidden: (change.before or {})[change.hidden]} if change.hidden else {}

        def attempt(again: bool) -> str:
            entity = self._service.client.get(path) if change.before is not None or change.is_shared else None
            if entity is None:
                self._service.client.put(path, resource.body(resource.merged(resource.defaults(change.name), wanted)))
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
            self._service.client.put(path, resource.body(after, entity.body["properties"]), if_match=entity.etag)
        else:
            self._service.client.patch(path, resource.body(after), if_match=entity.etag or "*")

    def _delete(self, change: Change) -> str:
        """Take an object from its owner, and delete it when it has no other, as a fresh read shows it.

        An object that is gone, or no longer the owner's, is left alone. What owners share, other policies than theirs
        may use as well: what ARM refuses to delete stays without the owner's part of it.
        """
        resource, path = change.resource, self._service.path(change.resource.collection, change.name)

        def attempt(again: bool) -> str:
            change.kept, change.left = "", None
            entity = self._service.client.get(path)
            state = resource.current(entity.body["properties"]) if entity else {}
            if entity is None or _has_changed_hands(change, state):
                # A refused removal that is found done, as with a refused write.
                return DELETED if again and entity is None else UNCHANGED
            left = without(resource, state, change.owner)
            if left is None:
                try:
                    self._service.client.delete(path, if_match=entity.etag or "*", query=resource.removal_query)
                except ArmError as error:
                    if not change.owner or not change.is_shared or IN_USE not in str(error):
                        raise
                    change.kept = " ".join(error.message.split())
                    change.left = left = resource.without_owner(state, change.owner)
                else:
                    return DELETED
            self._replace(path, resource, entity, left)
            return UPDATED

        return _until_settled(attempt)

    def _let_gateways_follow(self, change: Change) -> None:
        """Wait until gateways have seen all that was written.

        :param change: the first one behind it, which fails when there is no time left to wait.
        """
        try:
            self._service.client.wait(max(0.0, self._last_write + self._prune_delay - time.monotonic()))
        except ArmError as error:
            change.action, change.error, self._hopeless = FAILED, error, True

    def _confirm(self, created: Sequence[Change]) -> None:
        """Look again at shared objects that this run created, and write what another owner's first run took away.

        ARM has no write that only creates, so of two that find nothing the later replaces the earlier.
        """

        def confirm(change: Change) -> None:
            try:
                self._put(change)
            except ArmError as error:
                change.action, change.error = FAILED, error

        self._service.in_parallel(confirm, created)


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
