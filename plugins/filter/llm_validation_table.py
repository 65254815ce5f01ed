# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter ``llm_validation_table``: results of a validation for a terminal."""

from __future__ import annotations

DOCUMENTATION = r"""
name: llm_validation_table
short_description: Tell in a table how the validation of LLM gateways went
version_added: 1.0.0
author: citadel.ai_gateway contributors (@citadel)
description:
  - Returns a text with a line for each service, then for each service its checks counted by group, every failed check
    with its remedy, why checks were skipped, shares of traffic beside weights, and latency. The verdict ends it.
positional: _input
options:
  _input:
    description: Results of a validation, one for each API Management service.
    type: list
    elements: dict
    required: true
  width:
    description:
      - Columns that lines may take, from V(80) on. Names in tables are shortened, other texts are wrapped.
      - A word that is longer than a line, such as an address, stays whole.
    type: int
    default: 120
seealso:
  - plugin: citadel.ai_gateway.llm_validation_junit
    plugin_type: filter
  - plugin: citadel.ai_gateway.llm_validation_html
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Show how the validation went
  ansible.builtin.debug:
    msg: "{{ llm_validation_results | citadel.ai_gateway.llm_validation_table(width=100) }}"
"""

RETURN = r"""
_value:
  description: The table, several lines.
  type: str
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError

_NARROWEST = 80


def llm_validation_table(results: Sequence[Mapping[str, Any]], width: int = 120) -> str:
    """Return results of a validation as text for a terminal.

    :raises AnsibleFilterError: with every problem of the results, and for a width below 80.
    """
    # Ansible loads every filter to find one, so what this one needs waits until it is called.
    from ansible_collections.citadel.ai_gateway.plugins.module_utils._report.results import ResultError, read_results
    from ansible_collections.citadel.ai_gateway.plugins.module_utils._report.table import validation_table

    if not isinstance(width, int) or width < _NARROWEST:
        raise AnsibleFilterError(f"width is {width!r}; write an integer from {_NARROWEST} on")
    try:
        return validation_table(read_results(results), width)
    except ResultError as error:
        raise AnsibleFilterError(str(error)) from None


class FilterModule:
    """Names the filter for Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters of this file by name."""
        return {"llm_validation_table": llm_validation_table}
