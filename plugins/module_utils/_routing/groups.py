# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Splits the members of a model into groups, each of which one request suits.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.endpoints import EXTERNAL
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.members import Member, MemberKey
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.naming import model_key
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.problems import Problems, shown
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.scope import BACKEND
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.served_models import ServedModel

_MAXIMUM_MEMBERS = 30  # facts: members of a pool


@dataclass
class Group:
    """Members that can share a pool, by priority.

    :ivar deployment: what the model in a request's body must be; empty when no member goes by the body.
    :ivar is_spared: whether the members are reserved capacity whose breakers ignore 429. A pool leaves out only members
        whose breakers are open, so such a group holds nothing that is to take what they refuse: neither other members,
        nor those of a later priority.
    """

    members: list[Member] = field(default_factory=list)
    deployment: str = ""
    is_spared: bool = False

    def takes(self, member: Member, deployment: str, is_spared: bool) -> bool:
        """Tell whether one more member fits in: a request suits it, and its refusals are treated alike.

        :param deployment: what the member goes by in the body.
        :param is_spared: whether its breaker ignores 429.
        """
        first = self.members[0]
        same_body = not deployment or not self.deployment or deployment == self.deployment
        same_priority = member.account.priority == first.account.priority
        same_refusals = is_spared == self.is_spared and (same_priority or not is_spared)
        return same_body and same_refusals and member.pool_class == first.pool_class

    def add(self, member: Member, deployment: str) -> None:
        """Add a member that the group takes."""
        self.members.append(member)
        self.deployment = self.deployment or deployment


def groups_of(model: ServedModel, scope: str, spared: Collection[MemberKey]) -> list[Group]:
    """Return the groups of a model in the order in which requests try them: one in backend scope.

    In deployment scope the order keeps the priorities: no member of a group comes before one of an earlier group.
    Within a priority reserved capacity comes first, otherwise the groups are in the order of the inventory.

    :param spared: see :func:`.reserved_capacity.spared_members`.
    """
    if scope == BACKEND:
        return [Group(list(model.members))]
    bodies = _bodies(model.members)
    groups: list[Group] = []
    ordered = sorted(model.members, key=lambda member: (member.account.priority, member.key not in spared))
    for _priority, members in groupby(ordered, key=lambda member: member.account.priority):
        open_groups = groups[-1:]
        for member in members:
            body, is_spared = bodies[member.key], member.key in spared
            group = next((each for each in open_groups if each.takes(member, body, is_spared)), None)
            if group is None:
                group = Group(is_spared=is_spared)
                groups.append(group)
                # After reserved capacity, a group of an earlier priority would take others of this one too early.
                open_groups = [each for each in open_groups if each.is_spared or not is_spared] + [group]
            group.add(member, body)
    return groups


def shared_priorities(groups: Iterable[Sequence[Member]]) -> list[int]:
    """Return the priorities that several groups of members have: among these, requests are not shared by weight."""
    priorities = [{member.account.priority for member in members} for members in groups]
    return sorted({each for one in priorities for each in one if sum(each in other for other in priorities) > 1})


def check_sizes(
    models: Iterable[ServedModel], scopes: Mapping[str, str], spared: Collection[MemberKey], problems: Problems
) -> None:
    """Note where more members would share a pool than a pool holds.

    :param scopes: model key -> scope, see :func:`.scope.scopes_of`.
    :param spared: see :func:`.reserved_capacity.spared_members`.
    """
    for model in models:
        for group in groups_of(model, scopes[model.key], spared):
            count = len(group.members)
            if count > _MAXIMUM_MEMBERS:
                first_over = sorted(group.members, key=lambda member: member.key[0])[_MAXIMUM_MEMBERS]
                problems.add(
                    f"llm_backends[{first_over.account.index}].supported_models",
                    f"{count} backends serve {shown(model.name)}, but a pool holds {_MAXIMUM_MEMBERS}",
                    f"list the model in at most {_MAXIMUM_MEMBERS} backends",
                )


def _bodies(members: Sequence[Member]) -> dict[MemberKey, str]:
    """Return member -> what the model in a body must be for it; empty for those that go by the path.

    Azure ignores the case of a deployment's name, other providers may not: where spellings differ in case alone, the
    first external one counts for those of Azure.
    """
    spellings: dict[str, str] = {}
    for member in sorted(members, key=lambda member: member.account.family != EXTERNAL):
        if not member.is_path_only:
            spellings.setdefault(model_key(member.model.deployment), member.model.deployment)
    return {member.key: "" if member.is_path_only else _body(member, spellings) for member in members}


def _body(member: Member, spellings: dict[str, str]) -> str:
    is_external = member.account.family == EXTERNAL
    return member.model.deployment if is_external else spellings[member.deployment_key]
