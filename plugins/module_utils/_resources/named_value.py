# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A named value: a plain text, a secret, or a reference to a Key Vault secret.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.limits import Limits
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.marks import (
    join_tags,
    merged_owners,
    split_tags,
    wanted_tags,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.resource import (
    InvalidOptionsError,
    Resource,
    State,
    given,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.secrets import (
    MASK,
    is_credential_name,
    masked,
)

# The policies name the managed identity by this named value (design, names that people rely on).
MANAGED_IDENTITY = "uami-client-id"

# What a named value is made of; ARM refuses two of them.
_SOURCES = ("value", "secret_value", "key_vault")

_HIDDEN = "(hidden)"
# facts: limit of a named value's tags.
_MOST_TAGS = 32


class NamedValue(Resource):
    """A named value; what is secret is never shown and never read unless it must be compared."""

    kind = "named value"
    collection = "namedValues"
    is_route = True

    @staticmethod
    def argument_spec() -> dict[str, Any]:
        key_vault = {
            "secret_identifier": {"type": "str", "required": True},
            "identity_client_id": {"type": "str"},
        }
        return {
            "display_name": {"type": "str"},
            "value": {"type": "str"},
            "secret_value": {"type": "str", "no_log": True},
            # It names a secret and holds none.
            "key_vault": {"type": "dict", "options": key_vault, "no_log": False},
            "tags": {"type": "list", "elements": "str"},
        }

    def wanted(self, options: Mapping[str, Any]) -> State:
        sources = [name for name in _SOURCES if options.get(name) is not None]
        if len(sources) > 1:
            raise InvalidOptionsError(f"has {' and '.join(sources)}; give one of them")
        return given(
            display_name=options.get("display_name"),
            value=options.get("value"),
            secret_value=options.get("secret_value"),
            key_vault=_key_vault(options.get("key_vault")),
            secret=sources[0] != "value" if sources else None,
            **wanted_tags(options),
        )

    def current(self, properties: Mapping[str, Any]) -> State:
        key_vault = properties.get("keyVault") or {}
        state = given(
            display_name=properties.get("displayName"),
            secret=bool(properties.get("secret")),
            **split_tags(properties.get("tags")),
        )
        if key_vault:
            state["key_vault"] = given(
                secret_identifier=key_vault.get("secretIdentifier"),
                identity_client_id=key_vault.get("identityClientId"),
            )
        elif not state["secret"]:
            state["value"] = properties.get("value", "")
        return state

    def defaults(self, name: str) -> State:
        return {"display_name": name}

    def merged(self, current: State, wanted: State) -> State:
        """A named value has one source: a new one replaces the old one, whatever that was."""
        replaced = _SOURCES if self.is_whole(wanted) else ()
        kept = {name: value for name, value in current.items() if name not in replaced}
        owners = [] if _is_unclaimed(current, wanted) else merged_owners(current, wanted)
        return {**kept, **{name: value for name, value in wanted.items() if name != "owner"}, "owners": owners}

    def is_shared(self, name: str) -> bool:
        """The managed identity is the gateway's, whoever routes through it; credentials belong to one owner."""
        return name.lower() == MANAGED_IDENTITY

    def way_past(self, name: str, owner: str) -> str:
        """The gateway has one identity, and credentials are named after their backend."""
        if not self.is_shared(name):
            return super().way_past(name, owner).replace("another name", "another name (backend_id)", 1)
        if owner:
            return "agree on one identity (apim_managed_identity), or use another service"
        return "let apim_managed_identity be the identity whose client id it holds"

    def is_at_odds(self, before: State, wanted: State) -> bool:
        return any(name in wanted and wanted[name] != before.get(name) for name in _SOURCES)

    def fault(self, state: State, limits: Limits) -> str:  # noqa: ARG002
        """Owners share the tags of a named value."""
        count = len(join_tags(state))
        return f"tags: has {count} with those of its owners; ARM takes {_MOST_TAGS}" if count > _MOST_TAGS else ""

    def hidden(self, current: State, wanted: State) -> str:
        return "secret_value" if "secret_value" in wanted and current["secret"] and "key_vault" not in current else ""

    def missing(self, wanted: State) -> str:
        return "" if self.is_whole(wanted) else "value, secret_value or key_vault"

    def is_whole(self, state: State) -> bool:
        """A secret cannot be read back with the rest, so a state that leaves it alone lacks it."""
        return not state.keys().isdisjoint(_SOURCES)

    def properties(self, state: State) -> dict[str, Any]:
        vault = state.get("key_vault")
        return {
            "displayName": state.get("display_name"),
            "value": state.get("secret_value", state.get("value")) if not vault else None,
            "secret": state.get("secret", False),
            "keyVault": _arm_key_vault(vault) if vault else None,
            "tags": join_tags(state) if "tags" in state or state.get("owners") else None,
        }

    def shown(self, state: State, secrets: Container[str] = ()) -> State:
        """Return the state with secrets masked, also one that stands in a named value that is none."""
        if "secret_value" in state:
            return {**state, "secret_value": _HIDDEN}
        if not state.get("value"):
            return state
        name = str(state.get("display_name") or "")
        value = masked(state["value"], named=is_credential_name(name, of_request=False))
        return {**state, "value": MASK if name.lower() in secrets else value}

    def secrets(self, state: State) -> set[str]:
        return {state["display_name"]} if state.get("secret") and "display_name" in state else set()


def _is_unclaimed(current: State, wanted: State) -> bool:
    """Tell whether the service has the managed identity's named value of its own, just as it is wanted.

    It stays without a mark, or the last owner to go would take it away from those who were there before.
    """
    same = current.get("value") is not None and current["value"] == wanted.get("value")
    return same and current.get("display_name") == MANAGED_IDENTITY and not current.get("owners")


def _key_vault(options: Mapping[str, Any] | None) -> State | None:
    return given(**options) if options else None


def _arm_key_vault(state: State) -> dict[str, Any]:
    return {"secretIdentifier": state["secret_identifier"], "identityClientId": state.get("identity_client_id")}
