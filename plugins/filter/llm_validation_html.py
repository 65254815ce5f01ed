# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter ``llm_validation_html``: results of a validation as a page."""

from __future__ import annotations

DOCUMENTATION = r"""
name: llm_validation_html
short_description: Show in an HTML page how the validation of LLM gateways went
version_added: 1.0.0
author: citadel.ai_gateway contributors (@citadel)
description:
  - Returns an HTML document that begins with the verdict and with what to do about each failed check. Charts of routes,
    shares of traffic, failover and latency follow for each service, with tables of their numbers, then all checks.
  - The document needs nothing else. It loads nothing, runs no script, and its content security policy forbids both.
positional: _input
options:
  _input:
    description: Results of a validation, one for each API Management service.
    type: list
    elements: dict
    required: true
  title:
    description: Title of the document.
    type: str
    default: LLM gateway validation
seealso:
  - plugin: citadel.ai_gateway.llm_validation_junit
    plugin_type: filter
  - plugin: citadel.ai_gateway.llm_validation_table
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Write the report
  ansible.builtin.copy:
    content: "{{ llm_validation_results | citadel.ai_gateway.llm_validation_html(title='AI gateways of production') }}"
    dest: validation.html
    mode: "0644"
  delegate_to: localhost
  run_once: true
"""

RETURN = r"""
_value:
  description: The document, for UTF-8.
  type: str
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError


def llm_validation_html(results: Sequence[Mapping[str, Any]], title: str = "LLM gateway validation") -> str:
    """Return results of a validation as an HTML document.

    :raises AnsibleFilterError: with every problem of the results.
    """
    # Ansible loads every filter to find one, so what this one needs waits until it is called.
    from ansible_collections.citadel.ai_gateway.plugins.module_utils._report.results import ResultError, read_results
    from ansible_collections.citadel.ai_gateway.plugins.module_utils._report.text import printable
    from ansible_collections.citadel.ai_gateway.plugins.plugin_utils._reports import render_validation

    try:
        return render_validation(read_results(results), printable(title))
    except ResultError as error:
        raise AnsibleFilterError(str(error)) from None


class FilterModule:
    """Names the filter for Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters of this file by name."""
        return {"llm_validation_html": llm_validation_html}
