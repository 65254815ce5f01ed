# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shared options: environment, secrecy, documentation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.citadel.ai_gateway.plugins.doc_fragments.azure import ModuleDocFragment
from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.argument_spec import (
    AUTH_ARGUMENT_SPEC,
    ENVIRONMENT,
)

DOCUMENTED = yaml.safe_load(ModuleDocFragment.DOCUMENTATION)["options"]


def test_the_fragment_documents_exactly_the_options() -> None:
    assert set(DOCUMENTED) == set(AUTH_ARGUMENT_SPEC)
    for name, spec in AUTH_ARGUMENT_SPEC.items():
        documented = DOCUMENTED[name]
        for key in ("type", "default", "choices", "required"):
            assert documented.get(key) == spec.get(key), f"{name}.{key}"
        for variable in ENVIRONMENT.get(name, ()):
            assert f"E({variable})" in " ".join(documented["description"]), f"{name} does not name {variable}"


def test_only_secrets_are_masked() -> None:
    assert {name for name, spec in AUTH_ARGUMENT_SPEC.items() if spec.get("no_log")} == {"secret", "oidc_token"}


def test_secrets_of_the_environment_are_masked_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "from-the-environment")
    validator: Any = ArgumentSpecValidator(AUTH_ARGUMENT_SPEC)  # type: ignore[no-untyped-call]
    result = validator.validate({"resource_group": "rg", "service_name": "apim"})
    assert result.validated_parameters["secret"] == "from-the-environment"
    assert "from-the-environment" in result._no_log_values


@pytest.mark.parametrize("name", sorted(ENVIRONMENT))
def test_each_variable_sets_its_option(
    options: Callable[..., dict[str, Any]], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    values = {"auth_source": "msi", "disable_instance_discovery": "true"}
    for variable in reversed(ENVIRONMENT[name]):
        value = values.get(name, f"/{variable}")
        monkeypatch.setenv(variable, value)
        found = options(**({"subscription_id": None} if name == "subscription_id" else {}))[name]
        assert found == (True if value == "true" else value)
