# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Routes: the pools and backends that requests are sent to, and what a request to each must look like.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.endpoints import (
    AZURE_OPENAI,
    EXTERNAL,
    FOUNDRY,
    SERVERLESS,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.served_models import ServedModel

# Of the families in one pool, the first of these gives the shape of requests (facts, endpoint families): an AI Foundry
# host answers the Azure OpenAI shape too, an Azure OpenAI host only that.
_SHAPES = (AZURE_OPENAI, FOUNDRY, SERVERLESS, EXTERNAL)

_MAXIMUM_RETRIES = 50  # facts: the count of a retry policy


def routes_of(models: Sequence[ServedModel], names: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return one route per pool, and one per backend that serves models of its own, by name.

    :param names: model -> name of its pool.
    :return: mappings of ``name``, ``type`` (a backend type), ``pooled``, ``models`` (names), ``family`` (shape of its
        requests, see :mod:`.endpoints`), ``token_audience`` (of the managed identity's token, empty for none) and
        ``retries`` (how often a failed request is sent again).
    """
    routes: dict[str, dict[str, Any]] = {}
    for model in models:
        name = route_name(model, names)
        if name not in routes:
            routes[name] = {"name": name, **_request_of(model), "models": []}
        routes[name]["models"].append(model.name)
    return [routes[name] for name in sorted(routes)]


def route_name(model: ServedModel, names: Mapping[str, str]) -> str:
    """Return the name of the pool or backend that serves a model."""
    return names.get(model.name) or model.backends[0].backend_id


def pool_warnings(model: ServedModel, pool: str) -> list[str]:
    """Return what a person should know of a pool: members that a request does not suit, or may not reach."""
    types = {backend.backend_type for backend in model.backends}
    families = {backend.family for backend in model.backends}
    audiences = {backend.token_audience for backend in model.backends}
    foreign = {deployed.model_format for backend, deployed in model.deployments} - {"OpenAI"}
    warnings = []
    if SERVERLESS in families and len(families) > 1:
        warnings.append(
            f"{pool}: its members are of families {', '.join(sorted(families))} and get requests in the shape of "
            f"{_family(model)}, which a serverless endpoint does not answer; serve the model under another name there"
        )
    elif len(families) > 1 and foreign:
        warnings.append(
            f"{pool}: its members are of types {', '.join(sorted(types))} and get requests in the Azure OpenAI shape, "
            f"which they may not answer for a model of format {', '.join(sorted(foreign))}"
        )
    if len(audiences) > 1:
        warnings.append(
            f"{pool}: its members take tokens of audiences {', '.join(sorted(audiences))}, but a request carries one, "
            f"of {_audience(model)}"
        )
    if (failures := _failures(model)) > _MAXIMUM_RETRIES:
        warnings.append(
            f"{pool}: a request may meet {failures} failures before the breakers of all failing members are open, but "
            f"is sent again {_MAXIMUM_RETRIES} times at most; lower the count of its breakers"
        )
    return warnings


def _request_of(model: ServedModel) -> dict[str, Any]:
    return {
        "type": _type(model),
        "family": _family(model),
        "token_audience": _audience(model),
        "pooled": model.is_pooled,
        "retries": min(_failures(model), _MAXIMUM_RETRIES),
    }


def _type(model: ServedModel) -> str:
    types = {backend.backend_type for backend in model.backends}
    return AZURE_OPENAI if AZURE_OPENAI in types else types.pop()


def _family(model: ServedModel) -> str:
    families = {backend.family for backend in model.backends}
    return next(shape for shape in _SHAPES if shape in families)


def _audience(model: ServedModel) -> str:
    family = _family(model)
    return min(backend.token_audience for backend in model.backends if backend.family == family)


def _failures(model: ServedModel) -> int:
    """Return how many failures a request to a model may meet before it must reach a healthy member.

    A pool leaves a member out only when its breaker has opened, so one request may meet as many failures of each
    member as open that. The last member is the one to be reached. A single backend is not tried again: that would open
    its breaker the sooner, and the client knows better whether to wait.
    """
    counts = [backend.circuit_breaker.count if backend.circuit_breaker.enabled else 1 for backend in model.backends]
    return sum(counts) - min(counts)
