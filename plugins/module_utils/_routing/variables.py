# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds misspelled names among the variables of a host: Ansible itself takes a variable that nobody reads for one more.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.fields import snake_case
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.problems import Problems

# Every variable that the roles document.
VARIABLES = (
    "apim_managed_identity",
    "apim_resource_group",
    "apim_service_name",
    "apim_subscription_id",
    "llm_adopt",
    "llm_azure_openai_api",
    "llm_backend_scope",
    "llm_backends",
    "llm_circuit_breaker",
    "llm_owner",
    "llm_preflight",
    "llm_prune",
    "llm_prune_delay",
    "llm_retirement",
    "llm_universal_api",
    "llm_validation_apis",
    "llm_validation_chat_options",
    "llm_validation_checks",
    "llm_validation_concurrency",
    "llm_validation_failover",
    "llm_validation_headers",
    "llm_validation_latency_requests",
    "llm_validation_max_calls",
    "llm_validation_max_p95_ms",
    "llm_validation_models",
    "llm_validation_propagation_delay",
    "llm_validation_report",
    "llm_validation_required",
    "llm_validation_share_requests",
    "llm_validation_subscription",
    "llm_validation_subscription_key",
    "llm_validation_subscriptions",
    "llm_validation_timeout",
    "llm_validation_token_audience",
    "llm_workbook",
)
# Of two words of one or two letters exchanged, left out or too many: onwer and owner have 0.8, dely and delay 0.89.
_NEAR = 0.75


def meant_by(name: str) -> str:
    """Return the variable that a name is a misspelling of; empty when it is one of them, or somebody's own.

    A misspelling has the same words, each right or nearly so, or the same letters with other words: an inventory may
    well have ``llm_backends_europe`` or ``apim_subscription_key`` for itself.
    """
    if name in VARIABLES:
        return ""
    written = snake_case(name)
    return next((variable for variable in VARIABLES if _is_near(written, variable)), "")


def check_variables(names: Iterable[str], problems: Problems) -> None:
    """Note every name that is a misspelling of a variable of the roles."""
    for name in names:
        if variable := meant_by(name):
            problems.add(name, "is not a known variable", f"write {variable}")


def _is_near(written: str, variable: str) -> bool:
    if written.replace("_", "") == variable.replace("_", ""):
        return True
    words, known = written.split("_"), variable.split("_")
    return len(words) == len(known) and all(map(_is_near_word, words, known))


def _is_near_word(word: str, known: str) -> bool:
    return word == known or bool(get_close_matches(word, [known], cutoff=_NEAR))
