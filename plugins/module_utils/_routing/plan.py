# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Derives the routing plan: which backends and pools exist, and where each model is routed.

A model that two or more backends serve gets a pool, any other is routed to its backend. The plan depends on the
inventory alone, and equal inventories give equal plans. PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.circuit_breaker import (
    CircuitBreaker,
    read_circuit_breaker,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.inventory import (
    Backend,
    Model,
    read_backends,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.naming import pool_names
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.problems import Problems, shown
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.settings import (
    check_managed_identity,
    check_owner,
    check_service,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.weights import scale_weights

_MAXIMUM_MEMBERS = 30  # facts: members of a pool
# facts: a description holds 2,000 characters; the rest is left for the mark of the owner.
_DESCRIPTION_CHARACTERS = 1800
_WEIGHT_TOLERANCE = 0.01


@dataclass(frozen=True)
class ServedModel:
    """One model with every deployment of it, in the order of the inventory.

    :ivar name: the first spelling in the inventory.
    :ivar deployments: (backend, the model as that backend lists it).
    """

    key: str
    name: str
    deployments: tuple[tuple[Backend, Model], ...]

    @property
    def backends(self) -> list[Backend]:
        """The distinct backends that serve the model."""
        return list({backend.index: backend for backend, model in self.deployments}.values())

    @property
    def is_pooled(self) -> bool:
        """Whether the model needs a pool."""
        return len(self.backends) > 1


def build_plan(
    llm_backends: Any,
    *,
    circuit_breaker: Any = None,
    managed_identity: Any = None,
    service: Any = None,
    owner: str = "citadel",
) -> dict[str, Any]:
    """Return the routing plan of one host's inventory.

    :param llm_backends: the list of backends.
    :param circuit_breaker: ``llm_circuit_breaker``, None for the defaults.
    :param managed_identity: ``apim_managed_identity``.
    :param service: ``apim_subscription_id``, ``apim_resource_group`` and ``apim_service_name``; None for no check.
    :param owner: ``llm_owner``.
    :return: ``backends`` and ``pools`` (options of the modules of that name), ``routes`` (name, type, pooled, models),
        ``models`` (name, key, route, deployments), ``model_pools`` and ``model_backends`` (model -> route) and
        ``warnings``.
    :raises InventoryError: with every problem of the inventory at once.
    """
    problems = Problems()
    breaker = read_circuit_breaker(circuit_breaker, "llm_circuit_breaker", CircuitBreaker(), problems)
    backends = read_backends(llm_backends, breaker, problems)
    check_managed_identity(managed_identity, backends, problems)
    check_owner(owner, problems)
    if service is not None:
        check_service(service, problems)
    models = _served_models(backends)
    for model in models:
        _check_pool(model, problems)
    problems.raise_if_any()
    names = pool_names([model.name for model in models if model.is_pooled], [b.backend_id for b in backends])
    warnings: list[str] = []
    return {
        "backends": [_backend_options(backend) for backend in backends],
        "pools": [_pool_options(model, names[model.name], warnings) for model in models if model.is_pooled],
        "routes": _routes(models, names),
        "models": [_model_entry(model, names) for model in models],
        "model_pools": {model.name: names[model.name] for model in models if model.is_pooled},
        "model_backends": {model.name: _route_name(model, names) for model in models if not model.is_pooled},
        "warnings": [*_repetitions(backends), *warnings],
    }


def _served_models(backends: Sequence[Backend]) -> list[ServedModel]:
    """Return the models by name; the order of the inventory decides only spelling and order of deployments."""
    deployments: dict[str, dict[tuple[int, Model], tuple[Backend, Model]]] = {}
    for backend in backends:
        for model in backend.models:
            deployments.setdefault(model.key, {}).setdefault((backend.index, model), (backend, model))
    return [
        ServedModel(key, next(iter(served.values()))[1].name, tuple(served.values()))
        for key, served in sorted(deployments.items())
        if key
    ]


def _check_pool(model: ServedModel, problems: Problems) -> None:
    backends = model.backends
    if len(backends) > _MAXIMUM_MEMBERS:
        problems.add(
            f"llm_backends[{backends[_MAXIMUM_MEMBERS].index}].supported_models",
            f"{len(backends)} backends serve {shown(model.name)}, but a pool holds {_MAXIMUM_MEMBERS}",
            f"list the model in at most {_MAXIMUM_MEMBERS} backends",
        )
    external = [backend for backend in backends if backend.backend_type == "external"]
    if external and len(external) < len(backends):
        problems.add(
            f"llm_backends[{external[0].index}].supported_models",
            f"{shown(model.name)} is also served by Azure backends, and one pool cannot carry both credentials",
            "give the model of the external provider a name of its own",
        )


def _backend_options(backend: Backend) -> dict[str, Any]:
    return {
        "name": backend.backend_id,
        "url": backend.endpoint,
        "description": _description(backend),
        "circuit_breaker": backend.circuit_breaker.as_options(),
        "validate_certificate_chain": True,
        "validate_certificate_name": True,
    }


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
    types = {backend.backend_type for backend in model.backends}
    foreign = {deployed.model_format for backend, deployed in model.deployments} - {"OpenAI"}
    if len(types) > 1 and foreign:
        warnings.append(
            f"{name}: its members are of types {', '.join(sorted(types))} and get requests in the Azure OpenAI shape, "
            f"which they may not answer for a model of format {', '.join(sorted(foreign))}"
        )
    return {"name": name, "description": f"LLM backends that serve {model.name}", "members": members}


def _route_name(model: ServedModel, names: Mapping[str, str]) -> str:
    return names.get(model.name) or model.backends[0].backend_id


def _routes(models: Sequence[ServedModel], names: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return one route per pool, and one per backend that serves models of its own."""
    routes: dict[str, dict[str, Any]] = {}
    for model in models:
        name = _route_name(model, names)
        route = {"name": name, "type": _route_type(model), "pooled": model.is_pooled, "models": []}
        routes.setdefault(name, route)["models"].append(model.name)
    return [routes[name] for name in sorted(routes)]


def _route_type(model: ServedModel) -> str:
    """Return the type whose request shape every member takes.

    facts (endpoint families): an AI Foundry host answers the Azure OpenAI shape too, an Azure OpenAI host only that.
    """
    types = {backend.backend_type for backend in model.backends}
    return "azure-openai" if "azure-openai" in types else types.pop()


def _model_entry(model: ServedModel, names: Mapping[str, str]) -> dict[str, Any]:
    return {
        "name": model.name,
        "key": model.key,
        "route": _route_name(model, names),
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
