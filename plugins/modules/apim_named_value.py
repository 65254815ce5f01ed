#!/usr/bin/python

# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module apim_named_value: the named values of an API Management service."""

from __future__ import annotations

DOCUMENTATION = r"""
module: apim_named_value
short_description: Manage named values of an API Management service
version_added: 1.0.0
author: citadel.ai_gateway contributors (@citadel)
description:
  - Creates, changes and removes named values, plain texts, secrets and references to secrets of a key vault.
  - One task takes any number of named values. They are listed once, compared, and written in parallel.
  - An option that is left out leaves the named value's setting alone; an option that is set makes it match exactly.
extends_documentation_fragment:
  - citadel.ai_gateway.azure
  - citadel.ai_gateway.azure.attributes
  - citadel.ai_gateway.llm_objects.named_values
  - citadel.ai_gateway.llm_objects.state
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  named_values:
    required: true
seealso:
  - module: citadel.ai_gateway.apim_llm_gateway
"""

EXAMPLES = r"""
- name: A plain value, a secret from the vault, and a reference to a key vault
  citadel.ai_gateway.apim_named_value:
    resource_group: rg-citadel-governance-hub
    service_name: apim-citadel-governance-hub
    named_values:
      - name: uami-client-id
        value: 22222222-2222-2222-2222-222222222222
      - name: external-llm-key
        secret_value: "{{ vault_external_llm_key }}"
      - name: other-llm-key
        key_vault:
          secret_identifier: https://kv-citadel.vault.azure.net/secrets/other-llm-key
          identity_client_id: 22222222-2222-2222-2222-222222222222
"""

RETURN = r"""
objects:
  description: Every named value that was looked at.
  returned: always
  type: list
  elements: dict
  contains:
    kind:
      description: The kind of object.
      type: str
      sample: named value
    name:
      description: Its name.
      type: str
      sample: uami-client-id
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
    - kind: named value
      name: uami-client-id
      action: write
      resource_id: /subscriptions/.../service/apim-citadel-governance-hub/namedValues/uami-client-id
      status: 403
      code: AuthorizationFailed
      message: The client does not have authorization to perform the action.
      request_id: 0f3c9a52-8c4e-4a4b-9f4e-1d2c3b4a5f60
"""

from ansible_collections.citadel.ai_gateway.plugins.module_utils._module import run_kind
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.named_value import NamedValue


def main() -> None:
    """Run the module."""
    run_kind(NamedValue(), "named_values")


if __name__ == "__main__":
    main()
