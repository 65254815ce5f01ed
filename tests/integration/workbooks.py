# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Workbooks of Azure Monitor as Microsoft's SDK sees and changes them, beside the code of the collection."""

from __future__ import annotations

import json
import uuid
from typing import Any

from tests.integration.harness import RESOURCE_GROUP, SUBSCRIPTION, Azure, Service

COMPONENT = "appi-citadel"
COMPONENT_ID = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{RESOURCE_GROUP}/providers/microsoft.insights/components/{COMPONENT}"
)
_API_VERSION = "2022-04-01"


def name_of(service: Service, owner: str = "citadel") -> str:
    """The name in ARM of the workbook that an owner has for a service: the same for ever, or runs lose theirs."""
    group = f"/subscriptions/{SUBSCRIPTION}/resourcegroups/{service.resource_group}".lower()
    path = f"{group}/providers/microsoft.apimanagement/service/{service.name}".lower()
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"https://management.azure.com{path}#{owner}"))


def target_of(service: Service, owner: str = "citadel", group: str = RESOURCE_GROUP) -> str:
    """The path of that workbook."""
    name = name_of(service, owner)
    return f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{group}/providers/Microsoft.Insights/workbooks/{name}"


class Workbooks:
    """The workbooks of a resource group."""

    def __init__(self, azure: Azure, group: str = RESOURCE_GROUP) -> None:
        self._client = _client(azure)
        self._group = group

    def find(self, service: Service, owner: str = "citadel") -> dict[str, Any] | None:
        """What ARM holds of the workbook that an owner has for a service; None when it does not exist."""
        from azure.core.exceptions import ResourceNotFoundError

        try:
            found = self._client.workbooks.get(self._group, name_of(service, owner), can_fetch_content=True)
        except ResourceNotFoundError:
            return None
        return {
            "display_name": found.display_name,
            "source_id": found.source_id,
            "location": found.location,
            "content": json.loads(found.serialized_data),
            "tags": found.tags,
            "category": found.category,
        }

    def change(self, service: Service, owner: str = "citadel", **changes: Any) -> None:
        """Change a workbook as a person in the portal would: fields of the SDK's model, ``tags`` as a whole."""
        name = name_of(service, owner)
        found = self._client.workbooks.get(self._group, name, can_fetch_content=True)
        for field, value in changes.items():
            setattr(found, field, value)
        self._client.workbooks.create_or_update(self._group, name, found)

    def names(self) -> set[str]:
        """Names of all workbooks of the resource group."""
        return {each.name for each in self._client.workbooks.list_by_resource_group(self._group, "workbook")}


def _client(azure: Azure) -> Any:
    from azure.identity import ClientSecretCredential
    from azure.mgmt.applicationinsights import ApplicationInsightsManagementClient

    known = azure.environment
    url, bundle = known["AZURE_CLOUD_ENVIRONMENT"], known["SSL_CERT_FILE"]
    credential = ClientSecretCredential(
        known["AZURE_TENANT"],
        known["AZURE_CLIENT_ID"],
        known["AZURE_SECRET"],
        authority=url,
        disable_instance_discovery=True,
        connection_verify=bundle,
    )
    return ApplicationInsightsManagementClient(
        credential,
        SUBSCRIPTION,
        api_version=_API_VERSION,
        base_url=url,
        credential_scopes=[f"{url}/.default"],
        connection_verify=bundle,
    )
