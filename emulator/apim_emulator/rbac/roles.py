# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Role definitions: the built-in ones that matter here, and what a role allows."""

from __future__ import annotations

import functools
import importlib.resources
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Role:
    """A role definition: `id` is its GUID in lower case; actions may hold * for any text, slashes included."""

    id: str
    name: str
    description: str
    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    data_actions: tuple[str, ...] = ()
    not_data_actions: tuple[str, ...] = ()
    is_custom: bool = False

    def allows_data(self, action: str) -> bool:
        """Tell whether the role grants a data action (case ignored): named by its dataActions, by no notDataActions."""
        return _named(action, self.data_actions) and not _named(action, self.not_data_actions)


def _named(action: str, patterns: Iterable[str]) -> bool:
    return any(_pattern(pattern).fullmatch(action) for pattern in patterns)


@functools.cache
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in text.split("*")), re.IGNORECASE)


@functools.cache
def built_in_roles() -> tuple[Role, ...]:
    """Return the built-in roles that the embedded Azure knows."""
    text = importlib.resources.files("apim_emulator").joinpath("rbac/roles.toml").read_text("utf-8")
    return tuple(
        Role(
            id=item["id"],
            name=name,
            description=item["description"],
            actions=tuple(item.get("actions", ())),
            not_actions=tuple(item.get("not_actions", ())),
            data_actions=tuple(item.get("data_actions", ())),
            not_data_actions=tuple(item.get("not_data_actions", ())),
        )
        for name, item in tomllib.loads(text).items()
    )


class Roles:
    """Every role definition, by id and by name (case ignored)."""

    def __init__(self, custom: Iterable[Role] = ()) -> None:
        self._roles = {role.id: role for role in (*built_in_roles(), *custom)}

    def all(self) -> list[Role]:
        """Return the role definitions, ordered by name."""
        return sorted(self._roles.values(), key=lambda role: role.name)

    def find(self, identity: str) -> Role | None:
        """Return the role with this GUID, or None."""
        return self._roles.get(identity.lower())

    def named(self, name: str) -> Role | None:
        """Return the role with this name, or None."""
        return next((role for role in self._roles.values() if role.name.lower() == name.lower()), None)
