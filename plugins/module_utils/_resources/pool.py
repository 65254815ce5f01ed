# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A load-balanced pool of APIM backends.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.marks import (
    join_owner,
    split_owner,
    wanted_description,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.resource import (
    InvalidOptionsError,
    Resource,
    State,
    given,
)

_MAXIMUM_MEMBERS = 30  # facts: members of a pool
_RANGE = range(101)  # facts: weight and priority of a member


class Pool(Resource):
    """A backend of type Pool: ARM keeps it among the backends."""

    kind = "pool"
    collection = "backends"
    name_taken = (
        "is the name of a backend of the service; give the model of the pool another, or run without the pool first, "
        "so that prune (llm_prune) removes the backend"
    )
    is_route = True

    @staticmethod
    def argument_spec() -> dict[str, Any]:
        member = {
            "backend": {"type": "str", "required": True},
            "priority": {"type": "int", "default": 1},
            "weight": {"type": "int", "default": 100},
        }
        return {
            "title": {"type": "str"},
            "description": {"type": "str"},
            "members": {"type": "list", "elements": "dict", "options": member},
        }

    def wanted(self, options: Mapping[str, Any]) -> State:
        members = options.get("members")
        if members is not None:
            _check(members)
        return given(
            title=options.get("title"),
            **wanted_description(options),
            members=None if members is None else _ordered(members),
        )

    def current(self, properties: Mapping[str, Any]) -> State:
        services = (properties.get("pool") or {}).get("services") or []
        members = [
            # The id may be a full ARM id or the short form; the backend's name ends both.
            {"backend": item["id"].rpartition("/")[2], "priority": item.get("priority"), "weight": item.get("weight")}
            for item in services
        ]
        return {
            "title": properties.get("title") or "",
            **split_owner(properties.get("description")),
            "members": _ordered(members),
        }

    def destinations(self, state: State) -> frozenset[str]:
        return frozenset(member["backend"].lower() for member in state.get("members", []))

    def missing(self, wanted: State) -> str:
        return "" if "members" in wanted else "members"

    def properties(self, state: State) -> dict[str, Any]:
        services = [
            given(id=f"/backends/{member['backend']}", priority=member["priority"], weight=member["weight"])
            for member in state.get("members", [])
        ]
        return {
            "type": "Pool",
            "title": state.get("title") or None,
            "description": join_owner(state) or None,
            "pool": {"services": services},
            # facts: ARM refuses both for a pool, even when it gave them in an answer.
            "url": None,
            "protocol": None,
        }

    def merged(self, current: State, wanted: State) -> State:
        """ARM tells names apart without regard to case, so members that differ in that alone stay as they are."""
        merged = super().merged(current, wanted)
        if _without_case(merged) == _without_case(current):
            merged["members"] = current["members"]
        return merged

    def way_past(self, name: str, owner: str) -> str:  # noqa: ARG002
        """Pools of an inventory are named after their model."""
        serve = f"let one inventory serve the model, {owner}'s or this one" if owner else "remove it"
        return f"{serve}, or give the model another name (name; deployment says what it is called at the backend)"

    def is_same_kind(self, properties: Mapping[str, Any]) -> bool:
        return properties.get("type") == "Pool"


def _ordered(members: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return members in one order: ARM gives their order no meaning."""
    plain = [{name: member[name] for name in ("backend", "priority", "weight")} for member in members]
    return sorted(plain, key=lambda member: (member["priority"] or 0, member["backend"].lower()))


def _without_case(state: State) -> list[dict[str, Any]]:
    return [{**member, "backend": member["backend"].lower()} for member in state.get("members", [])]


def _check(members: list[dict[str, Any]]) -> None:
    if not 1 <= len(members) <= _MAXIMUM_MEMBERS:
        raise InvalidOptionsError(f"members: has {len(members)}; a pool holds 1 to {_MAXIMUM_MEMBERS}")
    for index, member in enumerate(members):
        for name in ("priority", "weight"):
            if member[name] not in _RANGE:
                raise InvalidOptionsError(f"members[{index}].{name}: is {member[name]}; write an integer from 0 to 100")
