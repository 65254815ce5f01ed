# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Splits the members of a model into groups, each of which one request suits.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.endpoints import EXTERNAL
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.members import Member
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.problems import Problems, shown
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.scope import BACKEND
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.served_models import ServedModel

_MAXIMUM_MEMBERS = 30  # facts: members of a pool


@dataclass
class Group:
    """Members that can share a pool, by priority.

    :ivar deployment: what the model in a request's body must be; empty when no member goes by the body.
    """

    members: list[Member] = field(default_factory=list)
    deployment: str = ""

    def takes(self, member: Member, deployment: str) -> bool:
        """Tell whether a request to the group suits one more member, which goes by ``deployment`` in the body."""
        same_body = not deployment or not self.deployment or deployment == self.deployment
        return same_body and member.pool_class == self.members[0].pool_class

    def add(self, member: Member, deployment: str) -> None:
        """Add a member that the group takes."""
        self.members.append(member)
        self.deployment = self.deployment or deployment


def groups_of(model: ServedModel, scope: str) -> list[Group]:
    """Return the groups of a model in the order in which requests try them: one in backend scope.

    In deployment scope the order keeps the priorities: no member of a group comes before one of an earlier group.
    Within a priority the groups are in the order of the inventory.
    """
    if scope == BACKEND:
        return [Group(list(model.members))]
    bodies = _bodies(model.members)
    groups: list[Group] = []
    for _priority, members in groupby(model.members, key=lambda member: member.account.priority):
        open_groups = groups[-1:]
        for member in members:
            body = bodies[member.key]
            group = next((each for each in open_groups if each.takes(member, body)), None)
            if group is None:
                group = Group()
                groups.append(group)
                open_groups.append(group)
            group.add(member, body)
    return groups


def shared_priorities(groups: Iterable[Sequence[Member]]) -> list[int]:
    """Return the priorities that several groups of members have: among these, requests are not shared by weight."""
    priorities = [{member.account.priority for member in members} for members in groups]
    return sorted({each for one in priorities for each in one if sum(each in other for other in priorities) > 1})


def check_sizes(models: Iterable[ServedModel], scopes: Mapping[str, str], problems: Problems) -> None:
    """Note where more members would share a pool than a pool holds.

    :param scopes: model key -> scope, see :func:`.scope.scopes_of`.
    """
    for model in models:
        for group in groups_of(model, scopes[model.key]):
            count = len(group.members)
            if count > _MAXIMUM_MEMBERS:
                first_over = sorted(group.members, key=lambda member: member.key[0])[_MAXIMUM_MEMBERS]
                problems.add(
                    f"llm_backends[{first_over.account.index}].supported_models",
                    f"{count} backends serve {shown(model.name)}, but a pool holds {_MAXIMUM_MEMBERS}",
                    f"list the model in at most {_MAXIMUM_MEMBERS} backends",
                )


def _bodies(members: Sequence[Member]) -> dict[tuple[int, str], str]:
    """Return member -> what the model in a body must be for it; empty for those that go by the path.

    Azure ignores the case of a deployment's name, other providers may not: where spellings differ in case alone, the
    first external one counts for those of Azure.
    """
    spellings: dict[str, str] = {}
    for member in sorted(members, key=lambda member: member.account.family != EXTERNAL):
        if not member.is_path_only:
            spellings.setdefault(member.model.deployment_key, member.model.deployment)
    return {member.key: "" if member.is_path_only else _body(member, spellings) for member in members}


def _body(member: Member, spellings: dict[str, str]) -> str:
    is_external = member.account.family == EXTERNAL
    return member.model.deployment if is_external else spellings[member.model.deployment_key]
