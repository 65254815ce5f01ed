# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A policy fragment, compared by what its policies say and not by how ARM spells them.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.limits import Limits, size_of
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.marks import (
    join_owners,
    merged_owners,
    split_owners,
    wanted_shared_description,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.owner_blocks import (
    contested_models,
    with_foreign_blocks,
    without_blocks,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.policy_secrets import (
    named_values_of_credentials,
    shown_policy,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.policy_xml import PolicyXml
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.resource import (
    InvalidOptionsError,
    Resource,
    State,
    given,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.token_targets import token_targets

# facts: limit of a fragment's description.
_DESCRIPTION_CHARACTERS = 1000
# What makes the fragments of an inventory shorter.
_REMEDY = "list fewer models"


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
        value = options.get("value")
        document = None if value is None else checked_policy(value, options["format"], _REMEDY)
        return given(value=document, **wanted_shared_description(options))

    def current(self, properties: Mapping[str, Any]) -> State:
        value = PolicyXml(properties.get("value") or "", properties.get("format") or "xml")
        return {"value": value, **split_owners(properties.get("description"))}

    def is_shared(self, name: str) -> bool:  # noqa: ARG002
        """The policies are the same for all, and each owner has blocks of its own in them."""
        return True

    def way_past(self, name: str, owner: str) -> str:  # noqa: ARG002
        """The names of the shipped fragments are fixed: policies include them by these."""
        return "use another service"

    def merged(self, current: State, wanted: State) -> State:
        """An owner's fragment replaces the code and the owner's blocks; blocks of the others stay."""
        merged = {**current, **{name: value for name, value in wanted.items() if name != "owner"}}
        if "owner" in wanted and "value" in wanted and "value" in current:
            merged["value"] = with_foreign_blocks(wanted["value"], current["value"], wanted["owner"])
        return {**merged, "owners": merged_owners(current, wanted)}

    def without_owner(self, state: State, owner: str) -> State:
        """Blocks of the owner go with the mark."""
        return {**super().without_owner(state, owner), "value": without_blocks(state["value"], owner)}

    def contested(self, state: State) -> dict[str, list[str]]:
        """Return the models of which the blocks of several owners have routes."""
        return contested_models(state["value"]) if "value" in state else {}

    def token_changes(self, before: State, after: State) -> dict[str, bool]:
        """Names that a fragment no longer has, or did not have, get and lose nothing."""
        old, new = (token_targets(state["value"]) if "value" in state else {} for state in (before, after))
        return {name: token for name, token in new.items() if old.get(name, token) != token}

    def fault(self, state: State, limits: Limits) -> str:
        """Owners share a fragment's limits of size."""
        if (length := len(join_owners(state))) > _DESCRIPTION_CHARACTERS:
            what = f"has {length} characters with its owners, but ARM takes {_DESCRIPTION_CHARACTERS:,}"
            return f"description: {what}; shorten it or the owners' names (llm_owner), or offboard an owner"
        return size_fault(state["value"].text, limits, _REMEDY) if "value" in state else ""

    def missing(self, wanted: State) -> str:
        return "" if "value" in wanted else "value"

    def properties(self, state: State) -> dict[str, Any]:
        value: PolicyXml = state["value"]
        return {"value": value.text, "format": value.format, "description": join_owners(state) or None}

    def shown(self, state: State, secrets: Container[str] = ()) -> State:  # noqa: ARG002
        return {**state, "value": shown_policy(state["value"])} if "value" in state else state

    def secrets(self, state: State) -> set[str]:
        return named_values_of_credentials(state["value"]) if "value" in state else set()


def checked_policy(value: str, text_format: str, remedy: str) -> PolicyXml:
    """Return a policy document.

    :param text_format: ``rawxml`` or ``xml``.
    :param remedy: what makes such a document shorter.
    :raises InvalidOptionsError: when it is longer than ARM takes, or no document.
    """
    if too_large := size_fault(value, Limits(), remedy):
        raise InvalidOptionsError(too_large)
    policy = PolicyXml(value, text_format)
    fault = policy.fault()
    if fault:
        raise InvalidOptionsError(f"value: is not a policy document of format {text_format} ({fault})")
    return policy


def size_fault(text: str, limits: Limits, remedy: str) -> str:
    """Say that a policy document is larger than the service's tier takes; empty when it is not."""
    size, maximum = size_of(text), limits.policy_bytes
    who = f"tier {limits.tier}" if limits.tier else "ARM"
    return f"value: has {size} bytes, but {who} takes {maximum}; {remedy}" if size > maximum else ""
