# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The package's parameters and the inventory's variables: which is which.

Names are those of the package document and the onboarding guide; ``universalLlmApiPath`` and
``configureCircuitBreaker`` are in the package's own parameter template. PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

SERVICE, IDENTITY, BACKENDS = "apim", "apimManagedIdentity", "llmBackendConfig"
IDENTITY_VARIABLE, BACKENDS_VARIABLE = "apim_managed_identity", "llm_backends"
SERVICE_NAME = "apim_service_name"
SUBSCRIPTION = "apim_subscription_id"
# Properties of the parameter apim, and the variables of a host that they become.
SERVICE_VARIABLES = {
    "subscriptionId": SUBSCRIPTION,
    "resourceGroupName": "apim_resource_group",
    "name": SERVICE_NAME,
}
# Properties of objects, and the fields that they become.
IDENTITY_FIELDS = {"subscriptionId": "subscription_id", "resourceGroupName": "resource_group", "name": "name"}
BACKEND_FIELDS = {
    "backendId": "backend_id",
    "backendType": "backend_type",
    "endpoint": "endpoint",
    "authScheme": "auth_scheme",
    "supportedModels": "supported_models",
    "priority": "priority",
    "weight": "weight",
}
MODEL_FIELDS = {
    "name": "name",
    "sku": "sku",
    "capacity": "capacity",
    "modelFormat": "model_format",
    "modelVersion": "model_version",
    "retirementDate": "retirement_date",
}
# Parameters of their own, and the variable and field that they become. Of two names for one field the first is written.
SETTINGS = {
    "deployUniversalLlmApi": ("llm_universal_api", "deploy"),
    "inferenceAPIPath": ("llm_universal_api", "path"),
    "universalLlmApiPath": ("llm_universal_api", "path"),
    "inferenceAPIType": ("llm_universal_api", "type"),
    "configureCircuitBreaker": ("llm_circuit_breaker", "enabled"),
}
AUTH_SCHEMES = {"managedIdentity": "managed_identity", "apiKey": "api_key", "token": "token"}

PARAMETERS = (SERVICE, IDENTITY, BACKENDS, *SETTINGS)
VARIABLES = tuple(
    dict.fromkeys(
        (
            *SERVICE_VARIABLES.values(),
            IDENTITY_VARIABLE,
            BACKENDS_VARIABLE,
            *(place[0] for place in SETTINGS.values()),
        )
    )
)
# Variables and fields whose default is not empty: where one is false, 0, [] or "", the inventory says something.
FILLED_BY_DEFAULT = frozenset(
    (
        "llm_backend_scope",
        "llm_circuit_breaker.accept_retry_after",
        "llm_circuit_breaker.count",
        "llm_circuit_breaker.error_reasons",
        "llm_circuit_breaker.interval",
        "llm_circuit_breaker.status_codes",
        "llm_circuit_breaker.trip_duration",
        "llm_owner",
        "llm_prune_delay",
        "llm_universal_api.cors_origins",
        "llm_validation_checks",
        "llm_validation_concurrency",
        "llm_validation_failover",
        "llm_validation_latency_requests",
        "llm_validation_max_calls",
        "llm_validation_propagation_delay",
        "llm_validation_report",
        "llm_validation_share_requests",
        "llm_validation_subscription",
        "llm_validation_timeout",
    )
)


@dataclass(frozen=True)
class Direction:
    """One of the two ways to translate: names on this side to names on the other.

    :ivar models: name of the field with the models of a backend, on this side.
    :ivar auth_scheme: name of the field with the authentication scheme, on this side.
    :ivar integers: names of the fields that hold integers; all others hold text.
    :ivar lost: what is said of a name that the other side does not have; ``lost_remedy`` what to do then.
    """

    service: Mapping[str, str]
    identity: Mapping[str, str]
    backend: Mapping[str, str]
    model: Mapping[str, str]
    auth_schemes: Mapping[str, str]
    models: str
    auth_scheme: str
    integers: frozenset[str]
    lost: str
    lost_remedy: str


TO_INVENTORY = Direction(
    SERVICE_VARIABLES,
    IDENTITY_FIELDS,
    BACKEND_FIELDS,
    MODEL_FIELDS,
    AUTH_SCHEMES,
    "supportedModels",
    "authScheme",
    frozenset(("priority", "weight", "capacity")),
    "is not in the package document and was left out",
    "set it in the inventory, if it is needed",
)


def _reversed(names: Mapping[str, str]) -> dict[str, str]:
    return {there: here for here, there in names.items()}


TO_PACKAGE = Direction(
    _reversed(SERVICE_VARIABLES),
    _reversed(IDENTITY_FIELDS),
    _reversed(BACKEND_FIELDS),
    _reversed(MODEL_FIELDS),
    _reversed(AUTH_SCHEMES),
    "supported_models",
    "auth_scheme",
    TO_INVENTORY.integers,
    "has no counterpart in the package and was left out",
    "go on onboarding from the inventory, if it is needed",
)
