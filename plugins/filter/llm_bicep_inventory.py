# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter ``llm_bicep_inventory``: from a parameter file of the Bicep package to an inventory."""

from __future__ import annotations

DOCUMENTATION = r"""
name: llm_bicep_inventory
short_description: Convert a parameter file of the Bicep package into an inventory
version_added: 1.0.0
author: citadel.ai_gateway contributors (@citadel)
description:
  - Reads a C(.bicepparam) file or an ARM JSON parameter file of the LLM backend onboarding package, and returns the
    files of an inventory with one host, comments included.
  - Backends alone, C([ ... ]) or C({ ... }) as in the onboarding guide, are read as the parameter C(llmBackendConfig);
    then O(host) has to name the host.
  - Variables of the file, spreads, and the functions C(bool), C(int), C(string), C(json), C(toLower), C(toUpper) and
    C(any) are resolved. C(readEnvironmentVariable) becomes a lookup of the environment, with a filter where C(bool),
    C(int), C(toLower) or C(toUpper) is around it.
  - What cannot be carried over, such as C(getSecret), is refused, all of it at once, each with line, column and remedy.
positional: _input
options:
  _input:
    description: Content of the parameter file, or backends alone.
    type: str
    required: true
  host:
    description: Name of the host. That of the API Management service, C(apim.name), when it is empty.
    type: str
    default: ""
  raise_problems:
    description:
      - Whether problems of the file stop the task.
      - Otherwise the result holds nothing but RV(_value.problems), for a message without Ansible's account of where the
        filter was called.
    type: bool
    default: true
seealso:
  - plugin: citadel.ai_gateway.llm_bicep_parameters
    plugin_type: filter
    description: The way back.
"""

EXAMPLES = r"""
- name: Show the inventory that a parameter file describes
  vars:
    inventory: "{{ lookup('ansible.builtin.file', 'main.bicepparam') | citadel.ai_gateway.llm_bicep_inventory }}"
  ansible.builtin.debug:
    msg: "{{ inventory.host_vars }}"
"""

RETURN = r"""
_value:
  description: The inventory.
  type: dict
  contains:
    host:
      description: Name of the host.
      type: str
    hosts:
      description: Content of an inventory file that puts the host into the group C(apim).
      type: str
    host_vars:
      description: Content of the file of the host's variables, YAML.
      type: str
    problems:
      description: Every problem of the file, with its place and remedy.
      returned: when there are some and O(raise_problems=false)
      type: str
    warnings:
      description:
        - What was left out, each with its place.
        - That is what the package document does not know, and decorators above parameters, which Bicep itself refuses.
      type: list
      elements: str
"""

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError


def llm_bicep_inventory(text: str, host: str = "", raise_problems: bool = True) -> dict[str, Any]:
    """Return the inventory that a parameter file describes.

    :raises AnsibleFilterError: with every problem of the file, unless these are to be returned.
    """
    # Ansible loads every filter to find one, so what this one needs waits until it is called.
    from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.importer import import_parameters
    from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.problems import ParameterFileError
    from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.yaml_writer import (
        write_host,
        write_variables,
    )

    try:
        imported = import_parameters(str(text), host=str(host))
    except ParameterFileError as error:
        if not raise_problems:
            return {"problems": str(error)}
        raise AnsibleFilterError(str(error)) from None
    return {
        "host": imported.host,
        "hosts": write_host(imported.host),
        "host_vars": write_variables(imported.head, imported.variables),
        "warnings": list(imported.warnings),
    }


class FilterModule:
    """Names the filter for Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters of this file by name."""
        return {"llm_bicep_inventory": llm_bicep_inventory}
