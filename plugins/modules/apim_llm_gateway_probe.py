#!/usr/bin/python

# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module apim_llm_gateway_probe: its documentation and options; the action plugin of that name does the work."""

from __future__ import annotations

DOCUMENTATION = r"""
module: apim_llm_gateway_probe
short_description: Try the LLM routing of an API Management service with requests
version_added: 1.0.0
author: citadel.ai_gateway contributors (@citadel)
description:
  - Sends requests through a gateway as clients do, and judges what comes back by a routing plan.
  - Tells how many requests go to LLMs before it makes the first one, and then how far it is.
  - Which backend served a request is read in the traces of API Management, one call of ARM for each request.
    Where traces are refused, what depends on them is V(skipped).
  - Does not fail for what it finds.
extends_documentation_fragment:
  - citadel.ai_gateway.azure
  - citadel.ai_gateway.azure.attributes
attributes:
  check_mode:
    support: full
    details: Tells how many requests it would make, and makes none.
  diff_mode:
    support: none
  idempotent:
    support: full
options:
  plan:
    description: The routing plan, from the filter P(citadel.ai_gateway.llm_routing_plan#filter).
    type: dict
    required: true
  apis:
    description: The APIs to try.
    type: list
    elements: dict
    required: true
    suboptions:
      path:
        description: Path below the URL of the gateway.
        type: str
        required: true
      type:
        description:
          - What clients of the API speak. V(azure-openai) has the model in the path, the others in the body.
        type: str
        choices: [openai, models-inference, azure-openai]
        default: openai
      optional:
        description: Whether it is left out where the service has none at that path. Without any at all, the task fails.
        type: bool
        default: false
  checks:
    description:
      - V(listing) reads the lists of deployments, V(models) asks each model by each API, V(streaming) asks for streams,
        V(shares) compares how pools spread requests with their weights, V(latency) measures how long models take,
        V(access) asks for what must be refused and looks for credentials that can be read in the service, V(failover)
        lets backends of each model fail, one after the other, until every other one has served.
    type: list
    elements: str
    choices: [listing, models, streaming, shares, latency, access, failover]
    default: [listing, models, streaming, shares, latency, access]
  phase:
    description:
      - What of O(checks) is made now, where several services share the accounts that are made to fail. V(calm) makes
        all but failover, V(failover) that alone. O(max_calls) and the announcement are for all checks either way, so
        that runs with the same options keep the limit together.
    type: str
    choices: [all, calm, failover]
    default: all
  subscription:
    description:
      - Id of the subscription of API Management whose key is used. It is read from ARM and never shown.
      - The default is the one for all APIs, to which no product's policy applies.
    type: str
    default: master
  subscription_key:
    description: The key, where ARM shall not be asked for one.
    type: str
  subscriptions:
    description:
      - Ids of the subscriptions of API Management that may be used to try products. Their keys are read from ARM and
        never shown, and one request to an LLM for each product counts for its subscription.
      - Products without one of them are not tried, because a subscription belongs to somebody.
    type: list
    elements: str
    default: []
  secrets:
    description:
      - Credentials that gateways and backends may repeat in their answers, such as those of the backends. They are
        masked in whatever is shown; so are keys and tokens that look like one.
    type: list
    elements: str
    default: []
  headers:
    description:
      - Headers that go with every request, such as C(Authorization) for a gateway whose policies check tokens. Their
        values are never shown.
    type: dict
    default: {}
  token_audience:
    description:
      - Id or URI of an application, such as C(api://ID). The account that is signed in to Azure gets a token for it,
        which goes with every request as C(Authorization), and is renewed before it expires.
    type: str
    default: ""
  concurrency:
    description: Requests at a time, from 1 to 64.
    type: int
    default: 4
  max_calls:
    description:
      - Requests to LLMs that may be made by all checks. When the wanted ones need more, the shares of pools are
        measured by fewer requests each, evenly and by no fewer than 10, and failover goes no further than one failing
        member of each pool. When that does not suffice none is made, and the task fails.
      - Second measurements of shares, and what is asked again, are made as far as this has room for them.
    type: int
    default: 1000
  share_requests:
    description:
      - Requests with which the shares of a pool are measured, from 10 to 1,000. What is as unlikely as one in ten is
        measured a second time, by five times as many. Shares are wrong when both samples together are less likely than
        one in 100,000.
      - Pools whose best priority has one member get 10.
    type: int
    default: 60
  latency_requests:
    description: Requests with which the latency of a model without a pool is measured.
    type: int
    default: 10
  max_p95_ms:
    description: What the 95th percentile of the latency may be in milliseconds; V(0) for no limit.
    type: int
    default: 0
  request_timeout:
    description: Seconds that may pass without a byte of an answer.
    type: int
    default: 240
  chat_options:
    description: Further members of the body of a chat, such as C(max_completion_tokens).
    type: dict
    default: {}
  models:
    description:
      - Single models, name to options. C(skip) leaves a model out, C(chat_options) are laid over O(chat_options), where
        null takes a member away, and C(max_p95_ms) counts instead of O(max_p95_ms). Names that the plan does not have,
        and other options, are refused.
      - Models that hear and speak, such as C(gpt-4o-audio-preview), refuse chats without audio, and are only asked with
        C(chat_options) of their own, or when the inventory gives them capabilities without C(audio).
    type: dict
    default: {}
  failover:
    description:
      - How members are made to fail. V(embedded) tells the provider in the embedded Azure. V(address) gives backends an
        address where nobody is, one after the other until the last one has to serve, and takes them back afterwards;
        live requests fail over meanwhile, too.
    type: str
    choices: [embedded, address]
    default: embedded
  propagation_delay:
    description: Seconds until all gateways have seen a changed backend, for O(failover=address).
    type: int
    default: 60
  emulator_admin_url:
    description:
      - Address of the embedded Azure's admin API, for O(failover=embedded).
      - Can also be set with the environment variable E(APIM_EMULATOR_ADMIN_URL).
    type: str
notes:
  - Runs on the controller, as an action plugin, with the Python of Ansible itself.
  - Needs C(API Management Service Contributor) on the service, for keys and traces.
seealso:
  - module: citadel.ai_gateway.apim_llm_gateway
  - plugin: citadel.ai_gateway.llm_validation_result
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Ask every model of a plan by the Universal LLM API
  citadel.ai_gateway.apim_llm_gateway_probe:
    resource_group: rg-citadel-governance-hub
    service_name: apim-citadel-governance-hub
    plan: "{{ llm_routing_plan }}"
    apis:
      - path: models
    checks: [models]
  register: probe

- name: Show what failed
  ansible.builtin.debug:
    msg: "{{ probe.checks | selectattr('outcome', 'equalto', 'failed') }}"
"""

RETURN = r"""
gateway:
  description: The API Management service, as M(citadel.ai_gateway.apim_llm_gateway) returns it.
  returned: always
  type: dict
checks:
  description: What was looked at, in the order in which it was.
  returned: always
  type: list
  elements: dict
  contains:
    group:
      description: Kind of check.
      type: str
      sample: models
    name:
      description: What was checked, unique within its group.
      type: str
      sample: gpt-4o by POST /models/chat/completions
    outcome:
      description: One of V(passed), V(failed) and V(skipped).
      type: str
      sample: passed
    message:
      description: What is wrong, or why the check was skipped.
      type: str
    remedy:
      description: What to do about it.
      type: str
    duration_s:
      description: Duration in seconds.
      type: float
calls:
  description: Requests to LLMs of this run, C(planned) and C(made). More than planned are made where shares are
    measured again or requests asked again.
  returned: always
  type: dict
group:
  description: The group that the failure of the task counts for, V(calls).
  returned: when O(max_calls) is too small
  type: str
  sample: calls
models:
  description: The models with their routes and members.
  returned: always
  type: list
  elements: dict
backends:
  description: The backends that routes use.
  returned: always
  type: list
  elements: dict
shares:
  description: How each pool spread requests, C(expected) by its weights and C(served).
  returned: when measured
  type: list
  elements: dict
latency:
  description: Percentiles of the latency by model and backend, in milliseconds.
  returned: when measured
  type: list
  elements: dict
streaming:
  description: When the first and the last chunk of each stream came.
  returned: when measured
  type: list
  elements: dict
failover:
  description: Timelines of the pools of which a member was made to fail.
  returned: when measured
  type: list
  elements: dict
started:
  description: When it began, in UTC.
  returned: always
  type: str
duration_s:
  description: How long it took, in seconds.
  returned: always
  type: float
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.citadel.ai_gateway.plugins.module_utils._probe.argument_spec import PROBE_ARGUMENT_SPEC


def main() -> None:
    """Say that this is not how it runs: Ansible prefers the action plugin, which knows the terminal."""
    module = AnsibleModule(argument_spec=PROBE_ARGUMENT_SPEC, supports_check_mode=True)  # type: ignore[no-untyped-call]
    module.fail_json(msg="this runs as an action plugin; plugins/action/apim_llm_gateway_probe.py is missing")


if __name__ == "__main__":
    main()
