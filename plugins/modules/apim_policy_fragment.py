#!/usr/bin/python

# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module apim_policy_fragment: the policy fragments of an API Management service."""

from __future__ import annotations

DOCUMENTATION = r"""
module: apim_policy_fragment
short_description: Manage policy fragments of an API Management service
version_added: 1.0.0
author: citadel.ai_gateway contributors (@citadel)
description:
  - Creates, changes and removes policy fragments.
  - One task takes any number of fragments. They are listed once, compared, and written in parallel.
  - A fragment that says the same as the stored one is not written again, however ARM lays it out.
extends_documentation_fragment:
  - citadel.ai_gateway.azure
  - citadel.ai_gateway.azure.attributes
  - citadel.ai_gateway.llm_objects.fragments
  - citadel.ai_gateway.llm_objects.state
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  fragments:
    required: true
seealso:
  - module: citadel.ai_gateway.apim_llm_gateway
"""

EXAMPLES = r"""
- name: A fragment that removes what a backend must not see
  citadel.ai_gateway.apim_policy_fragment:
    resource_group: rg-citadel-governance-hub
    service_name: apim-citadel-governance-hub
    fragments:
      - name: remove-client-credentials
        description: Removes the credentials that the client sent to the gateway
        value: |
          <fragment>
            <set-header name="api-key" exists-action="delete" />
            <set-header name="Authorization" exists-action="delete" />
          </fragment>
"""

RETURN = r"""
objects:
  description: Every policy fragment that was looked at.
  returned: always
  type: list
  elements: dict
  contains:
    kind:
      description: The kind of object.
      type: str
      sample: policy fragment
    name:
      description: Its name.
      type: str
      sample: set-backend-pools
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
    - kind: policy fragment
      name: set-backend-pools
      action: write
      resource_id: /subscriptions/.../service/apim-citadel-governance-hub/policyFragments/set-backend-pools
      status: 403
      code: AuthorizationFailed
      message: The client does not have authorization to perform the action.
      request_id: 0f3c9a52-8c4e-4a4b-9f4e-1d2c3b4a5f60
"""

from ansible_collections.citadel.ai_gateway.plugins.module_utils._module import run_kind
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.policy_fragment import PolicyFragment


def main() -> None:
    """Run the module."""
    run_kind(PolicyFragment(), "fragments")


if __name__ == "__main__":
    main()
