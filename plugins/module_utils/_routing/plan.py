# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Derives the routing plan: which backends and pools exist, and where each model is routed.

A model that two or more backends serve gets a pool, any other is routed to its backend. The plan depends on the
inventory alone, and equal inventories give equal plans. PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.apis import read_apis
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.circuit_breaker import (
    CircuitBreaker,
    read_circuit_breaker,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.inventory import Backend, read_backends
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.naming import pool_names
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.problems import Problems
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.routes import (
    pool_warnings,
    route_name,
    routes_of,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.served_models import (
    ServedModel,
    check_pool,
    served_models,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.settings import (
    check_managed_identity,
    check_owner,
    check_prune,
    check_service,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.weights import scale_weights

# facts: a description holds 2,000 characters; the rest is left for the mark of the owner.
_DESCRIPTION_CHARACTERS = 1800
_WEIGHT_TOLERANCE = 0.01


def build_plan(
    llm_backends: Any,
    *,
    circuit_breaker: Any = None,
    managed_identity: Any = None,
    service: Any = None,
    universal_api: Any = None,
    azure_openai_api: Any = None,
    owner: str = "citadel",
    prune: Any = False,
) -> dict[str, Any]:
    """Return the routing plan of one host's inventory.

    :param llm_backends: the list of backends.
    :param circuit_breaker: ``llm_circuit_breaker``, None for the defaults.
    :param managed_identity: ``apim_managed_identity``.
    :param service: ``apim_subscription_id``, ``apim_resource_group`` and ``apim_service_name``; None for no check.
    :param universal_api: ``llm_universal_api``.
    :param azure_openai_api: ``llm_azure_openai_api``.
    :param owner: ``llm_owner``.
    :param prune: ``llm_prune``.
    :return: ``backends`` and ``pools`` (options of the modules of that name), ``routes`` (see :mod:`.routes`),
        ``models`` (name, key, route, deployments), ``model_pools`` and ``model_backends`` (model -> route),
        ``apis`` (see :mod:`.apis`) and ``warnings``. No secret of the inventory is in it.
    :raises InventoryError: with every problem of the inventory at once.
    """
    problems = Problems()
    breaker = read_circuit_breaker(circuit_breaker, "llm_circuit_breaker", CircuitBreaker(), problems)
    backends = read_backends(llm_backends, breaker, problems)
    check_managed_identity(managed_identity, backends, problems)
    apis = read_apis(universal_api, azure_openai_api, problems)
    check_owner(owner, problems)
    check_prune(prune, llm_backends, problems)
    if service is not None:
        check_service(service, problems)
    models = served_models(backends)
    for model in models:
        check_pool(model, problems)
    problems.raise_if_any()
    names = pool_names([model.name for model in models if model.is_pooled], [b.backend_id for b in backends])
    warnings: list[str] = []
    return {
        "backends": [_backend_options(backend) for backend in backends],
        "pools": [_pool_options(model, names[model.name], warnings) for model in models if model.is_pooled],
        "routes": routes_of(models, names),
        "models": [_model_entry(model, names) for model in models],
        "model_pools": {model.name: names[model.name] for model in models if model.is_pooled},
        "model_backends": {model.name: route_name(model, names) for model in models if not model.is_pooled},
        "apis": apis,
        "warnings": [*_repetitions(backends), *_lacking_credentials(backends), *warnings],
    }


def _backend_options(backend: Backend) -> dict[str, Any]:
    return {
        "name": backend.backend_id,
        "url": backend.endpoint,
        "description": _description(backend),
        "circuit_breaker": backend.circuit_breaker.as_options(),
        **_credentials(backend),
        "validate_certificate_chain": True,
        "validate_certificate_name": True,
    }


def _credentials(backend: Backend) -> dict[str, Any]:
    """Return the option ``credentials``, left out where the inventory leaves them to whoever made the backend."""
    if backend.credential:
        return {"credentials": backend.credential.options(backend.backend_id)}
    return {"credentials": {}} if backend.auth_scheme == "managed_identity" else {}


def _description(backend: Backend) -> str:
    """Say what a backend serves, as far as ARM has room for it."""
    names = list({model.key: model.name for model in reversed(backend.models)}.values())[::-1]
    text = f"LLM backend ({backend.backend_type}): "
    for position, name in enumerate(names):
        rest = f" and {len(names) - position} more"
        if len(text) + len(name) + len(rest) > _DESCRIPTION_CHARACTERS:
            return f"{text.removesuffix(', ')}{rest}"
        text += f"{name}, "
    return text.removesuffix(", ")


def _pool_options(model: ServedModel, name: str, warnings: list[str]) -> dict[str, Any]:
    members: list[dict[str, Any]] = []
    for priority in sorted({backend.priority for backend in model.backends}):
        group = [backend for backend in model.backends if backend.priority == priority]
        weights, error = scale_weights([backend.weight for backend in group])
        if error > _WEIGHT_TOLERANCE:
            warnings.append(
                f"{name}: weights {[backend.weight for backend in group]} become {weights}, because ARM takes at most "
                f"100; a share is off by up to {error:.1%}"
            )
        members += [
            {"backend": backend.backend_id, "priority": priority, "weight": weight}
            for backend, weight in zip(group, weights, strict=True)
        ]
    warnings += pool_warnings(model, name)
    return {"name": name, "description": f"LLM backends that serve {model.name}", "members": members}


def _model_entry(model: ServedModel, names: Mapping[str, str]) -> dict[str, Any]:
    return {
        "name": model.name,
        "key": model.key,
        "route": route_name(model, names),
        "deployments": [
            {
                "backend_id": backend.backend_id,
                "backend_type": backend.backend_type,
                "name": deployed.name,
                "sku": deployed.sku,
                "capacity": deployed.capacity,
                "model_format": deployed.model_format,
                "model_version": deployed.model_version,
                "retirement_date": deployed.retirement_date,
            }
            for backend, deployed in model.deployments
        ],
    }


def _repetitions(backends: Sequence[Backend]) -> list[str]:
    warnings: list[str] = []
    for backend in backends:
        seen: set[str] = set()
        for model in backend.models:
            if model.key in seen:
                warnings.append(f"llm_backends[{backend.index}] lists {model.name} more than once; requests see one")
            seen.add(model.key)
    return warnings


def _lacking_credentials(backends: Sequence[Backend]) -> list[str]:
    """Warn only: the package document's own example of an external provider names a scheme and no credential."""
    return [
        f"llm_backends[{backend.index}].credential is missing: the gateway sends no {backend.auth_scheme} to "
        f"{backend.backend_id}, unless the backend in APIM has got one otherwise"
        for backend in backends
        if backend.auth_scheme != "managed_identity" and not backend.credential
    ]
