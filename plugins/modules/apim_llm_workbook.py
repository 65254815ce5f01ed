#!/usr/bin/python

# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module apim_llm_workbook: the workbook that shows what an API Management service does for its LLM clients."""

from __future__ import annotations

DOCUMENTATION = r"""
module: apim_llm_workbook
short_description: Manage the monitoring workbook of an API Management service
version_added: 1.0.0
author: citadel.ai_gateway contributors (@citadel)
description:
  - Creates, changes and removes a workbook of Azure Monitor, which queries the Application Insights resource that the
    APIs of an API Management service report to.
  - There is one workbook for each service and O(owner). Its name in ARM, a GUID, is made of both, so that the next run
    finds it in the same resource group.
  - A run puts its content back to O(content). People who want another one save a copy under another name.
  - The tag C(llm_owner) tells whom it belongs to. Other tags are left alone.
extends_documentation_fragment:
  - citadel.ai_gateway.azure
  - citadel.ai_gateway.azure.attributes
options:
  application_insights:
    description:
      - The Application Insights resource, by its ARM id or by name. The workbook appears among its workbooks.
    type: dict
    required: true
    suboptions:
      id:
        description: ARM id.
        type: str
      subscription_id:
        description: Subscription. That of the service when it is left out.
        type: str
      resource_group:
        description: Resource group.
        type: str
      name:
        description: Name.
        type: str
  content:
    description:
      - The content, as the advanced editor of workbooks shows it. Required when O(state=present).
      - The filter P(citadel.ai_gateway.llm_workbook_content#filter) renders the workbook of this collection.
      - Compared as data. Spaces and the order of keys mean nothing.
    type: dict
  display_name:
    description:
      - Name that people see. ARM refuses one that another workbook of the resource group has.
      - C(LLM gateway) and the name of the service when it is left out.
    type: str
  workbook_resource_group:
    description:
      - Resource group of the workbook, in the subscription of Application Insights.
      - That of Application Insights when it is left out.
    type: str
  location:
    description:
      - Azure region of the workbook. ARM moves none.
      - A new workbook gets that of Application Insights when it is left out.
    type: str
  owner:
    description: Name that marks the workbook as belonging to one inventory.
    type: str
    required: true
  adopt:
    description: Take over the workbook if it has lost the mark of O(owner). Without this it is an error.
    type: bool
    default: false
  state:
    description:
      - V(present) creates the workbook if it is missing, and changes it if it differs.
      - V(absent) removes it if it carries the mark of O(owner). Otherwise it stays, with a warning.
    type: str
    choices: [present, absent]
    default: present
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
seealso:
  - module: citadel.ai_gateway.apim_llm_gateway
  - plugin: citadel.ai_gateway.llm_workbook_content
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Show what the gateway does
  vars:
    insights: >-
      /subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-citadel-governance-hub/providers/microsoft.insights/components/appi-citadel
  citadel.ai_gateway.apim_llm_workbook:
    resource_group: rg-citadel-governance-hub
    service_name: apim-citadel-governance-hub
    owner: platform-team
    application_insights:
      id: "{{ insights }}"
    content: "{{ insights | citadel.ai_gateway.llm_workbook_content }}"

- name: Remove the workbook
  citadel.ai_gateway.apim_llm_workbook:
    resource_group: rg-citadel-governance-hub
    service_name: apim-citadel-governance-hub
    owner: platform-team
    application_insights:
      resource_group: rg-citadel-governance-hub
      name: appi-citadel
    state: absent
"""

RETURN = r"""
workbook:
  description: The workbook.
  returned: always
  type: dict
  contains:
    id:
      description: ARM id, also of one that does not exist.
      type: str
    name:
      description: Name in ARM, a GUID.
      type: str
      sample: 9b1f0a9e-2f0b-5c0d-8a6e-3f1c2d4b5a60
objects:
  description: The workbook as an object that was looked at, in the form of the other modules. Empty for none.
  returned: always
  type: list
  elements: dict
  contains:
    kind:
      description: The kind of object.
      type: str
      sample: workbook
    name:
      description: Its name.
      type: str
      sample: 9b1f0a9e-2f0b-5c0d-8a6e-3f1c2d4b5a60
    action:
      description:
        - What was done, or would be done in check mode. One of V(created), V(updated), V(deleted) and V(unchanged).
      type: str
      sample: created
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.client import ArmClient
from ansible_collections.citadel.ai_gateway.plugins.module_utils._module import create_module, run_module
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.marks import OWNER
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.ownership import Ownership
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.workbook import Workbook
from ansible_collections.citadel.ai_gateway.plugins.module_utils._workbook import (
    APPLICATION_INSIGHTS_SPEC,
    deploy,
    place_of,
    remove,
)


def apply(module: AnsibleModule, client: ArmClient) -> dict[str, Any]:
    """Reach the wanted state; return the module's result."""
    params = module.params
    place = place_of(client, params)
    if params["state"] == "absent":
        report = remove(client, place, params["owner"], check_mode=module.check_mode)
    else:
        options = {**params, "display_name": params["display_name"] or f"LLM gateway {params['service_name']}"}
        ownership = Ownership(params["owner"], params["adopt"])
        report = deploy(client, place, options, ownership, check_mode=module.check_mode)
    for warning in report.warnings:
        module.warn(warning)
    diff = {"diff": report.diff()} if module._diff else {}
    workbook = {"id": place.path, "name": place.name}
    return {"changed": report.changed, "workbook": workbook, "objects": report.objects(), **diff}


def main() -> None:
    """Run the module."""
    module = create_module(
        **Workbook.argument_spec(),
        application_insights=APPLICATION_INSIGHTS_SPEC,
        workbook_resource_group={"type": "str"},
        owner={"type": "str", "required": True},
        adopt={"type": "bool", "default": False},
        state={"type": "str", "choices": ["present", "absent"], "default": "present"},
    )
    if not OWNER.fullmatch(module.params["owner"]):
        remedy = "write 1 to 64 letters, digits, dots, hyphens and underscores, with a letter or digit at both ends"
        module.fail_json(msg=f"owner (llm_owner): is {module.params['owner']!r}; {remedy}")
    if module.params["state"] == "present" and not module.params["content"]:
        module.fail_json(msg="state is present but content is missing: give the content of the workbook")
    run_module(module, lambda client: apply(module, client))


if __name__ == "__main__":
    main()
