# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter ``llm_policy_fragments``: the shipped policy library, rendered from a routing plan."""

from __future__ import annotations

DOCUMENTATION = r"""
name: llm_policy_fragments
short_description: Render the policy fragments that route requests by a plan
version_added: 1.0.0
author: citadel.ai_gateway contributors (@citadel)
description:
  - Renders the Jinja2 templates in the folder C(policies) of this collection from a routing plan.
  - Everything of the plan that enters a policy passes the filter P(citadel.ai_gateway.csharp_literal#filter), and
    stands in blocks of the plan's owner, beside which M(citadel.ai_gateway.apim_llm_gateway) keeps those of others.
positional: _input
options:
  _input:
    description: A routing plan, from the filter P(citadel.ai_gateway.llm_routing_plan#filter).
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Store the policy fragments of a plan
  citadel.ai_gateway.apim_policy_fragment:
    resource_group: rg-citadel-governance-hub
    service_name: apim-citadel-governance-hub
    fragments: "{{ llm_routing_plan | citadel.ai_gateway.llm_policy_fragments }}"
"""

RETURN = r"""
_value:
  description:
    - The fragments in the order in which an API's policies include them, as the option
      O(citadel.ai_gateway.apim_policy_fragment#module:fragments) takes them.
  type: list
  elements: dict
"""

from collections.abc import Callable, Mapping
from typing import Any


def llm_policy_fragments(plan: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return the policy fragments of a routing plan."""
    # Ansible loads every filter to find one, so what this one needs waits until it is called.
    from ansible_collections.citadel.ai_gateway.plugins.plugin_utils._policies import render_fragments

    return render_fragments(plan)


class FilterModule:
    """Names the filter for Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters of this file by name."""
        return {"llm_policy_fragments": llm_policy_fragments}
