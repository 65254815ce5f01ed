# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Backends: single ones and pools, with circuit breakers and credentials (facts 1.6, 1.7, 2 and 3.2)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from apim_emulator.arm.call import Call
from apim_emulator.arm.contracts import Contract, is_absolute_url, parse, spelled
from apim_emulator.arm.errors import Problem, invalid
from apim_emulator.arm.resources.backend_pools import PoolContract, normal_pool, pool_problems
from apim_emulator.arm.resources.child import ChildKind, check_text
from apim_emulator.arm.resources.circuit_breakers import BreakerContract, breaker_problems
from apim_emulator.arm.resources.named_values import references
from apim_emulator.arm.store import Entity
from apim_emulator.http import Answer

# ARM's published naming rule for backends; the 2024-05-01 description gives a length only: the stricter reading.
_NAME = re.compile(r"[A-Za-z](?:[A-Za-z0-9-]*[A-Za-z0-9])?")

# Members that came after 2022-08-01: a client that speaks the older version neither sends nor sees them.
_NEWER_MEMBERS = frozenset(("type", "pool", "circuitBreaker"))

Thumbprints = Annotated[list[str], Field(max_length=32)]
Values = dict[str, list[str]]


class AuthorizationContract(Contract):
    """Authorization header: scheme and parameter."""

    scheme: str = Field(min_length=1, max_length=100)
    parameter: str = Field(min_length=1, max_length=300)


class CredentialsContract(Contract):
    """What the gateway adds to a request: headers, query parameters, Authorization, client certificates."""

    certificate_ids: Thumbprints | None = None
    certificate: Thumbprints | None = None
    query: Values | None = None
    header: Values | None = None
    authorization: AuthorizationContract | None = None


class ProxyContract(Contract):
    """HTTP proxy between gateway and backend."""

    url: str = Field(min_length=1, max_length=2000)
    username: str | None = None
    password: str | None = None


class TlsContract(Contract):
    """Which checks of the backend's certificate the gateway makes."""

    validate_certificate_chain: bool | None = None
    validate_certificate_name: bool | None = None


class BackendContract(Contract):
    """`properties` of a backend, single or pool."""

    title: str | None = Field(default=None, min_length=1, max_length=300)
    description: str | None = Field(default=None, min_length=1, max_length=2000)
    resource_id: str | None = Field(default=None, min_length=1, max_length=2000)
    url: str | None = Field(default=None, min_length=1, max_length=2000)
    protocol: Annotated[Literal["http", "soap"] | None, spelled("http", "soap")] = None
    type: Annotated[Literal["Single", "Pool"], spelled("Single", "Pool")] = "Single"
    pool: PoolContract | None = None
    circuit_breaker: BreakerContract | None = None
    credentials: CredentialsContract | None = None
    proxy: ProxyContract | None = None
    tls: TlsContract | None = None


class Backends(ChildKind):
    """S/backends."""

    collection = "backends"
    title = "Backend"
    filterable = frozenset(("name", "title", "url"))

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.actions = {"reconnect": self._reconnect}

    def check_name(self, name: str) -> None:
        check_text(name, "backendId", 1, 80, _NAME.fullmatch)

    def check_sent(self, call: Call, properties: dict[str, Any]) -> None:
        newer = [] if call.api_version >= "2024-05-01" else sorted(_NEWER_MEMBERS.intersection(properties))
        if newer:
            text = "Could not find member '{}' on object of type 'BackendContract'."
            raise invalid([Problem(name, text.format(name)) for name in newer])

    async def build(self, call: Call, name: str, properties: dict[str, Any], existing: Entity | None) -> Entity:
        stored, problems = parse(BackendContract, properties)
        is_pool = str(properties.get("type", "")).lower() == "pool" or "pool" in properties
        if is_pool:
            problems += pool_problems(call.apim(), name, properties)
        else:
            problems += _single_problems(call, properties)
        used_values, value_problems = _credential_references(call, properties)
        problems += value_problems
        if existing is not None and is_pool:
            problems += _member_problems(call, existing)
        if problems or stored is None:
            raise invalid(problems)
        members: frozenset[str] = frozenset()
        if is_pool:
            stored["pool"], members = normal_pool(call.apim(), stored["pool"])
        return Entity(self.collection, name, stored, uses=members | used_values)

    def properties(self, call: Call, entity: Entity) -> dict[str, Any]:
        if call.api_version >= "2024-05-01":
            return entity.properties
        return {name: value for name, value in entity.properties.items() if name not in _NEWER_MEMBERS}

    async def _reconnect(self, _call: Call, _entity: Entity) -> Answer:
        return Answer(202)


def _single_problems(call: Call, properties: Mapping[str, Any]) -> list[Problem]:
    problems = [Problem(name, f"'{name}' is required.") for name in ("url", "protocol") if name not in properties]
    url = properties.get("url")
    if isinstance(url, str) and not is_absolute_url(url):
        problems.append(Problem("url", "The url must be an absolute http or https URL."))
    if "circuitBreaker" in properties:
        problems += breaker_problems(call.apim(), properties["circuitBreaker"])
    return problems


def _member_problems(call: Call, existing: Entity) -> list[Problem]:
    pools = [user.name for user in call.apim().using(existing) if user.properties.get("type") == "Pool"]
    return [
        Problem("pool", f"A backend pool cannot be a member of the backend pool '{pool}'.") for pool in sorted(pools)
    ]


def _credential_references(call: Call, properties: Mapping[str, Any]) -> tuple[frozenset[str], list[Problem]]:
    """Return the keys of the named values that the credentials use, and a problem for each that does not exist."""
    credentials = properties.get("credentials")
    if not isinstance(credentials, dict):
        return frozenset(), []
    used, missing = references(call.apim(), credentials)
    problems = [Problem("credentials", f"Property '{name}' not found.") for name in missing]
    for member in ("certificate", "certificateIds"):
        for certificate in credentials.get(member) or ():
            problems.append(Problem("credentials", f"Certificate '{certificate}' not found."))  # noqa: PERF401
    return used, problems
