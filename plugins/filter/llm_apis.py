# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter ``llm_apis``: the shipped APIs with their policies, as a routing plan asks for them."""

from __future__ import annotations

DOCUMENTATION = r"""
name: llm_apis
short_description: Render the APIs through which clients reach the models of a plan
version_added: 1.0.0
author: citadel.ai_gateway contributors (@citadel)
description:
  - Returns the Universal LLM API and the Azure OpenAI API, as far as the plan has them, with their operations and
    policies from the folder C(policies) of this collection.
  - Their policies include the fragments of the filter P(citadel.ai_gateway.llm_policy_fragments#filter).
positional: _input
options:
  _input:
    description: A routing plan, from the filter P(citadel.ai_gateway.llm_routing_plan#filter).
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Deploy the APIs of a plan
  citadel.ai_gateway.apim_llm_api:
    resource_group: rg-citadel-governance-hub
    service_name: apim-citadel-governance-hub
    apis: "{{ llm_routing_plan | citadel.ai_gateway.llm_apis }}"
"""

RETURN = r"""
_value:
  description: The APIs, as the option O(citadel.ai_gateway.apim_llm_api#module:apis) takes them.
  type: list
  elements: dict
"""

from collections.abc import Callable, Mapping
from typing import Any


def llm_apis(plan: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the APIs of a routing plan."""
    # Ansible loads every filter to find one, so what this one needs waits until it is called.
    from ansible_collections.citadel.ai_gateway.plugins.plugin_utils._policies import render_apis

    return render_apis(plan)


class FilterModule:
    """Names the filter for Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters of this file by name."""
        return {"llm_apis": llm_apis}
