# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The models of an inventory, each with every deployment that serves it.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.inventory import Backend
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.members import Member
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.model_entries import Model
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.naming import model_key, model_labels


@dataclass(frozen=True)
class ServedModel:
    """One model with everything that the inventory lists of it, in its order.

    :ivar key: the name without regard to case.
    :ivar name: the first spelling in the inventory.
    :ivar aliases: further public names, each in its first spelling.
    :ivar listings: (backend, the model as that backend lists it), at least one.
    """

    key: str
    name: str
    aliases: tuple[str, ...]
    listings: tuple[tuple[Backend, Model], ...]

    @property
    def keys(self) -> list[str]:
        """The forms in which the policies meet its name and its aliases, its own key first."""
        return [label for name in (self.name, *self.aliases) for label in model_labels(name)]

    @cached_property
    def members(self) -> tuple[Member, ...]:
        """The distinct (account, deployment), by priority and then in the order of the inventory."""
        members = (Member(backend, model) for backend, model in self.listings)
        distinct: dict[tuple[int, str], Member] = {}
        for member in members:
            distinct.setdefault(member.key, member)
        return tuple(sorted(distinct.values(), key=lambda member: member.account.priority))

    @property
    def entries(self) -> list[tuple[Backend, Model]]:
        """The listings without those that repeat another one."""
        distinct: dict[tuple[int, Model], tuple[Backend, Model]] = {}
        for backend, model in self.listings:
            distinct.setdefault((backend.index, model), (backend, model))
        return list(distinct.values())


def served_models(backends: Sequence[Backend]) -> list[ServedModel]:
    """Return the models by name; the order of the inventory decides only spelling and order of deployments."""
    listings: dict[str, list[tuple[Backend, Model]]] = {}
    for backend in backends:
        for model in backend.models:
            listings.setdefault(model.key, []).append((backend, model))
    return [
        ServedModel(key, served[0][1].name, _aliases(key, served), tuple(served))
        for key, served in sorted(listings.items())
        if key
    ]


def _aliases(key: str, listings: Sequence[tuple[Backend, Model]]) -> tuple[str, ...]:
    """Return the distinct aliases; one that is the name itself adds nothing."""
    aliases: dict[str, str] = {}
    for _backend, model in listings:
        for alias in model.aliases:
            aliases.setdefault(model_key(alias), alias)
    return tuple(alias for alias_key, alias in aliases.items() if alias_key not in {key, ""})
