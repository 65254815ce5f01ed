# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Backend pools: members, their priority and weight (facts 1.6, 1.7 and 2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from apim_emulator.arm.contracts import Contract
from apim_emulator.arm.errors import Problem
from apim_emulator.arm.store import Entity, Service

MAXIMUM_MEMBERS = 30

# What belongs to a single backend: the gateway uses the members' own.
_SINGLE_ONLY = {
    "url": "Url",
    "protocol": "Protocol",
    "circuitBreaker": "Circuit breaker",
    "credentials": "Credentials",
    "proxy": "Proxy",
    "tls": "Tls",
    "resourceId": "Resource id",
}


class PoolMember(Contract):
    """One member: its ARM id (full, or /backends/NAME), and its place in the balancing."""

    id: str
    weight: int | None = Field(default=None, ge=0, le=100)
    priority: int | None = Field(default=None, ge=0, le=100)


class PoolContract(Contract):
    """`properties.pool`."""

    services: list[PoolMember] = Field(min_length=1, max_length=MAXIMUM_MEMBERS)


def pool_problems(service: Service, name: str, properties: Mapping[str, Any]) -> list[Problem]:
    """Return what is wrong with a pool beyond its shape; parts of a wrong shape are left to the contract."""
    problems = [
        Problem(member, f"{title} is not supported for backend pool.")
        for member, title in _SINGLE_ONLY.items()
        if member in properties
    ]
    if str(properties.get("type", "Single")).lower() != "pool":
        problems.append(Problem("type", "A backend with a pool must have the type 'Pool'."))
    pool = properties.get("pool")
    if pool is None:
        problems.append(Problem("pool", "'pool' is required for a backend of type 'Pool'."))
    members = pool.get("services") if isinstance(pool, dict) else None
    seen: set[str] = set()
    for index, member in enumerate(members if isinstance(members, list) else []):
        reference = member.get("id") if isinstance(member, dict) else None
        if isinstance(reference, str):
            text = _member_problem(service, name, reference, seen)
            if text is not None:
                problems.append(Problem(f"pool.services[{index}].id", text))
    return problems


def _member_problem(service: Service, name: str, reference: str, seen: set[str]) -> str | None:
    backend = _find(service, reference)
    if backend is None:
        return f"Backend with id '{reference}' could not be found."
    if backend.properties["type"] == "Pool" or backend.name.lower() == name.lower():
        return f"Backend '{backend.name}' is a backend pool; a pool can have single backends only."
    if backend.key in seen:
        return f"Backend '{backend.name}' is already a member of the pool."
    seen.add(backend.key)
    return None


def _find(service: Service, reference: str) -> Entity | None:
    """Return the backend that a member's id names: /backends/NAME, or the full ARM id within the same service."""
    path = reference
    if reference.lower().startswith(f"{service.resource_id}/".lower()):
        path = reference[len(service.resource_id) :]
    collection, _, name = path.removeprefix("/").partition("/")
    if not path.startswith("/") or collection.lower() != "backends" or not name or "/" in name:
        return None
    return service.get("backends", name)


def normal_pool(service: Service, pool: Mapping[str, Any]) -> tuple[dict[str, Any], frozenset[str]]:
    """Return a valid pool with full ARM ids, and the keys of its members."""
    members, keys = [], set()
    for member in pool["services"]:
        backend = _find(service, member["id"])
        if backend is not None:
            members.append({**member, "id": f"{service.resource_id}{backend.path}"})
            keys.add(backend.key)
    return {"services": members}, frozenset(keys)
