# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter ``llm_routing_plan``: the door of playbooks to the routing domain."""

from __future__ import annotations

DOCUMENTATION = r"""
name: llm_routing_plan
short_description: Derive backends, pools and routes from an inventory of LLM backends
version_added: 1.0.0
author: citadel.ai_gateway contributors (@citadel)
description:
  - Checks an inventory of LLM backends and derives what an API Management service needs to route to them.
  - A model that two or more backends serve gets a load-balanced pool; any other model is routed to its backend.
  - Where one request cannot suit all members of a model, they become several routes, which are tried in order.
  - All problems of the inventory are reported together, each with its path and remedy.
positional: _input
options:
  _input:
    description:
      - The backends, as in the variable C(llm_backends) of the role P(citadel.ai_gateway.llm_onboarding#role).
      - An empty list is an inventory without backends; no list at all is a problem.
    type: list
    elements: dict
    required: true
  circuit_breaker:
    description: Settings of all circuit breakers, as in the variable C(llm_circuit_breaker).
    type: dict
  managed_identity:
    description: The managed identity that backends authenticate with, as in the variable C(apim_managed_identity).
    type: dict
  service:
    description: The variables C(apim_subscription_id), C(apim_resource_group), C(apim_service_name), to be checked too.
    type: dict
  universal_api:
    description: The Universal LLM API, as in the variable C(llm_universal_api).
    type: dict
  azure_openai_api:
    description: The Azure OpenAI API, as in the variable C(llm_azure_openai_api).
    type: dict
  owner:
    description: Name that marks what the inventory owns.
    type: str
    default: citadel
  adopt:
    description: Whether objects without an owner are taken over, as in the variable C(llm_adopt), to be checked too.
    type: bool
    default: false
  prune:
    description:
      - Whether what the inventory does not list is removed, as in the variable C(llm_prune).
      - An inventory without backends is refused then, because all would be removed.
    type: bool
    default: false
  prune_delay:
    description: Seconds before a removal, as in the variable C(llm_prune_delay), to be checked too.
    type: int
    default: 60
  preflight:
    description: Whether a run begins with a preflight, as in the variable C(llm_preflight).
    type: bool
    default: false
  backend_scope:
    description: What has an APIM backend of its own, as in the variable C(llm_backend_scope).
    type: str
    choices: [auto, backend, deployment]
    default: auto
  retirement:
    description:
      - What is done about retirement dates, as in the variable C(llm_retirement).
      - They are compared with the current date in UTC.
    type: dict
  workbook:
    description: The monitoring workbook, as in the variable C(llm_workbook).
    type: dict
  variables:
    description:
      - Names of variables that the host has.
      - A name that is nearly that of a variable of the roles is a problem; any other name is somebody's own.
    type: list
    elements: str
    default: []
  raise_problems:
    description:
      - Whether problems of the inventory stop the task.
      - Otherwise the result holds nothing but RV(_value.problems), for a message without Ansible's account of where the
        filter was called.
    type: bool
    default: true
"""

EXAMPLES = r"""
- name: Show where each model is routed
  vars:
    llm_backends:
      - backend_id: foundry-east
        backend_type: ai-foundry
        endpoint: https://foundry-east.cognitiveservices.azure.com/
        auth_scheme: managed_identity
        supported_models: [gpt-4o, Phi-4]
    identity:
      client_id: 22222222-2222-2222-2222-222222222222
    plan: "{{ llm_backends | citadel.ai_gateway.llm_routing_plan(managed_identity=identity) }}"
  ansible.builtin.debug:
    msg: "{{ plan.models | items2dict(key_name='name', value_name='route') }}"
"""

RETURN = r"""
_value:
  description:
    - The routing plan.
    - RV(_value.backends) and RV(_value.pools) are options of the modules M(citadel.ai_gateway.apim_llm_backend) and
      M(citadel.ai_gateway.apim_backend_pool).
  type: dict
  contains:
    backends:
      description: The backends in the order of the inventory, then those of single deployments.
      type: list
      elements: dict
    pools:
      description: The pools, by model.
      type: list
      elements: dict
    routes:
      description:
        - Where requests can go, with C(name), C(type), C(pooled), C(scope) (C(backend) or C(deployment)), C(models),
          C(accounts) (ids of the backends of the inventory) and C(members) (C(account) and C(deployment) of each
          deployment that it serves, in the order of a pool's members).
        - What a request must look like there is in C(family) (kind of endpoint, or C(mixed)), C(token_audience) (of the
          managed identity's token, empty for none), C(deployment) (what the model in a body must be, empty when that
          does not matter) and C(retries) (how often a failed request is sent again).
      type: list
      elements: dict
    models:
      description:
        - The models, with C(name), C(key) (the form in which names are matched), C(aliases), C(keys) (of name and
          aliases), C(route) (the first one), C(hops) (all routes that a request tries in order, each with C(route), the
          C(model) served there and its C(deployment)), C(members) and C(deployments).
      type: list
      elements: dict
    accounts:
      description: The backends of the inventory that can hold stored objects, such as responses and files.
      type: list
      elements: dict
    model_pools:
      description: Pool of each model whose first route is one.
      type: dict
    model_backends:
      description: Backend of each other model.
      type: dict
    apis:
      description: The APIs to deploy, for the filter P(citadel.ai_gateway.llm_apis#filter).
      type: list
      elements: dict
    workbook:
      description:
        - What shall become of the monitoring workbook, for the module M(citadel.ai_gateway.apim_llm_workbook). Empty
          when nothing needs to be done.
        - C(state), C(application_insights) (ARM id), C(display_name), C(resource_group) and C(location).
      type: dict
    preflight:
      description: Whether a run begins with a preflight.
      type: bool
    owner:
      description: Name that marks what the inventory owns.
      type: str
    problems:
      description: Every problem of the inventory, with its path and remedy.
      returned: when there are some and O(raise_problems=false)
      type: str
    warnings:
      description: What a person should know, although it does not stop a run.
      type: list
      elements: str
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from ansible.errors import AnsibleFilterError


def llm_routing_plan(
    llm_backends: Any,
    circuit_breaker: Any = None,
    managed_identity: Any = None,
    service: Mapping[str, Any] | None = None,
    universal_api: Any = None,
    azure_openai_api: Any = None,
    owner: str = "citadel",
    adopt: Any = False,
    prune: Any = False,
    prune_delay: Any = 60,
    preflight: Any = False,
    backend_scope: Any = "auto",
    retirement: Any = None,
    workbook: Any = None,
    variables: Iterable[str] = (),
    raise_problems: bool = True,
) -> dict[str, Any]:
    """Return the routing plan of an inventory.

    :raises AnsibleFilterError: with every problem of the inventory, unless these are to be returned.
    """
    # Ansible loads every filter to find one, so what this one needs waits until it is called.
    from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.plan import build_plan
    from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.problems import InventoryError

    try:
        return build_plan(
            llm_backends,
            circuit_breaker=circuit_breaker,
            managed_identity=managed_identity,
            service=service,
            universal_api=universal_api,
            azure_openai_api=azure_openai_api,
            owner=owner,
            adopt=adopt,
            prune=prune,
            prune_delay=prune_delay,
            preflight=preflight,
            backend_scope=backend_scope,
            retirement=retirement,
            workbook=workbook,
            variables=variables,
            today=datetime.now(UTC).date(),
        )
    except InventoryError as error:
        if not raise_problems:
            return {"problems": str(error)}
        raise AnsibleFilterError(str(error)) from None


class FilterModule:
    """Names the filter for Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters of this file by name."""
        return {"llm_routing_plan": llm_routing_plan}
