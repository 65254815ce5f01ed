# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may write which objects: what is foreign is never touched, what is shared takes another owner in.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.resource import Resource, State


@dataclass(frozen=True)
class Ownership:
    """The owner on whose behalf a run acts.

    :ivar owner: mark that wanted objects get, and that objects must carry to be written or pruned; None leaves marks
        alone and writes whatever is listed.
    :ivar adopt: objects that carry no mark may be written, and get it.
    """

    owner: str | None = None
    adopt: bool = False

    def refusal(self, resource: Resource, name: str, before: State | None, wanted: State | None) -> str:
        """Say why an object must not be written or removed, with the remedy; empty when it may be.

        :param before: the object as it is, None when it does not exist.
        :param wanted: what is wanted of it, None when it shall not exist.
        """
        if not self.owner or before is None or resource.is_child:
            return ""
        owners = resource.owners(before)
        others = [owner for owner in owners if owner != self.owner]
        if not owners:
            unchanged = wanted is not None and resource.merged(before, wanted) == before
            if self.adopt or unchanged:
                return ""
            return f"{_UNMARKED}, or {resource.way_past(name, '')}" if wanted is not None else _UNMARKED
        if self.owner not in owners and (wanted is None or not resource.is_shared(name)):
            remedy = resource.way_past(name, others[0]) if wanted is not None else "only that owner may remove it"
            return f"belongs to owner {', '.join(others)}; {remedy}"
        if others and wanted is not None and resource.is_at_odds(before, wanted):
            return f"has another value, which owner {', '.join(others)} needs; {resource.way_past(name, others[0])}"
        return ""

    def is_owned(self, resource: Resource, state: State | None) -> bool:
        """Tell whether an object carries the owner's mark."""
        return bool(self.owner) and self.owner in resource.owners(state or {})


_UNMARKED = "exists and carries no mark of an owner; set adopt (llm_adopt) to take it over"


def without(resource: Resource, state: State, owner: str | None) -> State | None:
    """Return what is left of an object when an owner lets go of it; None when nobody else has it.

    :param owner: None removes the object whoever has it.
    """
    left = resource.without_owner(state, owner) if owner else {}
    return left if resource.owners(left) else None
