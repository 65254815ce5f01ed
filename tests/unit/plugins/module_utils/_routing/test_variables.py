# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Misspelled names of variables: found, and told from names that an inventory has for itself."""

from __future__ import annotations

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.variables import VARIABLES, meant_by

from tests.unit.plugins.module_utils._routing.inventories import backend, only_problem, plan_of


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("llm_backend", "llm_backends"),
        ("llm_backneds", "llm_backends"),
        ("llmBackends", "llm_backends"),
        ("llm_back_ends", "llm_backends"),
        ("LLM_BACKENDS", "llm_backends"),
        ("llm_univeral_api", "llm_universal_api"),
        ("llm_prun", "llm_prune"),
        ("llm_prune_dely", "llm_prune_delay"),
        ("llm_circuit_braker", "llm_circuit_breaker"),
        ("llm_onwer", "llm_owner"),
        ("apim_resource_groups", "apim_resource_group"),
        ("llm_validation_check", "llm_validation_checks"),
    ],
)
def test_a_misspelled_variable_is_refused_with_the_one_that_is_meant(written: str, meant: str) -> None:
    problem = only_problem(backend("b"), variables=["llm_owner", written, "llm_prune"])
    assert (problem.path, problem.message, problem.remedy) == (written, "is not a known variable", f"write {meant}")


@pytest.mark.parametrize(
    "name",
    [
        *(
            "llm_backends_europe",
            "llm_backends_1",
            "llm_all_backends",
            "llm_models",
            "llm_region",
            "llm_user",
            "llm_key",
        ),
        *("apim_subscription", "apim_subscription_key", "apim_subscription_name", "apim_service", "apim_sku", "llm"),
        *VARIABLES,
    ],
)
def test_other_names_are_left_alone(name: str) -> None:
    assert meant_by(name) == ""
    assert plan_of(backend("b"), variables=[name])["models"]
