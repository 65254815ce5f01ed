# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter ``llm_bicep_parameters``: from an inventory to a parameter file of the Bicep package."""

from __future__ import annotations

DOCUMENTATION = r"""
name: llm_bicep_parameters
short_description: Convert the variables of a host into a parameter file of the Bicep package
version_added: 1.0.0
author: citadel.ai_gateway contributors (@citadel)
description:
  - Returns the parameter file of the LLM backend onboarding package that says what an inventory says of a host.
  - What the package cannot say, such as credentials, is left out and told. No secret is written.
positional: _input
options:
  _input:
    description: The variables of the host whose names begin with C(apim_) or C(llm_).
    type: dict
    required: true
  host:
    description: Name of the host, that of the API Management service unless C(apim_service_name) gives it.
    type: str
    required: true
  documents:
    description:
      - Contents of the YAML files that the variables come from, those that count most last.
      - Their comments are carried over. Where they read the environment as the filter
        P(citadel.ai_gateway.llm_bicep_inventory#filter) writes it, the parameter file does as well.
    type: list
    elements: str
    default: []
  form:
    description: Language of the file. ARM JSON has neither comments nor references to the environment.
    type: str
    choices: [bicepparam, json]
    default: bicepparam
  template:
    description: Path of the template that takes the parameters, from the folder of the file. For V(bicepparam) only.
    type: str
    default: main.bicep
  raise_problems:
    description:
      - Whether problems of the variables stop the task.
      - Otherwise the result holds nothing but RV(_value.problems), for a message without Ansible's account of where the
        filter was called.
    type: bool
    default: true
seealso:
  - plugin: citadel.ai_gateway.llm_bicep_inventory
    plugin_type: filter
    description: The way here.
"""

EXAMPLES = r"""
- name: Show the parameter file of a host
  vars:
    variables:
      apim_subscription_id: 00000000-0000-0000-0000-000000000000
      apim_resource_group: rg-citadel-governance-hub
      llm_backends: "{{ llm_backends }}"
    parameters: "{{ variables | citadel.ai_gateway.llm_bicep_parameters(host=inventory_hostname) }}"
  ansible.builtin.debug:
    msg: "{{ parameters.content }}"
"""

RETURN = r"""
_value:
  description: The parameter file.
  type: dict
  contains:
    content:
      description: Content of the file.
      type: str
    problems:
      description: Every problem of the variables, with its path and remedy.
      returned: when there are some and O(raise_problems=false)
      type: str
    warnings:
      description: What was left out because the package cannot say it, a line for each field.
      type: list
      elements: str
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError


def llm_bicep_parameters(
    variables: Mapping[str, Any],
    host: str,
    documents: Sequence[str] = (),
    form: str = "bicepparam",
    template: str = "main.bicep",
    raise_problems: bool = True,
) -> dict[str, Any]:
    """Return the parameter file that says what the variables of a host say.

    :raises AnsibleFilterError: for an unknown form, and with every problem of the variables, unless these are to be
        returned.
    """
    # Ansible loads every filter to find one, so what this one needs waits until it is called.
    from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.exporter import FORMATS, export_parameters
    from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.problems import ParameterFileError

    if form not in FORMATS:
        raise AnsibleFilterError(f"form is {form!r}; write {' or '.join(FORMATS)}")
    try:
        exported = export_parameters(variables, str(host), [str(each) for each in documents], form, str(template))
    except ParameterFileError as error:
        if not raise_problems:
            return {"problems": str(error)}
        raise AnsibleFilterError(str(error)) from None
    return {"content": exported.content, "warnings": list(exported.warnings)}


class FilterModule:
    """Names the filter for Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters of this file by name."""
        return {"llm_bicep_parameters": llm_bicep_parameters}
