# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter ``llm_validation_result``: the result of the validation of one service."""

from __future__ import annotations

DOCUMENTATION = r"""
name: llm_validation_result
short_description: Put together what a validation found of a service
version_added: 1.0.0
author: citadel.ai_gateway contributors (@citadel)
description:
  - Puts the results of M(citadel.ai_gateway.apim_llm_gateway_probe), of M(citadel.ai_gateway.apim_llm_gateway) in check
    mode and of M(citadel.ai_gateway.apim_llm_preflight) into one list of checks, with what was measured.
  - A module that failed becomes a failed check, and so does what stopped the validation of a service.
positional: _input
options:
  _input:
    description: Results of M(citadel.ai_gateway.apim_llm_gateway_probe), in the order in which they were made.
    type: list
    elements: dict
    required: true
  service:
    description: Name of the API Management service.
    type: str
    required: true
  resource_group:
    description: Its resource group.
    type: str
    required: true
  comparison:
    description: Result of M(citadel.ai_gateway.apim_llm_gateway) in check mode and diff mode.
    type: dict
  preflight:
    description: Result of M(citadel.ai_gateway.apim_llm_preflight).
    type: dict
  failure:
    description: Why the service could not be validated; empty when it could.
    type: str
    default: ""
  failed_part:
    description: What the O(failure) is about.
    type: str
    default: the inventory
  required:
    description: Groups of checks in which nothing may be skipped. There a skipped check counts as a failed one.
    type: list
    elements: str
    default: []
seealso:
  - plugin: citadel.ai_gateway.llm_validation_table
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Judge a gateway by its answers alone
  ansible.builtin.set_fact:
    result: >-
      {{ [probe] | citadel.ai_gateway.llm_validation_result(service=apim_service_name,
                                                            resource_group=apim_resource_group) }}
"""

RETURN = r"""
_value:
  description:
    - The result, with C(service), C(resource_group), C(gateway_url), C(sku), C(location), C(started), C(duration_s),
      C(outcome) (V(failed) as soon as one check is, V(skipped) when none passed either), C(calls), C(checks) and what
      was measured. C(models), C(backends), C(shares), C(latency), C(failover) and C(streaming).
  type: dict
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any


def llm_validation_result(
    probes: Sequence[Mapping[str, Any]],
    service: str,
    resource_group: str,
    comparison: Mapping[str, Any] | None = None,
    preflight: Mapping[str, Any] | None = None,
    failure: str = "",
    failed_part: str = "the inventory",
    required: Sequence[str] = (),
) -> dict[str, Any]:
    """Return the result of the validation of one service."""
    # Ansible loads every filter to find one, so what this one needs waits until it is called.
    from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.result import validation_result

    place = {"name": service, "resource_group": resource_group}
    stopped = (failed_part, failure) if failure else None
    return validation_result(place, comparison or None, preflight or None, probes, failure=stopped, required=required)


class FilterModule:
    """Names the filter for Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters of this file by name."""
        return {"llm_validation_result": llm_validation_result}
