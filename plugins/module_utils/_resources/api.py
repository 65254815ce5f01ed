# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An API: the path under which clients call it, and how they show their subscription key.

Its operations, policies and products are objects of their own. PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any, ClassVar

from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.marks import (
    join_owner,
    split_owner,
    wanted_description,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.resource import (
    Resource,
    State,
    given,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.secrets import masked

# facts: what ARM takes for a key's header and query parameter when they are not given.
_KEY_NAMES = {"header": "Ocp-Apim-Subscription-Key", "query": "subscription-key"}


class Api(Resource):
    """An API of a service, in its current revision."""

    kind = "API"
    collection = "apis"
    name_taken = "is the name of another revision of an API; give the API another"
    # Without it ARM refuses to remove an API that somebody has given another revision.
    removal_query: ClassVar[Mapping[str, str]] = {"deleteRevisions": "true"}

    @staticmethod
    def argument_spec() -> dict[str, Any]:
        key_names = {
            # Names of a header and a parameter, no secrets.
            "header": {"type": "str", "default": "api-key", "no_log": False},
            "query": {"type": "str", "default": "api-key", "no_log": False},
        }
        return {
            "display_name": {"type": "str"},
            "description": {"type": "str"},
            "path": {"type": "str"},
            "service_url": {"type": "str"},
            "protocols": {"type": "list", "elements": "str", "choices": ["http", "https"]},
            "subscription_required": {"type": "bool"},
            "subscription_key_names": {"type": "dict", "options": key_names, "no_log": False},
        }

    def wanted(self, options: Mapping[str, Any]) -> State:
        path, protocols, key_names = (options.get(name) for name in ("path", "protocols", "subscription_key_names"))
        return given(
            display_name=options.get("display_name"),
            **wanted_description(options),
            path=None if path is None else path.strip("/"),
            service_url=options.get("service_url"),
            protocols=None if protocols is None else sorted(set(protocols)),
            subscription_required=options.get("subscription_required"),
            subscription_key_names=None if key_names is None else dict(key_names),
        )

    def current(self, properties: Mapping[str, Any]) -> State:
        return {
            "display_name": properties.get("displayName", ""),
            **split_owner(properties.get("description")),
            "path": (properties.get("path") or "").strip("/"),
            "service_url": properties.get("serviceUrl") or "",
            "protocols": sorted(properties.get("protocols") or ["https"]),
            "subscription_required": properties.get("subscriptionRequired") is not False,
            "subscription_key_names": {**_KEY_NAMES, **(properties.get("subscriptionKeyParameterNames") or {})},
        }

    def way_past(self, name: str, owner: str) -> str:  # noqa: ARG002
        """The names of the role's APIs are fixed, and an API serves the routes of all owners."""
        if owner:
            return (
                f"set deploy to false, for the API of {owner} serves the models of all owners, or let it go there first"
            )
        return "set deploy to false"

    def defaults(self, name: str) -> State:
        return {"display_name": name}

    def missing(self, wanted: State) -> str:
        return "" if "path" in wanted else "path"

    def properties(self, state: State) -> dict[str, Any]:
        return {
            "displayName": state.get("display_name"),
            "description": join_owner(state) or None,
            "path": state.get("path"),
            "serviceUrl": state.get("service_url") or None,
            "protocols": state.get("protocols"),
            "subscriptionRequired": state.get("subscription_required"),
            "subscriptionKeyParameterNames": state.get("subscription_key_names"),
        }

    def shown(self, state: State, secrets: Container[str] = ()) -> State:  # noqa: ARG002
        """Return the state with what its backend's URL holds of credentials masked."""
        return {**state, "service_url": masked(state["service_url"])} if "service_url" in state else state

    def is_same_kind(self, properties: Mapping[str, Any]) -> bool:
        """Other revisions of an API are listed beside it."""
        return properties.get("isCurrent") is not False
