# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter llm_credentials."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.citadel.ai_gateway.plugins.filter import llm_credentials as door
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.inventory import named_values_of

SECRET = "s3cret"


def backend(**credential: Any) -> dict[str, Any]:
    return {
        "backend_id": "mistral",
        "backend_type": "external",
        "endpoint": "https://api.mistral.ai/v1",
        "auth_scheme": "api_key",
        "supported_models": ["mistral-large"],
        "credential": credential,
    }


def test_ansible_finds_the_filter_by_its_name() -> None:
    assert door.FilterModule().filters() == {"llm_credentials": door.llm_credentials}


def test_the_filter_returns_the_named_values_of_the_domain() -> None:
    inventory = [backend(value=SECRET)]
    assert door.llm_credentials(inventory) == named_values_of(inventory) != []


def test_problems_are_ansibles_and_show_no_secret() -> None:
    with pytest.raises(AnsibleFilterError, match=r"llm_backends\[0\]\.credential: has value and named_value") as error:
        door.llm_credentials([backend(value=SECRET, named_value="key")])
    assert SECRET not in str(error.value)
