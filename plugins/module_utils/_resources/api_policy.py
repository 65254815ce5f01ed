# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The policy of an API or of one of its operations.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.limits import Limits
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.policy_fragment import (
    checked_policy,
    size_fault,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.policy_secrets import (
    named_values_of_credentials,
    shown_policy,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.policy_xml import PolicyXml
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.resource import Resource, State, given

# facts: a policy's id is always this.
POLICY = "policy"
_REMEDY = "move parts of it into policy fragments"


class ApiPolicy(Resource):
    """The one policy of a scope, compared as fragments are.

    :param api: name of the API.
    :param operation: name of the operation; empty for the API's own policy.
    """

    is_child = True

    def __init__(self, api: str, operation: str = "") -> None:
        self.kind = "operation policy" if operation else "API policy"
        self.collection = f"apis/{api}/operations/{operation}/policies" if operation else f"apis/{api}/policies"
        self._scope = f"{api}/{operation}" if operation else api

    @staticmethod
    def argument_spec() -> dict[str, Any]:
        return {"value": {"type": "str"}}

    def title(self, name: str) -> str:  # noqa: ARG002
        return self._scope

    def wanted(self, options: Mapping[str, Any]) -> State:
        value = options.get("value")
        return given(value=None if value is None else checked_policy(value, "rawxml", _REMEDY))

    def current(self, properties: Mapping[str, Any]) -> State:
        return {"value": PolicyXml(properties.get("value") or "", properties.get("format") or "xml")}

    def properties(self, state: State) -> dict[str, Any]:
        value: PolicyXml = state["value"]
        return {"value": value.text, "format": value.format}

    def fault(self, state: State, limits: Limits) -> str:
        return size_fault(state["value"].text, limits, _REMEDY)

    def shown(self, state: State, secrets: Container[str] = ()) -> State:  # noqa: ARG002
        return {"value": shown_policy(state["value"])}

    def secrets(self, state: State) -> set[str]:
        return named_values_of_credentials(state["value"])
