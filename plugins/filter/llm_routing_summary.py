# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter ``llm_routing_summary``: the door of playbooks to the summary of a run."""

from __future__ import annotations

DOCUMENTATION = r"""
name: llm_routing_summary
short_description: Tell in a table where each model is routed
version_added: 1.0.0
author: citadel.ai_gateway contributors (@citadel)
description:
  - Returns a text that counts what a run did and shows, for each model, its routes in the order in which requests try
    them, and the members of pools with priority and weight.
positional: _input, objects
options:
  _input:
    description: A routing plan, from the filter P(citadel.ai_gateway.llm_routing_plan#filter).
    type: dict
    required: true
  objects:
    description: What a run did, RV(citadel.ai_gateway.apim_llm_gateway#module:objects).
    type: list
    elements: dict
    default: []
  check_mode:
    description: Whether the run was in check mode, so that what it tells is still to do.
    type: bool
    default: false
  unlisted:
    description:
      - What of the owner is not listed any more and stays, RV(citadel.ai_gateway.apim_llm_gateway#module:unlisted).
    type: list
    elements: dict
    default: []
  kept:
    description: What stays because others use it, RV(citadel.ai_gateway.apim_llm_gateway#module:kept).
    type: list
    elements: dict
    default: []
"""

EXAMPLES = r"""
- name: Show where each model is routed
  ansible.builtin.debug:
    msg: "{{ llm_routing_plan | citadel.ai_gateway.llm_routing_summary }}"
"""

RETURN = r"""
_value:
  description: The summary, several lines.
  type: str
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any


def llm_routing_summary(
    plan: Mapping[str, Any],
    objects: Sequence[Mapping[str, Any]] = (),
    check_mode: bool = False,
    unlisted: Sequence[Mapping[str, Any]] = (),
    kept: Sequence[Mapping[str, Any]] = (),
) -> str:
    """Return the summary of a routing plan and of what a run did, or in check mode would do."""
    # Ansible loads every filter to find one, so what this one needs waits until it is called.
    from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.summary import summarize

    return summarize(plan, objects, check_mode=check_mode, unlisted=unlisted, kept=kept)


class FilterModule:
    """Names the filter for Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters of this file by name."""
        return {"llm_routing_summary": llm_routing_summary}
