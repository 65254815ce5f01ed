# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter ``llm_credentials``: the named values that hold the credentials of backends."""

from __future__ import annotations

DOCUMENTATION = r"""
name: llm_credentials
short_description: Derive the named values that hold the credentials of LLM backends
version_added: 1.0.0
author: citadel.ai_gateway contributors (@citadel)
description:
  - Returns one secret named value for each backend whose credential is given as a value or as a secret of a key vault.
  - The result holds secrets. Hand it to a module that masks them, and do not keep it in a fact; that is why the plan
    of the filter P(citadel.ai_gateway.llm_routing_plan#filter) holds none.
positional: _input
options:
  _input:
    description: The backends, as in the variable C(llm_backends) of the role P(citadel.ai_gateway.llm_onboarding#role).
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Store the credentials of the backends
  citadel.ai_gateway.apim_named_value:
    resource_group: rg-citadel-governance-hub
    service_name: apim-citadel-governance-hub
    named_values: "{{ llm_backends | citadel.ai_gateway.llm_credentials }}"
"""

RETURN = r"""
_value:
  description:
    - The named values, as the option O(citadel.ai_gateway.apim_named_value#module:named_values) takes them. Each is
      named after its backend, C(BACKEND_ID-credential).
  type: list
  elements: dict
"""

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError


def llm_credentials(llm_backends: Any) -> list[dict[str, Any]]:
    """Return the named values for the credentials of an inventory.

    :raises AnsibleFilterError: with every problem of the backends.
    """
    # Ansible loads every filter to find one, so what this one needs waits until it is called.
    from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.inventory import named_values_of
    from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.problems import InventoryError

    try:
        return named_values_of(llm_backends)
    except InventoryError as error:
        raise AnsibleFilterError(str(error)) from None


class FilterModule:
    """Names the filter for Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters of this file by name."""
        return {"llm_credentials": llm_credentials}
