#!/usr/bin/python

# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module apim_llm_preflight: whether what an onboarding needs is there."""

from __future__ import annotations

DOCUMENTATION = r"""
module: apim_llm_preflight
short_description: Check the prerequisites of LLM backends of an API Management service
version_added: 1.0.0
author: citadel.ai_gateway contributors (@citadel)
description:
  - Checks that the service exists and that its tier takes what is written, that the managed identity exists and is
    attached to the service, that it holds a role that lets it send requests to the accounts behind the endpoints, that
    the gateways reach the endpoints, and that the Application Insights resource of a workbook exists.
  - Writes nothing, and does not fail for what it finds. What it may not read, or cannot judge, is V(skipped).
  - Roles are judged by what their definitions allow, so that custom roles, broader ones, inherited ones and those of
    groups count. A role that allows one kind of request to models is enough.
  - Accounts are looked for in the subscription of the service. Deny assignments and conditions are not evaluated.
  - Whether a host is reached is asked of every region of the service by its own check (C(connectivityCheck)), which
    opens a TCP connection. It does not see whether an account refuses the network that a request comes from.
  - Needs C(Reader) on what it reads and, for the check of connectivity, C(API Management Service Contributor) on the
    service.
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
  backends:
    description: The backends.
    type: list
    elements: dict
    default: []
    suboptions:
      backend_id:
        description: Name for the findings.
        type: str
        required: true
      backend_type:
        description: Kind of endpoint.
        type: str
        choices: [ai-foundry, azure-openai, external]
        required: true
      endpoint:
        description: Base URL, with https. That of an V(external) one may be http.
        type: str
        required: true
      auth_scheme:
        description: How the gateway authenticates. Roles are checked for V(managed_identity) alone.
        type: str
        choices: [managed_identity, api_key, token]
        required: true
  managed_identity:
    description:
      - The user-assigned managed identity that the gateway shows to its backends, by its client id or by its place.
      - Whether an identity exists can only be told from its place; with a client id, whether the service has it.
    type: dict
    suboptions:
      client_id:
        description: Client id, a GUID.
        type: str
      subscription_id:
        description: Subscription of the identity. That of the service when it is left out.
        type: str
      resource_group:
        description: Resource group of the identity.
        type: str
      name:
        description: Name of the identity.
        type: str
  application_insights:
    description:
      - The Application Insights resource of the workbook that M(citadel.ai_gateway.apim_llm_workbook) deploys, by its
        ARM id or by name. When it is left out, none is looked for.
    type: dict
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
seealso:
  - module: citadel.ai_gateway.apim_llm_gateway
"""

EXAMPLES = r"""
- name: Check what two backends need
  citadel.ai_gateway.apim_llm_preflight:
    resource_group: rg-citadel-governance-hub
    service_name: apim-citadel-governance-hub
    managed_identity:
      resource_group: rg-citadel-governance-hub
      name: id-apim-citadel
    backends:
      - backend_id: aoai-sweden
        backend_type: azure-openai
        endpoint: https://aoai-sweden.openai.azure.com
        auth_scheme: managed_identity
      - backend_id: mistral
        backend_type: external
        endpoint: https://api.mistral.ai/v1
        auth_scheme: api_key
  register: preflight

- name: Show what is missing
  ansible.builtin.debug:
    msg: "{{ preflight.findings | selectattr('outcome', 'equalto', 'failed') }}"
"""

RETURN = r"""
gateway:
  description: The API Management service.
  returned: when it exists and can be read
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
findings:
  description:
    - One entry each for the service, its tier and the identity, and for each backend one for its role and one for its
      connectivity, in this order; at the end one for O(application_insights) if it is given.
    - Of a service that does not exist or cannot be read, that alone.
  returned: always
  type: list
  elements: dict
  contains:
    check:
      description:
        - One of V(service), V(tier), V(identity), V(role), V(connectivity) and V(application_insights).
      type: str
      sample: role
    subject:
      description: Id of the backend, or name of the service, the identity or the Application Insights resource.
      type: str
      sample: aoai-sweden
    outcome:
      description: One of V(passed), V(failed) and V(skipped).
      type: str
      sample: failed
    message:
      description: What was seen.
      type: str
      sample: id-apim-citadel has no role on /subscriptions/.../accounts/aoai-sweden that allows requests to its models
    remedy:
      description: What to do, or of what is V(skipped) how to check it by hand. May be empty.
      type: str
      sample: az role assignment create ...
"""

from dataclasses import asdict
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.client import ArmClient
from ansible_collections.citadel.ai_gateway.plugins.module_utils._gateway import IDENTITY_SPEC, gateway_of
from ansible_collections.citadel.ai_gateway.plugins.module_utils._module import create_module, run_module
from ansible_collections.citadel.ai_gateway.plugins.module_utils._preflight.findings import Unread
from ansible_collections.citadel.ai_gateway.plugins.module_utils._preflight.preflight import judge, without_service
from ansible_collections.citadel.ai_gateway.plugins.module_utils._preflight.targets import Target, read_targets
from ansible_collections.citadel.ai_gateway.plugins.module_utils._prerequisites import Reader, read_service
from ansible_collections.citadel.ai_gateway.plugins.module_utils._workbook import (
    APPLICATION_INSIGHTS_SPEC,
    component_path,
)

BACKEND_SPEC: dict[str, dict[str, Any]] = {
    "backend_id": {"type": "str", "required": True},
    "backend_type": {"type": "str", "choices": ["ai-foundry", "azure-openai", "external"], "required": True},
    "endpoint": {"type": "str", "required": True},
    "auth_scheme": {"type": "str", "choices": ["managed_identity", "api_key", "token"], "required": True},
}


def check(module: AnsibleModule, client: ArmClient, targets: list[Target]) -> dict[str, Any]:
    """Read and judge; return the module's result."""
    params = module.params
    given = params["application_insights"]
    insights = component_path(client, given) if given else ""
    service = read_service(client)
    if service is None or isinstance(service, Unread):
        findings = without_service(params["service_name"], params["resource_group"], service)
        return {"changed": False, "findings": [asdict(finding) for finding in findings]}
    facts = Reader(client, service, params["managed_identity"], params["parallelism"], insights).read(targets)
    return {
        "changed": False,
        "gateway": gateway_of(service),
        "findings": [asdict(finding) for finding in judge(targets, facts)],
    }


def main() -> None:
    """Run the module."""
    module = create_module(
        backends={"type": "list", "elements": "dict", "options": BACKEND_SPEC, "default": []},
        managed_identity=IDENTITY_SPEC,
        application_insights={**APPLICATION_INSIGHTS_SPEC, "required": False},
    )
    targets, problems = read_targets(module.params["backends"])
    if problems:
        module.fail_json(msg="\n".join(problems))
    run_module(module, lambda client: check(module, client, targets))


if __name__ == "__main__":
    main()
