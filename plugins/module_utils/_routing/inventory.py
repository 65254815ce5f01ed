# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads ``llm_backends`` of an inventory into typed values.

Names, defaults and ranges are those of the package document, in snake case. PRIVATE to the citadel.ai_gateway
collection.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.circuit_breaker import (
    CircuitBreaker,
    read_circuit_breaker,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.credentials import (
    Credential,
    read_credential,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.endpoints import (
    AZURE_OPENAI,
    SERVERLESS,
    audience_of,
    family_of,
    read_endpoint,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.fields import Fields
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.model_entries import Model, read_models
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.naming import (
    RESOURCE_NAME_RULE,
    is_resource_name,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.problems import Problems, shown

BACKEND_TYPES = ("ai-foundry", "azure-openai", "external")
AUTH_SCHEMES = ("managed_identity", "api_key", "token")

_MISSING_REMEDY = (
    "list the LLM backends; write [] where an inventory is to have none, and run the playbook offboard to remove all"
)

_BACKEND_FIELDS = (
    "backend_id",
    "backend_type",
    "endpoint",
    "auth_scheme",
    "supported_models",
    "priority",
    "weight",
    "circuit_breaker",
    "credential",
)


@dataclass(frozen=True)
class Backend:
    """One LLM endpoint of an inventory.

    :ivar index: position in ``llm_backends``, for messages.
    :ivar endpoint: base URL in the spelling of :func:`.endpoints.read_endpoint`.
    :ivar priority: 1 to 5, lower is tried first.
    :ivar weight: 1 to 1000, relative to members of the same priority.
    :ivar credential: what the gateway shows to it; None for a managed identity, and when none is given.
    """

    index: int
    backend_id: str
    backend_type: str
    endpoint: str
    auth_scheme: str
    models: tuple[Model, ...]
    priority: int
    weight: int
    circuit_breaker: CircuitBreaker
    credential: Credential | None

    @cached_property
    def family(self) -> str:
        """The family of its endpoint."""
        return family_of(self.backend_type, self.endpoint)

    @property
    def is_authenticated(self) -> bool:
        """Whether the inventory tells how the gateway authenticates to it: by its identity or a credential."""
        return self.auth_scheme == "managed_identity" or self.credential is not None

    @cached_property
    def token_audience(self) -> str:
        """Audience of the managed identity's token that it takes; empty when it takes none."""
        return audience_of(self.family, self.endpoint) if self.auth_scheme == "managed_identity" else ""


def read_backends(value: Any, circuit_breaker: CircuitBreaker, problems: Problems) -> list[Backend]:
    """Return the backends of an inventory in its order; every fault is noted in ``problems``.

    :param value: ``llm_backends``, a list of mappings. None is what a run sees when the variable has another name, or
        stands in a file that Ansible does not read: no gateway may lose its models by that.
    :param circuit_breaker: what backends without settings of their own get.
    """
    if value is None:
        problems.add("llm_backends", "is missing", _MISSING_REMEDY)
        return []
    if not isinstance(value, (list, tuple)):
        problems.add("llm_backends", f"is {shown(value)}, not a list", "list the LLM backends")
        return []
    backends = [_read_backend(item, index, circuit_breaker, problems) for index, item in enumerate(value)]
    first_index: dict[str, int] = {}
    for backend in backends:
        if not backend.backend_id:
            continue
        # ARM compares names without regard to case.
        first = first_index.setdefault(backend.backend_id.lower(), backend.index)
        if first != backend.index:
            problems.add(
                f"llm_backends[{backend.index}].backend_id",
                f"{shown(backend.backend_id)} is already the id of llm_backends[{first}]",
                "give each backend an id of its own",
            )
    return backends


def named_values_of(llm_backends: Any) -> list[dict[str, Any]]:
    """Return the named values that hold the credentials of an inventory, as options of module ``apim_named_value``.

    They hold secrets, which is why no plan has them.

    :raises InventoryError: when the backends have problems.
    """
    problems = Problems()
    backends = read_backends(llm_backends, CircuitBreaker(), problems)
    problems.raise_if_any()
    return [value for each in backends if each.credential for value in each.credential.named_values(each.backend_id)]


def _read_backend(value: Any, index: int, circuit_breaker: CircuitBreaker, problems: Problems) -> Backend:
    fields = Fields(value, f"llm_backends[{index}]", _BACKEND_FIELDS, problems)
    backend_id = fields.text("backend_id", f"write a name of {RESOURCE_NAME_RULE}")
    if backend_id and not is_resource_name(backend_id):
        fields.refuse("backend_id", f"is {shown(backend_id)}", f"use {RESOURCE_NAME_RULE}")
    backend_type = fields.choice("backend_type", BACKEND_TYPES)
    auth_scheme = fields.choice("auth_scheme", AUTH_SCHEMES)
    if backend_type == "external" and auth_scheme == "managed_identity":
        fields.refuse(
            "auth_scheme",
            "is managed_identity, but a token of Microsoft Entra never goes to an external provider",
            "write api_key or token",
        )
    endpoint = read_endpoint(fields, backend_type)
    family = family_of(backend_type, endpoint)
    if backend_type == AZURE_OPENAI and family == SERVERLESS:
        remedy = "write ai-foundry"
        fields.refuse("backend_type", "is azure-openai, but a serverless endpoint has no deployments of that", remedy)
    return Backend(
        index=index,
        backend_id=backend_id,
        backend_type=backend_type,
        endpoint=endpoint,
        auth_scheme=auth_scheme,
        models=read_models(fields, problems),
        priority=fields.integer("priority", 1, 1, 5),
        weight=fields.integer("weight", 100, 1, 1000),
        circuit_breaker=read_circuit_breaker(
            fields.raw("circuit_breaker"), fields.at("circuit_breaker"), circuit_breaker, problems
        ),
        credential=read_credential(fields, auth_scheme, family, problems),
    )
