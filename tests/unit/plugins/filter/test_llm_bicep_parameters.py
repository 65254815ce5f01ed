# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter llm_bicep_parameters: what it adds to the conversion."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible_collections.citadel.ai_gateway.plugins.filter import llm_bicep_parameters as door

VARIABLES: dict[str, Any] = {"apim_subscription_id": "sub", "apim_resource_group": "rg", "llm_owner": "team"}


def test_ansible_finds_the_filter_by_its_name() -> None:
    assert door.FilterModule().filters() == {"llm_bicep_parameters": door.llm_bicep_parameters}


def test_the_filter_returns_a_parameter_file() -> None:
    documents = ["apim_resource_group: rg # ours\n"]
    result = door.llm_bicep_parameters(VARIABLES, "apim-1", documents, template="../main.bicep")
    assert result["content"].startswith("using '../main.bicep'\n\nparam apim = {\n")
    assert "  resourceGroupName: 'rg' // ours\n" in result["content"]
    assert any(warning.startswith("llm_owner ") for warning in result["warnings"])


def test_the_filter_returns_arm_json() -> None:
    content = door.llm_bicep_parameters(VARIABLES, "apim-1", form="json")["content"]
    assert json.loads(content)["parameters"]["apim"]["value"]["name"] == "apim-1"


def test_an_unknown_form_is_refused() -> None:
    with pytest.raises(AnsibleFilterError, match="form is 'xml'; write bicepparam or json"):
        door.llm_bicep_parameters(VARIABLES, "apim-1", form="xml")


def test_problems_stop_the_task_or_are_returned() -> None:
    with pytest.raises(AnsibleFilterError, match="apim_resource_group is missing"):
        door.llm_bicep_parameters({}, "apim-1")
    result = door.llm_bicep_parameters({}, "apim-1", raise_problems=False)
    assert list(result) == ["problems"]
    assert "apim_resource_group is missing" in result["problems"]


def test_the_documentation_names_every_option() -> None:
    options = yaml.safe_load(door.DOCUMENTATION)["options"]
    assert set(options) == {"_input", "host", "documents", "form", "template", "raise_problems"}
    assert set(yaml.safe_load(door.RETURN)["_value"]["contains"]) == {
        *door.llm_bicep_parameters(VARIABLES, "apim-1"),
        *door.llm_bicep_parameters({}, "apim-1", raise_problems=False),
    }
