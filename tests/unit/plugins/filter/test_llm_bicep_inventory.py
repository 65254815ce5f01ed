# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter llm_bicep_inventory: what it adds to the conversion."""

from __future__ import annotations

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible_collections.citadel.ai_gateway.plugins.filter import llm_bicep_inventory as door

FILE = "param apim = { name: 'apim-1', region: 'x' }\nparam llmBackendConfig = []\n"


def test_ansible_finds_the_filter_by_its_name() -> None:
    assert door.FilterModule().filters() == {"llm_bicep_inventory": door.llm_bicep_inventory}


def test_the_filter_returns_the_files_of_an_inventory() -> None:
    result = door.llm_bicep_inventory(FILE)
    assert result["host"] == "apim-1"
    assert yaml.safe_load(result["hosts"]) == {"apim": {"hosts": {"apim-1": None}}}
    assert yaml.safe_load(result["host_vars"]) == {"apim_service_name": "apim-1", "llm_backends": []}
    assert len(result["warnings"]) == 1


def test_the_host_can_be_named() -> None:
    result = door.llm_bicep_inventory(FILE, host="hub")
    assert result["host"] == "hub"
    assert "    hub:\n" in result["hosts"]


def test_problems_stop_the_task_or_are_returned() -> None:
    with pytest.raises(AnsibleFilterError, match="line 1, column 14: the function f cannot be carried over"):
        door.llm_bicep_inventory("param apim = f()")
    result = door.llm_bicep_inventory("param apim = f()", raise_problems=False)
    assert list(result) == ["problems"]
    assert "line 1, column 14: the function f cannot be carried over" in result["problems"]


def test_the_documentation_names_every_option() -> None:
    options = yaml.safe_load(door.DOCUMENTATION)["options"]
    assert set(options) == {"_input", "host", "raise_problems"}
    assert set(yaml.safe_load(door.RETURN)["_value"]["contains"]) == {
        *door.llm_bicep_inventory(FILE),
        *door.llm_bicep_inventory("", raise_problems=False),
    }
