#!/usr/bin/python

# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module apim_llm_backend: the single backends of an API Management service."""

from __future__ import annotations

DOCUMENTATION = r"""
module: apim_llm_backend
short_description: Manage LLM backends of an API Management service
version_added: 1.0.0
author: citadel.ai_gateway contributors (@citadel)
description:
  - Creates, changes and removes backends, each one LLM endpoint with its credentials, TLS checks and circuit breaker.
  - One task takes any number of backends. They are listed once, compared, and written in parallel.
  - An option that is left out leaves the backend's setting alone; an option that is set makes it match exactly.
extends_documentation_fragment:
  - citadel.ai_gateway.azure
  - citadel.ai_gateway.azure.attributes
  - citadel.ai_gateway.llm_objects.backends
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
  backends:
    required: true
seealso:
  - module: citadel.ai_gateway.apim_backend_pool
  - module: citadel.ai_gateway.apim_llm_gateway
"""

EXAMPLES = r"""
- name: Two Azure OpenAI accounts, taken out of service for a while after three failures
  citadel.ai_gateway.apim_llm_backend:
    resource_group: rg-citadel-governance-hub
    service_name: apim-citadel-governance-hub
    backends:
      - name: aoai-sweden
        url: https://aoai-sweden.openai.azure.com
        circuit_breaker:
          count: 3
          interval: PT10S
          trip_duration: PT10S
      - name: aoai-france
        url: https://aoai-france.openai.azure.com
        circuit_breaker: {}

- name: An external provider whose key is a secret named value
  citadel.ai_gateway.apim_llm_backend:
    resource_group: rg-citadel-governance-hub
    service_name: apim-citadel-governance-hub
    backends:
      - name: external-llm
        url: https://api.externalprovider.com/v1
        credentials:
          header:
            Authorization: Bearer {{ '{{' }}external-llm-key{{ '}}' }}

- name: Remove a backend
  citadel.ai_gateway.apim_llm_backend:
    resource_group: rg-citadel-governance-hub
    service_name: apim-citadel-governance-hub
    state: absent
    backends:
      - name: aoai-france
"""

RETURN = r"""
objects:
  description: Every backend that was looked at.
  returned: always
  type: list
  elements: dict
  contains:
    kind:
      description: The kind of object.
      type: str
      sample: backend
    name:
      description: Its name.
      type: str
      sample: aoai-sweden
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
    - kind: backend
      name: aoai-sweden
      action: write
      resource_id: /subscriptions/.../service/apim-citadel-governance-hub/backends/aoai-sweden
      status: 403
      code: AuthorizationFailed
      message: The client does not have authorization to perform the action.
      request_id: 0f3c9a52-8c4e-4a4b-9f4e-1d2c3b4a5f60
"""

from ansible_collections.citadel.ai_gateway.plugins.module_utils._module import run_kind
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.backend import Backend


def main() -> None:
    """Run the module."""
    run_kind(Backend(), "backends", owned=True)


if __name__ == "__main__":
    main()
