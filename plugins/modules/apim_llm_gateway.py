#!/usr/bin/python

# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module apim_llm_gateway: everything that one inventory wants of an API Management service, in one run."""

from __future__ import annotations

DOCUMENTATION = r"""
module: apim_llm_gateway
short_description: Bring the LLM routing of an API Management service to a wanted state
version_added: 1.0.0
author: citadel.ai_gateway contributors (@citadel)
description:
  - Reaches the wanted state of named values, backends, pools, policy fragments and APIs in one module run, which signs
    in once, lists each kind once and plans every change before it makes the first.
  - Writes in the order that live traffic survives. What is referred to exists first, and goes last.
  - When objects of one kind cannot be written, later kinds are not tried. What was done stays, and the next run does
    the rest.
  - Kinds that are left out are left alone.
  - Owners can share a service. With O(owner), policy fragments and the named value C(uami-client-id) may belong to
    several of them. In the shipped fragments each has blocks of its own, and those of the others are kept.
  - O(prune) leaves policy fragments alone. They go with their last owner (O(state=absent)).
  - What the service's tier does not take is refused before anything is written.
  - Secrets of key vaults are read with O(managed_identity), unless O(named_values[].key_vault.identity_client_id) names
    another identity.
extends_documentation_fragment:
  - citadel.ai_gateway.azure
  - citadel.ai_gateway.azure.attributes
  - citadel.ai_gateway.llm_objects.named_values
  - citadel.ai_gateway.llm_objects.backends
  - citadel.ai_gateway.llm_objects.pools
  - citadel.ai_gateway.llm_objects.fragments
  - citadel.ai_gateway.llm_objects.apis
  - citadel.ai_gateway.llm_objects.ownership
  - citadel.ai_gateway.llm_objects.identity
options:
  state:
    description:
      - V(present) reaches the wanted state.
      - V(absent) removes everything of O(owner) from the service, and takes no objects. What O(owner) shares with other
        owners, policy fragments and the named value C(uami-client-id), only loses its part. So does what other policies
        still use, see RV(kept).
    type: str
    choices: [present, absent]
    default: present
  prune_delay:
    description:
      - Seconds to wait after the last write before pools, backends and named values are removed, so that every gateway
        has seen that nothing refers to them. It counts for O(timeout).
      - So much time also passes before a backend or pool sends requests to other hosts whose requests lose the token of
        the managed identity by the same run. Until then gateways may still add one.
      - Other runs do not wait.
    type: int
    default: 60
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
seealso:
  - module: citadel.ai_gateway.apim_llm_gateway_info
  - module: citadel.ai_gateway.apim_llm_backend
  - module: citadel.ai_gateway.apim_backend_pool
  - module: citadel.ai_gateway.apim_policy_fragment
  - module: citadel.ai_gateway.apim_llm_api
  - module: citadel.ai_gateway.apim_named_value
"""

EXAMPLES = r"""
- name: Route gpt-4o to two accounts
  citadel.ai_gateway.apim_llm_gateway:
    resource_group: rg-citadel-governance-hub
    service_name: apim-citadel-governance-hub
    owner: platform-team
    managed_identity:
      resource_group: rg-citadel-governance-hub
      name: id-apim-citadel
    backends:
      - name: aoai-sweden
        url: https://aoai-sweden.openai.azure.com
      - name: aoai-france
        url: https://aoai-france.openai.azure.com
    pools:
      - name: gpt-4o-backend-pool
        members:
          - backend: aoai-sweden
          - backend: aoai-france
    fragments:
      - name: route-gpt-4o
        value: |
          <fragment>
            <set-backend-service backend-id="gpt-4o-backend-pool" />
          </fragment>

- name: Remove all that the platform team has
  citadel.ai_gateway.apim_llm_gateway:
    resource_group: rg-citadel-governance-hub
    service_name: apim-citadel-governance-hub
    owner: platform-team
    state: absent
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
managed_identity_client_id:
  description: Client id of O(managed_identity).
  returned: when O(managed_identity) is given
  type: str
  sample: 22222222-2222-2222-2222-222222222222
objects:
  description: Every object that was looked at.
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
kept:
  description:
    - Shared objects of which O(owner) was the last one, and that stay without its part because ARM says that others use
      them. In check mode they are still expected to be V(deleted).
    - Named values of O(owner) that would be removed if a backend that the run leaves alone did not refer to them. They
      keep the mark of O(owner), and check mode tells them as well.
  returned: when there are any
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
    reason:
      description: What ARM said, or which backends refer to it.
      type: str
      sample: "The Policy Fragment 'set-backend-pools' is used by the following entities: /apis/hub/policies/policy"
unlisted:
  description:
    - Objects of O(owner) that are not listed any more, and that stay because O(prune) is not set.
    - Of kinds that the run has read anyway. An empty list of objects is not read for this.
  returned: when there are any
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
      sample: aoai-norway
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

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.citadel.ai_gateway.plugins.module_utils._apis import api_goals, apis_spec
from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.client import ArmClient
from ansible_collections.citadel.ai_gateway.plugins.module_utils._changes import Goal, GoalError
from ansible_collections.citadel.ai_gateway.plugins.module_utils._gateway import IDENTITY_SPEC, read_gateway
from ansible_collections.citadel.ai_gateway.plugins.module_utils._module import (
    OWNERSHIP_SPEC,
    check_ownership,
    create_module,
    items_spec,
    reconcile,
    run_module,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.identities import Identities
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.kinds import KINDS, PRUNED_KINDS
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.limits import limits_of
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.marks import OWNER
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.named_value import MANAGED_IDENTITY


def apply(module: AnsibleModule, client: ArmClient) -> dict[str, Any]:
    """Reach the wanted state; return the module's result."""
    params = module.params
    gateway, client_id, identity = read_gateway(client, params["managed_identity"])
    wanted = {option: params[option] for option in KINDS}
    result: dict[str, Any] = {"gateway": gateway}
    if client_id:
        result["managed_identity_client_id"] = client_id
        # At the end, so that messages count the items of the option as the user does.
        given = [_read_by(client_id, item) for item in wanted["named_values"] or []]
        wanted["named_values"] = [*given, {"name": MANAGED_IDENTITY, "value": client_id}]
    limits = limits_of(gateway["sku"])
    unsupported = limits.unsupported({each["name"]: each["value"] or "" for each in wanted["fragments"] or []})
    if unsupported:
        raise GoalError(unsupported)
    problems = Identities.of(identity).unreadable(wanted["named_values"] or [])
    goals = [goal for option in KINDS for goal in _goals(option, wanted[option], params)]
    options = {"prune_delay": params["prune_delay"], "limits": limits, "problems": problems}
    return {**result, **reconcile(module, client, goals, **options)}


def _goals(option: str, items: list[dict[str, Any]] | None, params: dict[str, Any]) -> list[Goal]:
    """Return the goals of one option; an API is several kinds of objects."""
    if params["state"] == "absent":
        return [Goal(KINDS[option], option, [], prune=True)]
    if items is None:
        return []
    prune = params["prune"] and option in PRUNED_KINDS
    tell = not prune and option in PRUNED_KINDS
    if option == "apis":
        return api_goals(items, prune=prune, tell=tell)
    return [Goal(KINDS[option], option, items, prune=prune, tell=tell)]


def _check(module: AnsibleModule) -> None:
    """Fail unless the options go together."""
    params = module.params
    given = [option for option in (*KINDS, "managed_identity") if params[option] is not None]
    if params["state"] == "absent" and (given or params["prune"]):
        named = ", ".join([*given, *(["prune"] if params["prune"] else [])])
        module.fail_json(msg=f"state absent removes all that an owner has, and takes no objects: leave out {named}")
    if params["state"] == "absent" and not params["owner"]:
        module.fail_json(msg="owner (llm_owner) is missing: state absent removes all that this owner has")
    if params["state"] == "absent" and not OWNER.fullmatch(params["owner"]):
        remedy = "write 1 to 64 letters, digits, dots, hyphens and underscores, with a letter or digit at both ends"
        module.fail_json(msg=f"owner (llm_owner): is {params['owner']!r}; {remedy}")
    check_ownership(module)
    removes = params["prune"] or params["state"] == "absent"
    if removes and not 0 <= params["prune_delay"] < params["timeout"]:
        problem = f"is {params['prune_delay']}: write 0 or more seconds, and less than timeout ({params['timeout']})"
        module.fail_json(msg=f"prune_delay (llm_prune_delay) {problem}")


def _read_by(client_id: str, named_value: dict[str, Any]) -> dict[str, Any]:
    """Return options of a named value, whose key vault is read by the gateway's identity unless they name another."""
    vault = named_value["key_vault"]
    if not vault or vault["identity_client_id"]:
        return named_value
    return {**named_value, "key_vault": {**vault, "identity_client_id": client_id}}


def main() -> None:
    """Run the module."""
    module = create_module(
        **{option: items_spec(resource) for option, resource in KINDS.items() if option != "apis"},
        apis=apis_spec(),
        managed_identity=IDENTITY_SPEC,
        state={"type": "str", "choices": ["present", "absent"], "default": "present"},
        prune_delay={"type": "int", "default": 60},
        **OWNERSHIP_SPEC,
    )
    _check(module)
    run_module(module, lambda client: apply(module, client))


if __name__ == "__main__":
    main()
