# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every kind of ARM resource knows about itself, without doing any I/O.

A *state* is the one form in which wanted and current objects are compared and shown: a mapping in the shape of the
module's options, normalised per field. PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Container, Mapping
from typing import Any, ClassVar

from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.limits import Limits

State = dict[str, Any]


class InvalidOptionsError(ValueError):
    """Options of one object that ARM would refuse; the text names the field, the value and the remedy."""


class Resource(ABC):
    """A kind of child resource of an API Management service.

    :ivar kind: the kind in words, for messages.
    :ivar collection: path of the ARM collection below the service, such as ``backends``.
    :cvar name_taken: what to say when an object of another kind, in the same ARM collection, has a wanted name.
    :cvar is_child: objects of this kind belong to another one. ARM refuses writes to two children of one API at a time
        (facts, concurrent writes race on the parent's ETag).
    :cvar is_route: requests pass through objects of this kind, so gateways must have seen that nothing refers to one
        before it goes.
    :cvar removal_query: query parameters of a DELETE.
    """

    kind: str
    collection: str
    name_taken: ClassVar[str] = ""
    is_child: ClassVar[bool] = False
    is_route: ClassVar[bool] = False
    removal_query: ClassVar[Mapping[str, str]] = {}

    @staticmethod
    @abstractmethod
    def argument_spec() -> dict[str, Any]:
        """Return the argument spec of one object in the module's list, without ``name``."""

    @abstractmethod
    def wanted(self, options: Mapping[str, Any]) -> State:
        """Return the state that options ask for; what they leave unset (None) is absent from it.

        :raises InvalidOptionsError: when ARM would refuse them.
        """

    @abstractmethod
    def current(self, properties: Mapping[str, Any]) -> State:
        """Return the state of an existing object.

        :param properties: ``properties`` of the ARM body.
        """

    @abstractmethod
    def properties(self, state: State) -> dict[str, Any]:
        """Return the ARM properties of a state; None stands for a property that must go."""

    def title(self, name: str) -> str:
        """Return an object's name as messages show it: that of a child tells its parent."""
        return name

    def way_past(self, name: str, owner: str) -> str:  # noqa: ARG002
        """Say what to do about an object of a wanted name that belongs to somebody else.

        :param owner: whom it belongs to; empty when it carries no mark, and taking it over is no way.
        """
        return "give it another name" + (", or let that owner remove its own" if owner else "")

    def is_same_kind(self, properties: Mapping[str, Any]) -> bool:  # noqa: ARG002
        """Tell whether an object of the ARM collection is of this kind: pools and backends share one collection."""
        return True

    def missing(self, wanted: State) -> str:  # noqa: ARG002
        """Name the option without which an object of this kind cannot be created; empty when nothing is missing."""
        return ""

    def defaults(self, name: str) -> State:  # noqa: ARG002
        """Return what ARM requires of a new object although no option needs to give it."""
        return {}

    def merged(self, current: State, wanted: State) -> State:
        """Return the state that results when ``wanted`` is applied to ``current``."""
        return {**current, **wanted}

    def is_shared(self, name: str) -> bool:  # noqa: ARG002
        """Tell whether an object of this name may belong to several owners at a time."""
        return False

    def owners(self, state: State) -> list[str]:
        """Return the owners whose marks an object carries; one at most unless it is shared."""
        return state.get("owners") or [owner for owner in [state.get("owner")] if owner]

    def without_owner(self, state: State, owner: str) -> State:
        """Return the state without the mark of an owner, and without what only that owner needs."""
        if "owners" in state:
            return {**state, "owners": [other for other in state["owners"] if other != owner]}
        return {**state, "owner": ""}

    def is_at_odds(self, before: State, wanted: State) -> bool:  # noqa: ARG002
        """Tell whether options would take from the other owners of a shared object what they rely on."""
        return False

    def fault(self, state: State, limits: Limits) -> str:  # noqa: ARG002
        """Say why ARM would refuse what comes out when options are applied to an object; empty when it takes it.

        :param limits: those of the service's tier.
        """
        return ""

    def contested(self, state: State) -> dict[str, list[str]]:  # noqa: ARG002
        """Return what several owners of a shared object lay claim to, and their names, first that of who has it."""
        return {}

    def destinations(self, state: State) -> frozenset[str]:  # noqa: ARG002
        """Return where requests go that pass through an object; empty when none do."""
        return frozenset()

    def token_changes(self, before: State, after: State) -> dict[str, bool]:  # noqa: ARG002
        """Return the backends and pools whose requests get or lose a token of the managed identity by a change.

        :return: name, in lower case, -> whether there is a token afterwards.
        """
        return {}

    def hidden(self, current: State, wanted: State) -> str:  # noqa: ARG002
        """Name the field that must be fetched before both states can be compared, because ARM hides it in reads."""
        return ""

    def references(self, state: State) -> set[str]:  # noqa: ARG002
        """Return the display names of the named values without which ARM refuses a state."""
        return set()

    def is_whole(self, state: State) -> bool:  # noqa: ARG002
        """Tell whether a state holds all that an object of this kind needs: what ARM hides in reads may be lacking."""
        return True

    def shown(self, state: State, secrets: Container[str] = ()) -> State:  # noqa: ARG002
        """Return a state as a diff may show it: readable and without secrets.

        :param secrets: display names, in lower case, of named values whose value is a credential wherever it stands.
        """
        return state

    def secrets(self, state: State) -> set[str]:  # noqa: ARG002
        """Return the display names of named values whose value a state tells to be a credential."""
        return set()

    def body(self, state: State, existing: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return the ARM body for a state.

        :param existing: ``properties`` of the object that is replaced; what this collection does not manage, and what
            the state leaves as it is, are sent as they were read.
        """
        properties = dict(existing or {})
        unchanged = self.properties(self.current(existing)) if existing else {}
        for name, value in self.properties(state).items():
            if value is None or name not in properties or value != unchanged[name]:
                properties[name] = _over(properties.get(name), value)
        properties.pop("provisioningState", None)  # ARM's own, never a client's to send
        return {"properties": {name: value for name, value in properties.items() if value is not None}}


def _over(existing: Any, value: Any) -> Any:
    """Return an ARM property with a new value; of a mapping, the fields that the value does not name are kept."""
    if not isinstance(value, Mapping):
        return value
    fields = {**(existing or {}), **value}
    return {name: field for name, field in fields.items() if field is not None} or None


def given(**fields: Any) -> State:
    """Return the fields that are set: an option left out (None) is left alone in ARM."""
    return {name: value for name, value in fields.items() if value is not None}
