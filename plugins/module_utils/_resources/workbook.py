# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A workbook of Azure Monitor, which shows in a browser what Application Insights knows of a gateway.

It is no part of the API Management service. Its name in ARM, a GUID, is made of the service and the owner, so that the
next run finds it; whom it belongs to, a tag tells. PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Container, Mapping
from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.resource import Resource, State, given

OWNER_TAG = "llm_owner"

# ARM sets this tag itself, from the display name; sent back it would keep the old one.
_TITLE_TAG = "hidden-title"
# ARM's own, never a client's to send.
_READ_ONLY = ("userId", "timeModified", "revision")


class Workbook(Resource):
    """A workbook; a state holds what the module manages of the whole ARM object, not of its properties alone."""

    kind = "workbook"
    collection = "Microsoft.Insights/workbooks"

    @staticmethod
    def argument_spec() -> dict[str, Any]:
        return {
            "display_name": {"type": "str"},
            "location": {"type": "str"},
            "content": {"type": "dict"},
        }

    def wanted(self, options: Mapping[str, Any]) -> State:
        """Return the state that options ask for.

        :param options: those of :meth:`argument_spec`, ``application_insights`` (ARM id) and ``owner``.
        """
        location = options.get("location")
        return given(
            display_name=options["display_name"],
            application_insights=options["application_insights"].lower(),
            location=region(location) if location else None,
            content=options["content"],
            owner=options["owner"],
        )

    def current(self, properties: Mapping[str, Any]) -> State:
        """Return the state of an existing workbook.

        :param properties: its ARM object, read with its content.
        """
        own = properties["properties"]
        return {
            "display_name": own.get("displayName", ""),
            "application_insights": (own.get("sourceId") or "").lower(),
            "location": region(properties.get("location", "")),
            "content": _parsed(own.get("serializedData")),
            "owner": (properties.get("tags") or {}).get(OWNER_TAG, ""),
        }

    def way_past(self, name: str, owner: str) -> str:  # noqa: ARG002
        """A workbook's name is the owner's own, so only its tag can be somebody else's."""
        return "remove the workbook"

    def properties(self, state: State) -> dict[str, Any]:
        return {
            "displayName": state["display_name"],
            "serializedData": json.dumps(state["content"], ensure_ascii=False),
            "category": "workbook",
            "sourceId": state["application_insights"],
            "version": "Notebook/1.0",
        }

    def shown(self, state: State, secrets: Container[str] = ()) -> State:  # noqa: ARG002
        """The content is shown as JSON, a line for each value, so that a difference shows the lines that differ."""
        content = state["content"]
        text = content if isinstance(content, str) else json.dumps(content, indent=2, ensure_ascii=False)
        return {**state, "content": text + "\n"}

    def body(self, state: State, existing: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return the ARM body for a state; tags and properties that nobody manages here are sent as they were read.

        :param existing: the ARM object that is replaced.
        """
        tags = {name: value for name, value in ((existing or {}).get("tags") or {}).items() if name != _TITLE_TAG}
        properties = (existing or {}).get("properties", {})
        kept = {name: value for name, value in properties.items() if name not in _READ_ONLY and value is not None}
        return {
            **given(identity=(existing or {}).get("identity")),
            "kind": "shared",
            "location": state["location"],
            "tags": {**tags, OWNER_TAG: state["owner"]},
            "properties": {**kept, **self.properties(state)},
        }


def workbook_name(service_path: str, owner: str) -> str:
    """Return the name in ARM, a GUID, of the workbook that an owner has for a service.

    :param service_path: ARM id of the API Management service, in any case.
    """
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"https://management.azure.com{service_path.lower()}#{owner}"))


def region(name: str) -> str:
    """Return an Azure region as ARM names it: ``Sweden Central`` is ``swedencentral``."""
    return name.replace(" ", "").lower()


def _parsed(text: str | None) -> Any:
    """Return the content as data, in which spaces and the order of keys mean nothing; text that is no JSON as it is."""
    try:
        return json.loads(text or "")
    except ValueError:
        return text or ""
