#!/usr/bin/python

# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module apim_llm_gateway_info: what an API Management service routes at present."""

from __future__ import annotations

DOCUMENTATION = r"""
module: apim_llm_gateway_info
short_description: Read the LLM routing of an API Management service
version_added: 1.0.0
author: citadel.ai_gateway contributors (@citadel)
description:
  - Returns the service with its named values, backends, pools, policy fragments and APIs, in the shape of the options
    of M(citadel.ai_gateway.apim_llm_gateway).
  - Secrets are not read. Each kind is listed once.
extends_documentation_fragment:
  - citadel.ai_gateway.azure
  - citadel.ai_gateway.azure.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  idempotent:
    support: full
options:
  gather:
    description: The kinds to read.
    type: list
    elements: str
    choices: [named_values, backends, pools, fragments, apis]
    default: [named_values, backends, pools, fragments, apis]
seealso:
  - module: citadel.ai_gateway.apim_llm_gateway
"""

EXAMPLES = r"""
- name: Read the pools of a service
  citadel.ai_gateway.apim_llm_gateway_info:
    resource_group: rg-citadel-governance-hub
    service_name: apim-citadel-governance-hub
    gather: [pools]
  register: current

- name: Show the members of each pool
  ansible.builtin.debug:
    msg: "{{ current.pools | items2dict(key_name='name', value_name='members') }}"
"""

RETURN = r"""
gateway:
  description: The API Management service.
  returned: always
  type: dict
  contains:
    id:
      description: ARM id.
      type: str
    name:
      description: Name of the service.
      type: str
      sample: apim-citadel-governance-hub
    location:
      description: Azure region.
      type: str
      sample: Sweden Central
    sku:
      description: Tier.
      type: str
      sample: Developer
    url:
      description: URL that clients call.
      type: str
      sample: https://apim-citadel-governance-hub.azure-api.net
named_values:
  description: The named values; secrets without their value.
  returned: when gathered
  type: list
  elements: dict
  sample:
    - name: uami-client-id
      display_name: uami-client-id
      secret: false
      value: 22222222-2222-2222-2222-222222222222
      tags: []
      owners: [citadel]
backends:
  description: The single backends.
  returned: when gathered
  type: list
  elements: dict
  sample:
    - name: aoai-sweden
      url: https://aoai-sweden.openai.azure.com
      description: "LLM backend (azure-openai): gpt-4o"
      owner: citadel
pools:
  description: The pools.
  returned: when gathered
  type: list
  elements: dict
  sample:
    - name: gpt-4o-backend-pool
      owner: citadel
      members:
        - backend: aoai-sweden
          priority: 1
          weight: 100
fragments:
  description: The policy fragments, their policies laid out for reading.
  returned: when gathered
  type: list
  elements: dict
  sample:
    - name: set-backend-pools
      description: Lists where a model can be served
      owners: [citadel]
      value: <fragment>...</fragment>
apis:
  description: The APIs in their current revisions, without their operations, policies and products.
  returned: when gathered
  type: list
  elements: dict
  sample:
    - name: universal-llm-api
      display_name: Universal LLM API
      owner: citadel
      path: models
      protocols: [https]
      subscription_required: true
"""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.client import ArmClient
from ansible_collections.citadel.ai_gateway.plugins.module_utils._gateway import read_gateway
from ansible_collections.citadel.ai_gateway.plugins.module_utils._module import create_module, run_module
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.kinds import KINDS
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.resource import Resource


def gather(module: AnsibleModule, client: ArmClient) -> dict[str, Any]:
    """Read the service and the chosen kinds; return the module's result."""
    gateway = read_gateway(client).shown
    kinds = [kind for kind in KINDS if kind in module.params["gather"]]
    # Backends and pools are one collection in ARM, which is listed once.
    collections = sorted({KINDS[kind].collection for kind in kinds})
    with ThreadPoolExecutor(max(1, len(collections))) as executor:
        listings = dict(zip(collections, executor.map(lambda name: _list(client, name), collections), strict=True))
    return {
        "changed": False,
        "gateway": gateway,
        **{kind: _shown(KINDS[kind], listings[KINDS[kind].collection]) for kind in kinds},
    }


def _list(client: ArmClient, collection: str) -> list[dict[str, Any]]:
    return client.list(f"{client.service_path}/{collection}")


def _shown(resource: Resource, entities: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {"name": entity["name"], **resource.shown(resource.current(entity["properties"]))}
        for entity in sorted(entities, key=lambda entity: entity["name"].lower())
        if resource.is_same_kind(entity["properties"])
    ]


def main() -> None:
    """Run the module."""
    module = create_module(
        gather={"type": "list", "elements": "str", "choices": list(KINDS), "default": list(KINDS)},
    )
    run_module(module, lambda client: gather(module, client))


if __name__ == "__main__":
    main()
