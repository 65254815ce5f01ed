# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A policy fragment, compared by what its policies say and not by how ARM spells them.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.policy_xml import PolicyXml
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.resource import (
    InvalidOptionsError,
    Resource,
    State,
    given,
    join_owner,
    split_owner,
    wanted_description,
)

# facts: limits of a fragment's text (KiB of UTF-8) and of its description (characters).
_MAXIMUM_BYTES = 512 * 1024
_DESCRIPTION_CHARACTERS = 1000


class PolicyFragment(Resource):
    """A fragment that other policies include."""

    kind = "policy fragment"
    collection = "policyFragments"

    @staticmethod
    def argument_spec() -> dict[str, Any]:
        return {
            "value": {"type": "str"},
            "format": {"type": "str", "choices": ["rawxml", "xml"], "default": "rawxml"},
            "description": {"type": "str"},
        }

    def wanted(self, options: Mapping[str, Any]) -> State:
        value, description = options.get("value"), wanted_description(options)
        if (length := len(join_owner(description))) > _DESCRIPTION_CHARACTERS:
            raise InvalidOptionsError(f"description: has {length} characters with its owner; write at most 1,000")
        return given(value=None if value is None else checked_policy(value, options["format"]), **description)

    def current(self, properties: Mapping[str, Any]) -> State:
        value = PolicyXml(properties.get("value") or "", properties.get("format") or "xml")
        return {"value": value, **split_owner(properties.get("description"))}

    def missing(self, wanted: State) -> str:
        return "" if "value" in wanted else "value"

    def properties(self, state: State) -> dict[str, Any]:
        value: PolicyXml = state["value"]
        return {"value": value.text, "format": value.format, "description": join_owner(state) or None}

    def shown(self, state: State) -> State:
        return {**state, "value": state["value"].readable()} if "value" in state else state


def checked_policy(value: str, text_format: str) -> PolicyXml:
    """Return a policy document.

    :param text_format: ``rawxml`` or ``xml``.
    :raises InvalidOptionsError: when it is longer than ARM takes, or no document.
    """
    size = len(value.encode("utf-8", "surrogatepass"))
    if size > _MAXIMUM_BYTES:
        raise InvalidOptionsError(f"value: has {size} bytes, but ARM takes {_MAXIMUM_BYTES}; list fewer models")
    policy = PolicyXml(value, text_format)
    fault = policy.fault()
    if fault:
        raise InvalidOptionsError(f"value: is not a policy document of format {text_format} ({fault})")
    return policy
