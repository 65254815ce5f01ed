# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An operation of an API: a method and a path below the API's.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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


class ApiOperation(Resource):
    """An operation of one API, made from the options that :func:`.openapi.operations_of` returns.

    :param api: name of the API.
    """

    kind = "API operation"
    is_child = True

    def __init__(self, api: str) -> None:
        self.collection = f"apis/{api}/operations"
        self._api = api

    @staticmethod
    def argument_spec() -> dict[str, Any]:
        return {
            "display_name": {"type": "str"},
            "description": {"type": "str"},
            "method": {"type": "str"},
            "url_template": {"type": "str"},
            "parameters": {"type": "list", "elements": "str"},
        }

    def title(self, name: str) -> str:
        return f"{self._api}/{name}"

    def wanted(self, options: Mapping[str, Any]) -> State:
        others = {name: options.get(name) for name in self.argument_spec() if name != "description"}
        return given(**others, **wanted_description(options))

    def current(self, properties: Mapping[str, Any]) -> State:
        return {
            "display_name": properties.get("displayName", ""),
            **split_owner(properties.get("description")),
            "method": properties.get("method", "").upper(),
            "url_template": properties.get("urlTemplate", ""),
            "parameters": [parameter["name"] for parameter in properties.get("templateParameters") or []],
        }

    def properties(self, state: State) -> dict[str, Any]:
        parameters = [{"name": name, "type": "string", "required": True} for name in state.get("parameters", [])]
        return {
            "displayName": state.get("display_name"),
            "description": join_owner(state) or None,
            "method": state.get("method"),
            "urlTemplate": state.get("url_template"),
            "templateParameters": parameters,
        }
