# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter ``llm_validation_problems``: what the variables of a validation say that cannot be."""

from __future__ import annotations

DOCUMENTATION = r"""
name: llm_validation_problems
short_description: Tell which variables of a validation cannot be used
version_added: 1.0.0
author: citadel.ai_gateway contributors (@citadel)
description:
  - Looks at the variables of a validation beside a routing plan, before anything is asked.
  - Returns a sentence for each problem, which names the variable, the value and what to write instead. No value of a
    header is in it.
positional: _input
options:
  _input:
    description: The routing plan, from the filter P(citadel.ai_gateway.llm_routing_plan#filter).
    type: dict
    required: true
  checks:
    description: The variable C(llm_validation_checks).
    type: list
    elements: str
    required: true
  required:
    description: The variable C(llm_validation_required).
    type: list
    elements: str
    default: []
  models:
    description: The variable C(llm_validation_models).
    type: dict
    default: {}
  chat_options:
    description: The variable C(llm_validation_chat_options).
    type: dict
    default: {}
  headers:
    description: The variable C(llm_validation_headers).
    type: dict
    default: {}
  token_audience:
    description: The variable C(llm_validation_token_audience).
    type: str
    default: ""
seealso:
  - plugin: citadel.ai_gateway.llm_validation_result
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Show what cannot be used
  ansible.builtin.debug:
    msg: >-
      {{ llm_routing_plan | citadel.ai_gateway.llm_validation_problems(checks=['models', 'shares'],
                                                                       models={'gpt-4o': {'skip': true}}) }}
"""

RETURN = r"""
_value:
  description: The problems; empty when there are none.
  type: list
  elements: str
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any


def llm_validation_problems(
    plan: Mapping[str, Any],
    checks: Sequence[str],
    required: Sequence[str] = (),
    models: Mapping[str, Any] | None = None,
    chat_options: Mapping[str, Any] | None = None,
    headers: Mapping[str, Any] | None = None,
    token_audience: str = "",
) -> list[str]:
    """Return a sentence for each variable that cannot be used."""
    # Ansible loads every filter to find one, so what this one needs waits until it is called.
    from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.settings import settings_problems

    return settings_problems(
        plan,
        checks=checks,
        required=required,
        models={} if models is None else models,
        chat_options={} if chat_options is None else chat_options,
        headers={} if headers is None else headers,
        token_audience=token_audience,
    )


class FilterModule:
    """Names the filter for Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters of this file by name."""
        return {"llm_validation_problems": llm_validation_problems}
