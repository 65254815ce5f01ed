# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Application Insights components: read and listed. Sources: the 2020-02-02 description, recorded traffic."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from apim_emulator.config import Config
from apim_emulator.config_insights import ApplicationInsightsConfig
from apim_emulator.http import utc_text


class ApplicationInsights:
    """Microsoft.Insights/components, from the configuration."""

    def __init__(self, config: Config) -> None:
        self._components = config.application_insights
        self._created = utc_text().replace("Z", "+00:00")

    def find(self, subscription: str, resource_group: str, name: str) -> dict[str, Any] | None:
        """Return the component as ARM shows it (case of the names ignored), or None."""
        matching = (item for item in self._within(subscription, resource_group) if item.name.lower() == name.lower())
        return next((self._show(item) for item in matching), None)

    def within(self, subscription: str, resource_group: str | None) -> list[dict[str, Any]]:
        """Return the components of a subscription or resource group as ARM shows them."""
        return [self._show(item) for item in self._within(subscription, resource_group)]

    def _within(self, subscription: str, resource_group: str | None) -> Iterable[ApplicationInsightsConfig]:
        for item in self._components:
            in_group = resource_group is None or item.resource_group.lower() == resource_group.lower()
            if item.subscription_id == subscription and in_group:
                yield item

    def _show(self, component: ApplicationInsightsConfig) -> dict[str, Any]:
        resource_id = component.resource_id("microsoft.insights/components")
        app, key = (_guid(resource_id, purpose) for purpose in ("AppId", "InstrumentationKey"))
        return {
            "id": resource_id,
            "name": component.name,
            "type": "microsoft.insights/components",
            "location": component.location,
            "tags": {},
            "kind": "web",
            "etag": f'"{_guid(resource_id, "etag")[:8]}-0000-4700-0000-{key[:8]}"',
            "properties": {
                "ApplicationId": component.name,
                "AppId": app,
                "Application_Type": "web",
                "Flow_Type": "Bluefield",
                "Request_Source": "rest",
                "InstrumentationKey": key,
                "ConnectionString": _connection_string(component.location, key, app),
                "Name": component.name,
                "CreationDate": self._created,
                # Recorded: the id of the subscription, whatever its name says.
                "TenantId": component.subscription_id,
                "provisioningState": "Succeeded",
                "SamplingPercentage": None,
                "RetentionInDays": 90,
                "WorkspaceResourceId": _workspace(component, app),
                "IngestionMode": "LogAnalytics",
                "publicNetworkAccessForIngestion": "Enabled",
                "publicNetworkAccessForQuery": "Enabled",
                "Ver": "v2",
            },
        }


def _guid(resource_id: str, purpose: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{resource_id.lower()}#{purpose}"))


def _connection_string(location: str, key: str, app: str) -> str:
    ingestion = f"https://{location}-0.in.applicationinsights.azure.com/"
    live = f"https://{location}.livediagnostics.monitor.azure.com/"
    return f"InstrumentationKey={key};IngestionEndpoint={ingestion};LiveEndpoint={live};ApplicationId={app}"


def _workspace(component: ApplicationInsightsConfig, app: str) -> str:
    """Return the id of the workspace that Azure makes for a component that was given none."""
    group = f"/subscriptions/{component.subscription_id}/resourceGroups/ai_{component.name}_{app}_managed"
    return f"{group}/providers/Microsoft.OperationalInsights/workspaces/managed-{component.name}-ws"
