# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From inventories to parameter files: names, comments of several files, and what the package cannot say."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.exporter import export_parameters
from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.problems import ParameterFileError
from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.vocabulary import FILLED_BY_DEFAULT, SETTINGS

ROLES = Path(__file__).resolve().parents[5] / "roles"
SERVICE = {"apim_subscription_id": "sub", "apim_resource_group": "rg"}
IDENTITY = {"resource_group": "rg", "name": "id"}

PARAMETERS = """\
using 'main.bicep'

param apim = {
  subscriptionId: 'sub'
  resourceGroupName: 'rg'
  name: 'apim-1'
}

param apimManagedIdentity = {
  subscriptionId: 'sub'
  resourceGroupName: 'rg'
  name: 'id'
}

param llmBackendConfig = [
  {
    backendId: 'a'
    authScheme: 'managedIdentity'
    supportedModels: [
      'gpt-4o'
      { name: 'it\\'s', capacity: 10, modelVersion: '1', retirementDate: '2027-04-14' }
    ]
    priority: 1
  }
  {
    backendId: 'b'
    supportedModels: ['x', 'y']
  }
]

param deployUniversalLlmApi = true
param inferenceAPIPath = 'models'

param configureCircuitBreaker = false
"""
COMMENTED = """\
// mine
param llmBackendConfig = [ // all
  // first
  {
    backendId: 'a' // a
    // end of it
  }
]

// the end
"""


def export(*documents: str, form: str = "bicepparam", **variables: Any) -> str:
    """The parameter file of a host with a service and these variables."""
    return export_parameters({**SERVICE, **variables}, "apim-1", documents, form).content


def warnings_of(**variables: Any) -> list[str]:
    """What is said to be left out, without the remedies."""
    given = {**SERVICE, "apim_managed_identity": IDENTITY, **variables}
    return [warning.partition(";")[0] for warning in export_parameters(given, "apim-1").warnings]


def test_the_parameter_file_is_what_a_person_would_write() -> None:
    models = [
        "gpt-4o",
        {"name": "it's", "capacity": "10", "model_version": 1, "retirement_date": date(2027, 4, 14)},
    ]
    backend = {"backend_id": "a", "auth_scheme": "managed_identity", "supported_models": models, "priority": 1}
    text = export(
        apim_managed_identity=IDENTITY,
        llm_backends=[backend, {"backend_id": "b", "supported_models": ["x", "y"]}],
        llm_universal_api={"deploy": True, "path": "models"},
        llm_circuit_breaker={"enabled": False},
    )
    assert text == PARAMETERS


def test_comments_come_from_the_file_that_counts() -> None:
    group = "# head\n---\n# the service\napim_resource_group: rg # here\n# old\nllm_backends: []\n# the end\n"
    host = "# mine\nllm_backends: # all\n  # first\n  - backend_id: a # a\n    # end of it\n\nother: 1\n"
    text = export(
        group,
        host,
        "a: [",
        "- list",
        "$ANSIBLE_VAULT;1.1\n",
        "# other file\nx: 1\n",
        llm_backends=[{"backend_id": "a"}],
    )
    assert text.startswith("// head\nusing 'main.bicep'\n\n// the service\nparam apim = {\n")
    assert "resourceGroupName: 'rg' // here\n" in text
    assert text.endswith(f"\n{COMMENTED}")
    assert "old" not in text
    assert "other file" not in text


def test_values_come_from_ansible_and_not_from_the_file() -> None:
    document = "llm_backends:\n  - backend_id: a # x\n    weight: 1\n  - backend_id: b\n"
    assert "{ backendId: 'c', weight: 7 }" in export(document, llm_backends=[{"backend_id": "c", "weight": 7}])


def test_templates_of_other_kinds_are_written_as_their_values() -> None:
    document = "apim_resource_group: \"{{ prefix }}-{{ lookup('ansible.builtin.env', 'A', default='b') }}\"\n"
    assert "resourceGroupName: 'rg'\n" in export(document)


def test_the_subscription_may_come_from_the_environment() -> None:
    variables = {"apim_resource_group": "rg", "apim_managed_identity": IDENTITY}
    text = export_parameters(variables, "apim-1").content
    assert text.count("subscriptionId: readEnvironmentVariable('AZURE_SUBSCRIPTION_ID')\n") == 2
    with pytest.raises(ParameterFileError, match="apim_subscription_id is missing"):
        export_parameters(variables, "apim-1", form="json")


def test_converted_values_of_the_environment_stay_what_they_are() -> None:
    document = (
        "llm_universal_api:\n  deploy: \"{{ lookup('ansible.builtin.env', 'D', default='false') | bool }}\"\n"
        "llm_backends:\n  - backend_id: \"x-{{ lookup('ansible.builtin.env', 'B', default=undef()) | lower }}\"\n"
        "    weight: \"{{ lookup('ansible.builtin.env', 'W', default='5') | int }}\"\n"
    )
    # Releases of Ansible before 2.19 make text of the integers of templates.
    variables: dict[str, Any] = {
        "llm_universal_api": {"deploy": False},
        "llm_backends": [{"backend_id": "x-b", "weight": "5"}],
    }
    text = export(document, **variables)
    assert "param deployUniversalLlmApi = bool(readEnvironmentVariable('D', 'false'))\n" in text
    assert "backendId: 'x-${toLower(readEnvironmentVariable('B'))}'" in text
    assert "weight: int(readEnvironmentVariable('W', '5'))" in text
    parameters = json.loads(export(document, form="json", **variables))["parameters"]
    assert parameters["deployUniversalLlmApi"] == {"value": False}
    assert parameters["llmBackendConfig"] == {"value": [{"backendId": "x-b", "weight": 5}]}


def test_json_has_the_values() -> None:
    document = "apim_resource_group: \"{{ lookup('ansible.builtin.env', 'A', default='b') }}\"\n"
    assert json.loads(export(document, form="json", llm_backends=[{"priority": 2}])) == {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json#",
        "contentVersion": "1.0.0.0",
        "parameters": {
            "apim": {"value": {"subscriptionId": "sub", "resourceGroupName": "rg", "name": "apim-1"}},
            "llmBackendConfig": {"value": [{"priority": 2}]},
        },
    }


def test_every_field_that_the_package_cannot_say_is_told() -> None:
    model = {"name": "m", "deployment": "d", "aliases": ["x"], "fallbacks": [], "capabilities": ["chat"]}
    backend = {"backend_id": "a", "credential": {"value": "k3y"}, "circuit_breaker": {}, "supported_models": [model]}
    lost = warnings_of(
        llm_backends=[backend],
        llm_universal_api={"deploy": True, "products": ["p"], "cors_origins": []},
        llm_azure_openai_api={"deploy": True},
        llm_circuit_breaker={"enabled": True, "count": 5},
        llm_backend_scope="deployment",
        llm_prune=False,
        unrelated=1,
    )
    names = (
        "llm_backends[0].credential",
        "llm_backends[0].circuit_breaker",
        "llm_backends[0].supported_models[0].deployment",
        "llm_backends[0].supported_models[0].aliases",
        "llm_backends[0].supported_models[0].fallbacks",
        "llm_backends[0].supported_models[0].capabilities",
        "llm_universal_api.products",
        "llm_universal_api.cors_origins",
        "llm_circuit_breaker.count",
        "llm_azure_openai_api",
        "llm_backend_scope",
    )
    assert sorted(lost) == sorted(f"{name} has no counterpart in the package and was left out" for name in names)


def test_an_api_that_is_not_deployed_is_not_missed() -> None:
    assert warnings_of(llm_azure_openai_api={"deploy": False, "path": "openai"}) == []


def test_what_is_empty_and_not_by_default_is_told() -> None:
    lost = warnings_of(
        llm_circuit_breaker={"accept_retry_after": False, "error_reasons": [], "interval": None},
        llm_universal_api={"deploy": True, "products": [], "cors_origins": []},
        llm_retirement={},
        llm_preflight=False,
        llm_prune_delay=0,
        llm_owner=None,
    )
    names = (
        "llm_circuit_breaker.accept_retry_after",
        "llm_circuit_breaker.error_reasons",
        "llm_universal_api.cors_origins",
        "llm_prune_delay",
    )
    assert sorted(lost) == sorted(f"{name} has no counterpart in the package and was left out" for name in names)


def test_the_defaults_that_are_not_empty_are_those_of_the_roles() -> None:
    """An empty mapping has the defaults of its fields, so fields count only where some of them are parameters."""
    translated = set(SETTINGS.values())
    defaults: dict[str, Any] = {}
    for path in ROLES.glob("*/meta/argument_specs.yml"):
        options = yaml.safe_load(path.read_text(encoding="utf-8"))["argument_specs"]["main"]["options"]
        defaults |= {name: spec.get("default") for name, spec in options.items() if spec["type"] != "dict"}
        for name in {name for name, _ in translated} & options.keys():
            fields = options[name]["options"].items()
            defaults |= {f"{name}.{key}": spec.get("default") for key, spec in fields if (name, key) not in translated}
    assert {name for name, default in defaults.items() if default} == FILLED_BY_DEFAULT


def test_an_identity_by_its_client_id_is_told() -> None:
    assert warnings_of(apim_managed_identity={"client_id": "x"}) == [
        "apim_managed_identity.client_id has no counterpart in the package and was left out",
        "apim_managed_identity gives no resource_group and name, which apimManagedIdentity wants",
    ]


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"apim_resource_group": None, "llm_backends": "x"}, "llm_backends is no array"),
        ({"llm_backends": [{"auth_scheme": "msi"}]}, r"llm_backends\[0\].auth_scheme is none of the known schemes"),
        ({"llm_universal_api": "yes"}, "llm_universal_api is no mapping"),
        ({"apim_resource_group": {}}, "apim_resource_group is no single value"),
    ],
)
def test_other_shapes_are_refused(variables: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterFileError, match=f"The inventory has .*; nothing was written:\n  - {message}"):
        export_parameters({**SERVICE, **variables}, "apim-1")
