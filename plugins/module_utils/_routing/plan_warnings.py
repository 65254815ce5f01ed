# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person should know of a plan, although it does not stop a run.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.apis import AZURE_OPENAI, UNIVERSAL
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.arm_options import weight_warnings
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.arrangement import Hop, Route
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.chains import Chains
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.groups import shared_priorities
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.inventory import Backend
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.members import Member, MemberKey
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.reserved_capacity import (
    reserved_capacity_warnings,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.routes import (
    MAXIMUM_ATTEMPTS,
    attempts_of,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.served_models import ServedModel

_NAMED_MODELS = 5


def plan_warnings(backends: Sequence[Backend], chains: Chains, apis: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the warnings about an inventory's backends, pools and chains.

    :param apis: the APIs that it deploys, see :func:`.apis.read_apis`.
    """
    models = chains.arrangement.models
    return [
        *_repetitions(backends),
        *_lacking_credentials(backends),
        *chain.from_iterable(weight_warnings(route) for route in chains.arrangement.pools()),
        *chain.from_iterable(_model_warnings(model, chains) for model in models),
        *reserved_capacity_warnings(models, chains.fallbacks),
        *_chains_beyond_hubs([model.name for model in models if len(chains.hops(model)) > 1], apis),
    ]


def _repetitions(backends: Iterable[Backend]) -> list[str]:
    warnings: list[str] = []
    for backend in backends:
        seen: set[tuple[str, MemberKey]] = set()
        for model in backend.models:
            listing = model.key, Member(backend, model).key
            if listing in seen:
                warnings.append(f"llm_backends[{backend.index}] lists {model.name} more than once; requests see one")
            seen.add(listing)
    return warnings


def _lacking_credentials(backends: Iterable[Backend]) -> list[str]:
    """Warn only: the package document's own example of an external provider names a scheme and no credential."""
    return [
        f"llm_backends[{backend.index}].credential is missing: the gateway sends no {backend.auth_scheme} to "
        f"{backend.backend_id}, unless the backend in APIM has got one otherwise"
        for backend in backends
        if not backend.is_authenticated
    ]


def _model_warnings(model: ServedModel, chains: Chains) -> list[str]:
    """Return what a person should know of a model's chain."""
    routes = [hop.route for hop in chains.arrangement.own_hops[model.key]]
    warnings = [
        f"{model.name}: {_reason_to_split(routes, priority)} members of priority {priority}, so they are in several "
        "routes that are tried in order; weights share no requests among these"
        for priority in shared_priorities(route.members for route in routes)
    ]
    if model.key not in chains.fallbacks:
        warnings += [
            f"{route.name}: a provisioned deployment that refuses some requests is taken out for all; list what shall "
            "take the refused ones as a model of its own, and name that in fallbacks"
            for route in routes
            if _is_provisioned_above_others(route)
        ]
    return warnings + _attempt_warnings(model, chains.hops(model))


def _attempt_warnings(model: ServedModel, hops: Sequence[Hop]) -> list[str]:
    """Warn of a chain with a route whose healthy members a request may not reach, or with routes that none reaches."""
    if len(hops) > MAXIMUM_ATTEMPTS:
        return [f"{model.name}: a request tries the first {MAXIMUM_ATTEMPTS} of its {len(hops)} routes at most"]
    share = MAXIMUM_ATTEMPTS // len(hops)
    route = max((hop.route for hop in hops), key=attempts_of)
    if (attempts := attempts_of(route)) <= share:
        return []
    warning = (
        f"{model.name}: a request may meet {attempts - 1} failures before the breakers of all failing members of "
        f"{route.name} are open, but is sent there {share} times at most; lower the count of the breakers"
    )
    return [warning]


def _reason_to_split(routes: Iterable[Route], priority: int) -> str:
    spared = (member for route in routes if route.is_spared for member in route.members)
    if any(member.account.priority == priority for member in spared):
        return "reserved capacity comes before other"
    return "one request does not suit all"


def _is_provisioned_above_others(route: Route) -> bool:
    lowest = max(member.account.priority for member in route.members)
    return any(member.model.is_provisioned and member.account.priority < lowest for member in route.members)


def _chains_beyond_hubs(models: Sequence[str], apis: Sequence[Mapping[str, Any]]) -> list[str]:
    """Warn where clients may come by an API of a hub: where the inventory does not deploy both APIs itself."""
    if not models or {api["variable"] for api in apis} == {UNIVERSAL, AZURE_OPENAI}:
        return []
    rest = len(models) - _NAMED_MODELS
    listed = ", ".join(models[:_NAMED_MODELS]) + (f" and {rest} more" if rest > 0 else "")
    use = "an API of the hub's own uses the first alone, unless its backend section includes set-fallback-backend"
    return [f"several routes are tried in order for {listed}: {use} in its retry"]
