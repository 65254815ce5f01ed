#!/usr/bin/python

# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module apim_llm_api: the APIs of an API Management service, with all that belongs to them."""

from __future__ import annotations

DOCUMENTATION = r"""
module: apim_llm_api
short_description: Manage APIs of an API Management service
version_added: 1.0.0
author: citadel.ai_gateway contributors (@citadel)
description:
  - Creates, changes and removes APIs with their operations, policies and links to products.
  - One task takes any number of APIs. Each kind of object is listed once per API, compared, and written in an order in
    which everything that is referred to exists.
  - A policy that says the same as the stored one is not written again, however ARM lays it out.
extends_documentation_fragment:
  - citadel.ai_gateway.azure
  - citadel.ai_gateway.azure.attributes
  - citadel.ai_gateway.llm_objects.apis
  - citadel.ai_gateway.llm_objects.ownership
  - citadel.ai_gateway.llm_objects.state
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  apis:
    required: true
seealso:
  - module: citadel.ai_gateway.apim_llm_gateway
"""

EXAMPLES = r"""
- name: An API that asks no backend
  citadel.ai_gateway.apim_llm_api:
    resource_group: rg-citadel-governance-hub
    service_name: apim-citadel-governance-hub
    apis:
      - name: health
        display_name: Health
        path: health
        subscription_required: false
        definition:
          openapi: 3.0.1
          info: {title: Health, version: "1"}
          paths:
            /live:
              get:
                operationId: live
                summary: Tell that the gateway answers
                responses: {"200": {description: It does.}}
        operation_policies:
          live: |
            <policies>
              <inbound>
                <base />
                <return-response>
                  <set-status code="200" reason="OK" />
                </return-response>
              </inbound>
              <backend><base /></backend>
              <outbound><base /></outbound>
              <on-error><base /></on-error>
            </policies>
"""

RETURN = r"""
objects:
  description: Every object that was looked at.
  returned: always
  type: list
  elements: dict
  contains:
    kind:
      description: The kind of object.
      type: str
      sample: API
    name:
      description: Its name.
      type: str
      sample: universal-llm-api
    action:
      description:
        - What was done, or would be done in check mode. One of V(created), V(updated), V(deleted), V(unchanged),
          V(failed) and V(skipped).
      type: str
      sample: created
errors:
  description: One entry per object that could not be written.
  returned: on failure
  type: list
  elements: dict
  sample:
    - kind: API
      name: universal-llm-api
      action: write
      resource_id: /subscriptions/.../service/apim-citadel-governance-hub/apis/universal-llm-api
      status: 403
      code: AuthorizationFailed
      message: The client does not have authorization to perform the action.
      request_id: 0f3c9a52-8c4e-4a4b-9f4e-1d2c3b4a5f60
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.citadel.ai_gateway.plugins.module_utils._apis import OPTION, api_goals, apis_spec
from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.client import ArmClient
from ansible_collections.citadel.ai_gateway.plugins.module_utils._module import (
    OWNERSHIP_SPEC,
    check_ownership,
    create_module,
    reconcile,
    run_module,
)


def apply(module: AnsibleModule, client: ArmClient) -> dict[str, Any]:
    """Reach the wanted state; return the module's result."""
    params = module.params
    goals = api_goals(params[OPTION], absent=params["state"] == "absent", prune=params["prune"])
    return reconcile(module, client, goals)


def main() -> None:
    """Run the module."""
    module = create_module(
        **{OPTION: {**apis_spec(), "required": True}},
        state={"type": "str", "choices": ["present", "absent"], "default": "present"},
        **OWNERSHIP_SPEC,
    )
    check_ownership(module)
    run_module(module, lambda client: apply(module, client))


if __name__ == "__main__":
    main()
