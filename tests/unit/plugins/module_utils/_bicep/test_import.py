# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From parameter files to inventories: names, layout, comments, and what is left out."""

from __future__ import annotations

import json

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.importer import import_parameters
from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.problems import ParameterFileError

from tests.unit.plugins.module_utils._bicep.parameter_files import variables_of, yaml_of

FILE = """\
// The hub of the platform team
using 'main.bicep'

// ---- where ----
param apim = { // the service
  subscriptionId: '00000000-0000-0000-0000-000000000000' // ours
  resourceGroupName: 'rg-hub'
  name: 'apim-hub'
}

param apimManagedIdentity = {
  resourceGroupName: 'rg-hub'
  name: 'id-hub'
}

var east = 'https://east.openai.azure.com' // moved last year
param llmBackendConfig = [
  // the big one
  {
    backendId: 'east'
    backendType: 'azure-openai'
    endpoint: east
    authScheme: 'apiKey'
    supportedModels: [
      'gpt-4o'
      { "name": "Phi-4", "modelVersion": "3", "retirementDate": "2099-12-30" } // small
    ]
    priority: 1
  }

  {
    backendId: 'west'
    supportedModels: ['gpt-4o', 'yes'] // the same
    // weight: 50
  }
]

param configureCircuitBreaker = false
param deployUniversalLlmApi = true
param inferenceAPIPath = '/inference'
param inferenceAPIType = 'openai'  // or 'models-inference'
"""
HOST_VARS = """\
# The hub of the platform team
---
# ---- where ----
# the service
apim_subscription_id: 00000000-0000-0000-0000-000000000000 # ours
apim_resource_group: rg-hub
apim_service_name: apim-hub

apim_managed_identity:
  resource_group: rg-hub
  name: id-hub

# moved last year
llm_backends:
  # the big one
  - backend_id: east
    backend_type: azure-openai
    endpoint: https://east.openai.azure.com
    auth_scheme: api_key
    supported_models:
      - gpt-4o
      - {name: Phi-4, model_version: "3", retirement_date: "2099-12-30"} # small
    priority: 1

  - backend_id: west
    supported_models: [gpt-4o, "yes"] # the same
    # weight: 50

llm_circuit_breaker:
  enabled: false
llm_universal_api:
  deploy: true
  path: /inference
  type: openai # or 'models-inference'
"""


def test_the_inventory_is_what_a_person_would_write() -> None:
    imported = import_parameters(FILE)
    assert imported.host == "apim-hub"
    assert imported.warnings == ()
    assert yaml_of(imported) == HOST_VARS


def test_a_host_may_have_another_name() -> None:
    assert import_parameters(FILE, host="hub").host == "hub"
    assert variables_of(import_parameters(FILE, host="hub"))["apim_service_name"] == "apim-hub"


@pytest.mark.parametrize("host", ["../hub", "a/b", ".", "hub.yml", "x" * 64])
def test_a_host_does_not_lead_out_of_its_folder(host: str) -> None:
    with pytest.raises(ParameterFileError, match="the name of the host has other characters"):
        import_parameters(FILE, host=host)


def test_a_file_without_service_needs_a_name_for_its_host() -> None:
    file = "param llmBackendConfig = []"
    assert variables_of(import_parameters(file, host="hub")) == {"llm_backends": []}
    with pytest.raises(ParameterFileError, match=r"there is no apim\.name, so the host has no name"):
        import_parameters(file)
    with pytest.raises(ParameterFileError, match="the host cannot be named after this"):
        import_parameters("param apim = { name: readEnvironmentVariable('NAME') }")


def test_what_the_document_does_not_know_is_told() -> None:
    text = (
        "param apim = { name: 'a', region: 'x' }\n// why\nparam tags = {}\nparam llmBackendConfig = [{ wieght: 1 }]\n"
    )
    imported = import_parameters(text)
    separator = " is not in the package document and was left out; "
    assert [warning.partition(separator)[::2] for warning in imported.warnings] == [
        ("line 1, column 27: apim.region", "set it in the inventory, if it is needed"),
        ("line 3, column 1: tags", "set it in the inventory, if it is needed"),
        ("line 4, column 29: llmBackendConfig[0].wieght", "write weight, if that is meant"),
    ]
    assert yaml_of(imported) == "---\napim_service_name: a\n# why\nllm_backends:\n  - {}\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("param apim = 'x'", "apim is no object"),
        ("param llmBackendConfig = {}", "llmBackendConfig is no array"),
        ("param llmBackendConfig = ['x']", r"llmBackendConfig\[0\] is no object"),
        ("param llmBackendConfig = [{ supportedModels: 'x' }]", r"llmBackendConfig\[0\].supportedModels is no array"),
        ("param llmBackendConfig = [{ supportedModels: [[]] }]", r"supportedModels\[0\] is no object"),
        ("param llmBackendConfig = [{ authScheme: 'msi' }]", r"llmBackendConfig\[0\].authScheme is none of the known"),
        ("param llmBackendConfig = [{ endpoint: {} }]", r"llmBackendConfig\[0\].endpoint is no single value"),
        ("param apim = {}\nparam apim = {}", "apim is given twice"),
        ("param inferenceAPIPath = 'a'\nparam universalLlmApiPath = 'b'", "sets what another parameter sets"),
        ("param tags = {}", "there is no parameter of the package"),
        ("", "there is no parameter of the package"),
        ("{}", "there is no object parameters"),
    ],
)
def test_other_shapes_are_refused(text: str, message: str) -> None:
    with pytest.raises(ParameterFileError, match=message):
        import_parameters(text, host="hub")


def test_arm_json_is_read_as_well() -> None:
    text = """\
    // made by a pipeline
    {
      "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json#",
      "contentVersion": "1.0.0.0",
      // the parameters
      "parameters": {
        "apim": { "value": { "name": "apim-hub" } },
        // all backends
        "llmBackendConfig": {
          "value": [ { "backendId": "a", "authScheme": "token", "supportedModels": [ "b" ], "weight": 5 } ] // one
        }
      }
    }
    """
    assert yaml_of(import_parameters(text)) == (
        "---\n# the parameters\napim_service_name: apim-hub\n# all backends\nllm_backends:\n"
        "  - backend_id: a\n    auth_scheme: token\n    supported_models: [b]\n    weight: 5\n  # one\n"
    )


def test_arm_json_with_secrets_is_refused() -> None:
    reference = {"keyVault": {"id": "/subscriptions/x"}, "secretName": "s3cr3t"}
    parameters = {"apim": {"reference": reference}, "llmBackendConfig": {}, "inferenceAPIType": "openai"}
    with pytest.raises(ParameterFileError) as raised:
        import_parameters(json.dumps({"parameters": parameters}, indent=2))
    assert [problem.message for problem in raised.value.problems] == [
        "there is no parameter of the package",
        "apim refers to a secret of Key Vault",
        "llmBackendConfig has no value",
        "inferenceAPIType is no object",
    ]
    assert "s3cr3t" not in str(raised.value)
