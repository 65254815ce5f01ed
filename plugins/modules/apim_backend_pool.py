#!/usr/bin/python

# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module apim_backend_pool: the load-balanced pools of an API Management service."""

from __future__ import annotations

DOCUMENTATION = r"""
module: apim_backend_pool
short_description: Manage load-balanced backend pools of an API Management service
version_added: 1.0.0
author: citadel.ai_gateway contributors (@citadel)
description:
  - Creates, changes and removes pools. A pool spreads requests over up to 30 backends by priority and weight.
  - Members must be backends that exist, in check mode too. M(citadel.ai_gateway.apim_llm_gateway) makes both in one
    run.
  - One task takes any number of pools. They are listed once, compared, and written in parallel.
  - An option that is left out leaves the pool's setting alone; an option that is set makes it match exactly.
extends_documentation_fragment:
  - citadel.ai_gateway.azure
  - citadel.ai_gateway.azure.attributes
  - citadel.ai_gateway.llm_objects.pools
  - citadel.ai_gateway.llm_objects.state
  - citadel.ai_gateway.llm_objects.ownership
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  pools:
    required: true
seealso:
  - module: citadel.ai_gateway.apim_llm_backend
  - module: citadel.ai_gateway.apim_llm_gateway
"""

EXAMPLES = r"""
- name: Send 70 % to Sweden, 30 % to France, and to Norway only when both are out of service
  citadel.ai_gateway.apim_backend_pool:
    resource_group: rg-citadel-governance-hub
    service_name: apim-citadel-governance-hub
    owner: platform-team
    pools:
      - name: gpt-4o-backend-pool
        members:
          - backend: aoai-sweden
            weight: 70
          - backend: aoai-france
            weight: 30
          - backend: aoai-norway
            priority: 2

- name: Keep only the pools that are listed, of those that this inventory owns
  citadel.ai_gateway.apim_backend_pool:
    resource_group: rg-citadel-governance-hub
    service_name: apim-citadel-governance-hub
    owner: platform-team
    prune: true
    pools:
      - name: gpt-4o-backend-pool
        members:
          - backend: aoai-sweden
          - backend: aoai-france
"""

RETURN = r"""
objects:
  description: Every pool that was looked at.
  returned: always
  type: list
  elements: dict
  contains:
    kind:
      description: The kind of object.
      type: str
      sample: pool
    name:
      description: Its name.
      type: str
      sample: gpt-4o-backend-pool
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
    - kind: pool
      name: gpt-4o-backend-pool
      action: write
      resource_id: /subscriptions/.../service/apim-citadel-governance-hub/backends/gpt-4o-backend-pool
      status: 403
      code: AuthorizationFailed
      message: The client does not have authorization to perform the action.
      request_id: 0f3c9a52-8c4e-4a4b-9f4e-1d2c3b4a5f60
"""

from ansible_collections.citadel.ai_gateway.plugins.module_utils._module import run_kind
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.pool import Pool


def main() -> None:
    """Run the module."""
    run_kind(Pool(), "pools", owned=True)


if __name__ == "__main__":
    main()
