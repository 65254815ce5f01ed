# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter ``llm_validation_junit``: results of a validation for pipelines."""

from __future__ import annotations

DOCUMENTATION = r"""
name: llm_validation_junit
short_description: Write results of a validation of LLM gateways as JUnit XML
version_added: 1.0.0
author: citadel.ai_gateway contributors (@citadel)
description:
  - Returns the text of a JUnit XML file, which Azure DevOps, GitLab and Jenkins read.
  - A service is a test suite, with its address and numbers of calls as properties. A check is a test case. Its class is
    the service and the group of the check, such as C(apim-1.models).
  - Characters that XML 1.0 forbids are left out.
positional: _input
options:
  _input:
    description: Results of a validation, one for each API Management service.
    type: list
    elements: dict
    required: true
  name:
    description: Name of the whole run.
    type: str
    default: LLM gateway validation
seealso:
  - plugin: citadel.ai_gateway.llm_validation_table
    plugin_type: filter
  - plugin: citadel.ai_gateway.llm_validation_html
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Write the results for the pipeline
  ansible.builtin.copy:
    content: "{{ llm_validation_results | citadel.ai_gateway.llm_validation_junit }}"
    dest: junit.xml
    mode: "0644"
  delegate_to: localhost
  run_once: true
"""

RETURN = r"""
_value:
  description: Content of the file, for UTF-8.
  type: str
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError


def llm_validation_junit(results: Sequence[Mapping[str, Any]], name: str = "LLM gateway validation") -> str:
    """Return results of a validation as the text of a JUnit XML file.

    :raises AnsibleFilterError: with every problem of the results.
    """
    # Ansible loads every filter to find one, so what this one needs waits until it is called.
    from ansible_collections.citadel.ai_gateway.plugins.module_utils._report.junit import validation_junit
    from ansible_collections.citadel.ai_gateway.plugins.module_utils._report.results import ResultError, read_results
    from ansible_collections.citadel.ai_gateway.plugins.module_utils._report.text import printable

    try:
        return validation_junit(read_results(results), printable(name))
    except ResultError as error:
        raise AnsibleFilterError(str(error)) from None


class FilterModule:
    """Names the filter for Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters of this file by name."""
        return {"llm_validation_junit": llm_validation_junit}
