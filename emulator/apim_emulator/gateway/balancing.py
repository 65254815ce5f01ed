# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which member of a pool serves next: priority groups in order, weights inside a group (facts 3.1)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import groupby

from apim_emulator.arm.view import BackendView


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a pool: the lower-case name of its backend, its weight, its priority (lower is tried first)."""

    backend: str
    weight: int
    priority: int


class Balancer:
    """Chooses members by smooth weighted round robin, so that every short run of choices has the wanted shares.

    A member of weight 0 serves only when its group has no other left; missing weights count as 1 and a missing
    priority as 0 (Azure documents neither default).
    """

    def __init__(self, members: Iterable[Member]) -> None:
        ordered = sorted(members, key=lambda member: member.priority)
        self._groups = [list(group) for _, group in groupby(ordered, key=lambda member: member.priority)]
        self._credit = {member.backend: 0 for member in ordered}

    @classmethod
    def of(cls, pool: BackendView) -> Balancer:
        """Return the balancer of a pool."""
        return cls(
            Member(item.backend.lower(), 1 if item.weight is None else item.weight, item.priority or 0)
            for item in pool.members
        )

    def choose(self, available: Callable[[str], bool]) -> str | None:
        """Return the lower-case name of the next member that is available, or None when there is none.

        A group is looked at only when no member of the groups before it is available.
        """
        for group in self._groups:
            candidates = [member for member in group if available(member.backend)]
            weighted = [(member, member.weight) for member in candidates if member.weight]
            if candidates:
                return self._next(weighted or [(member, 1) for member in candidates])
        return None

    def _next(self, candidates: list[tuple[Member, int]]) -> str:
        for member, weight in candidates:
            self._credit[member.backend] += weight
        chosen = max((member.backend for member, _ in candidates), key=self._credit.__getitem__)
        self._credit[chosen] -= sum(weight for _, weight in candidates)
        return chosen
