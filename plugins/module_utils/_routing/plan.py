# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Derives the routing plan: which backends and pools exist, and where each model is routed.

The plan depends on the inventory and the date alone, and equal inventories give equal plans. PRIVATE to the
citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.apis import read_apis
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.arm_options import (
    account_options,
    deployment_options,
    pool_options,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.arrangement import Hop
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.capabilities import capabilities_of
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.chains import Chains, chain_models
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.circuit_breaker import (
    CircuitBreaker,
    read_circuit_breaker,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.endpoints import (
    AZURE_OPENAI,
    EXTERNAL,
    FOUNDRY,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.inventory import Backend, read_backends
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.model_entries import Model
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.plan_warnings import plan_warnings
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.problems import Problems
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.public_names import read_fallbacks, read_names
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.retirement import (
    check_retired,
    exclusion_warnings,
    read_retirement,
    retirement_warnings,
    without_excluded,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.routes import (
    members_of,
    mixed_backends,
    route_entries,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.scope import AUTO, BACKEND, check_scope
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.served_models import (
    ServedModel,
    served_models,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.settings import (
    check_managed_identity,
    check_owner,
    check_removal,
    check_service,
    read_flag,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.variables import check_variables
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.workbook import read_workbook

# Families whose accounts can hold stored objects, such as responses and files.
_STORING_FAMILIES = (AZURE_OPENAI, FOUNDRY, EXTERNAL)


def build_plan(
    llm_backends: Any,
    *,
    circuit_breaker: Any = None,
    managed_identity: Any = None,
    service: Any = None,
    universal_api: Any = None,
    azure_openai_api: Any = None,
    owner: str = "citadel",
    adopt: Any = False,
    prune: Any = False,
    prune_delay: Any = 60,
    preflight: Any = False,
    backend_scope: Any = AUTO,
    retirement: Any = None,
    workbook: Any = None,
    variables: Iterable[str] = (),
    today: date | None = None,
) -> dict[str, Any]:
    """Return the routing plan of one host's inventory.

    :param llm_backends: the list of backends.
    :param circuit_breaker: ``llm_circuit_breaker``, None for the defaults.
    :param managed_identity: ``apim_managed_identity``.
    :param service: ``apim_subscription_id``, ``apim_resource_group`` and ``apim_service_name``; None for no check.
    :param universal_api: ``llm_universal_api``.
    :param azure_openai_api: ``llm_azure_openai_api``.
    :param owner: ``llm_owner``.
    :param adopt: ``llm_adopt``.
    :param prune: ``llm_prune``.
    :param prune_delay: ``llm_prune_delay``.
    :param preflight: ``llm_preflight``.
    :param backend_scope: ``llm_backend_scope``.
    :param retirement: ``llm_retirement``, None for the defaults.
    :param workbook: ``llm_workbook``.
    :param variables: names of variables that the host has, in which those of the roles may be misspelled.
    :param today: the date with which retirement dates are compared; None compares none.
    :return: ``backends`` and ``pools`` (options of the modules of that name), ``routes`` (see :mod:`.routes`),
        ``models`` (names, chain of routes, members, deployments), ``accounts`` (backends that can hold stored objects),
        ``model_pools`` and ``model_backends`` (model -> first route), ``apis`` (see :mod:`.apis`), ``workbook``
        (see :mod:`.workbook`), ``preflight`` (whether a run begins with one), ``owner`` and ``warnings``. No secret of
        the inventory is in it.
    :raises InventoryError: with every problem of the inventory at once.
    """
    problems = Problems()
    check_variables(variables, problems)
    breaker = read_circuit_breaker(circuit_breaker, "llm_circuit_breaker", CircuitBreaker(), problems)
    listed = read_backends(llm_backends, breaker, problems)
    check_managed_identity(managed_identity, listed, problems)
    apis = read_apis(universal_api, azure_openai_api, problems)
    check_owner(owner, problems)
    read_flag("llm_adopt", adopt, problems)
    check_removal(prune, prune_delay, llm_backends, problems)
    begins_with_preflight = read_flag("llm_preflight", preflight, problems)
    check_scope(backend_scope, problems)
    policy = read_retirement(retirement, today, problems)
    if service is not None:
        check_service(service, problems)
    wanted_workbook = read_workbook(workbook, service, prune, problems)
    check_retired(listed, policy, problems)
    listed_models = served_models(listed)
    names = read_names(listed_models, problems)
    fallbacks = read_fallbacks(listed_models, names, problems)
    backends, models = without_excluded(listed, listed_models, policy)
    accounts = [backend.backend_id for backend in backends]
    chains = chain_models(listed_models, models, fallbacks, backend_scope, accounts, problems)
    return {
        **_objects(backends, chains),
        **_models(chains),
        "accounts": _accounts(backends),
        "apis": apis,
        "workbook": wanted_workbook,
        "preflight": begins_with_preflight,
        "owner": owner,
        "warnings": [
            *plan_warnings(backends, chains, apis),
            *retirement_warnings(listed, policy),
            *exclusion_warnings(listed_models, models),
        ],
    }


def _objects(backends: Sequence[Backend], chains: Chains) -> dict[str, Any]:
    """Return the parts of a plan that become objects in ARM, and the routes that they are."""
    arrangement = chains.arrangement
    mixed = mixed_backends(arrangement.routes)
    spared = {name for route in arrangement.routes if route.is_spared for name in route.backends}
    routed = {name for route in arrangement.routes if route.scope == BACKEND for name in route.backends}
    deployments = [
        deployment_options(
            deployment,
            carries_version=deployment.name in mixed,
            spares_refusals=deployment.name in spared,
        )
        for deployment in arrangement.deployments
    ]
    return {
        "backends": [
            *(account_options(backend, spares_refusals=backend.backend_id not in routed) for backend in backends),
            *deployments,
        ],
        "pools": [pool_options(route) for route in arrangement.pools()],
        "routes": route_entries(arrangement.routes, mixed),
    }


def _models(chains: Chains) -> dict[str, Any]:
    """Return the parts of a plan that tell where each model is routed."""
    arrangement = chains.arrangement
    firsts = {model.name: arrangement.own_hops[model.key][0].route for model in arrangement.models}
    return {
        "models": [_model_entry(model, chains.hops(model)) for model in arrangement.models],
        "model_pools": {name: route.name for name, route in firsts.items() if route.is_pooled},
        "model_backends": {name: route.name for name, route in firsts.items() if not route.is_pooled},
    }


def _model_entry(model: ServedModel, hops: Sequence[Hop]) -> dict[str, Any]:
    return {
        "name": model.name,
        "key": model.key,
        "aliases": list(model.aliases),
        "keys": model.keys,
        "route": hops[0].route.name,
        "hops": [{"route": hop.route.name, "model": hop.model, "deployment": hop.deployment} for hop in hops],
        "members": members_of(model.members),
        "deployments": [
            {
                "backend_id": backend.backend_id,
                "backend_type": backend.backend_type,
                "name": entry.name,
                "deployment": entry.deployment,
                "sku": entry.sku,
                "capacity": entry.capacity,
                "model_format": entry.model_format,
                "model_version": entry.model_version,
                "retirement_date": entry.retirement_date,
                "capabilities": list(_capabilities(entry)),
                "aliases": list(model.aliases),
            }
            for backend, entry in model.entries
        ],
    }


def _capabilities(entry: Model) -> Sequence[str]:
    given = entry.capabilities
    return capabilities_of(entry.name, entry.deployment) if given is None else given


def _accounts(backends: Sequence[Backend]) -> list[dict[str, str]]:
    """Return the backends that can hold stored objects, such as responses and files."""
    return [
        {
            "name": backend.backend_id,
            "type": backend.backend_type,
            "family": backend.family,
            "token_audience": backend.token_audience,
        }
        for backend in backends
        if backend.family in _STORING_FAMILIES
    ]
