# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backends as a preflight looks at them: the host behind each, and whether it is shown the managed identity.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.endpoints import (
    AZURE_OPENAI,
    FOUNDRY,
    family_of,
    read_endpoint,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.fields import Fields
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.problems import Problems

MANAGED_IDENTITY = "managed_identity"
FIELDS = ("backend_id", "backend_type", "endpoint", "auth_scheme")
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Target:
    """One backend.

    :ivar family: kind of endpoint: ``azure-openai``, ``ai-foundry``, ``serverless`` or ``external``.
    :ivar host: name or address in lower case.
    """

    backend_id: str
    family: str
    host: str
    port: int
    auth_scheme: str

    @property
    def shows_identity(self) -> bool:
        """Whether the gateway shows its managed identity to this backend."""
        return self.auth_scheme == MANAGED_IDENTITY

    @property
    def needs_role(self) -> bool:
        """Whether the identity needs a role on an account behind the endpoint."""
        return self.shows_identity and self.family in (AZURE_OPENAI, FOUNDRY)


def read_targets(backends: Sequence[Mapping[str, Any]]) -> tuple[list[Target], list[str]]:
    """Return the targets of a module's ``backends``, and a sentence for each of them that cannot be one."""
    problems = Problems()
    targets = []
    for index, backend in enumerate(backends):
        fields = Fields(backend, f"backends[{index}]", FIELDS, problems)
        endpoint = read_endpoint(fields, backend["backend_type"])
        if endpoint:
            targets.append(_target(backend, endpoint))
    return targets, [str(problem) for problem in problems.found]


def _target(backend: Mapping[str, Any], endpoint: str) -> Target:
    url = urlsplit(endpoint)
    return Target(
        backend["backend_id"],
        family_of(backend["backend_type"], endpoint),
        (url.hostname or "").lower(),
        url.port or _PORTS[url.scheme],
        backend["auth_scheme"],
    )
