# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The API Management service itself: read, and listed in its subscription or resource group."""

from __future__ import annotations

from typing import Any

from apim_emulator.arm.errors import not_allowed
from apim_emulator.arm.resources.identities import identity_id
from apim_emulator.arm.store import Service
from apim_emulator.config import SYSTEM_ASSIGNED_PRINCIPAL_ID, Config
from apim_emulator.http import Answer


class Services:
    """Microsoft.ApiManagement/service. Services come from the configuration: they are read, never made or removed."""

    def __init__(self, config: Config) -> None:
        self._config = config

    def read(self, method: str, service: Service) -> Answer:
        """Answer a request for one service."""
        if method != "GET":
            raise not_allowed(method)
        return Answer(200, self.show(service), {"ETag": service.etag})

    def show(self, service: Service) -> dict[str, Any]:
        """Return the service as ARM shows it."""
        config = service.config
        return {
            "id": service.resource_id,
            "name": config.name,
            "type": "Microsoft.ApiManagement/service",
            "location": config.location,
            "etag": service.etag.strip('"'),
            "tags": {},
            "sku": {"name": config.sku, "capacity": 0 if config.sku == "Consumption" else 1},
            "identity": self._identity(service),
            "properties": {
                "publisherEmail": "platform@citadel.example",
                "publisherName": "Citadel",
                "provisioningState": "Succeeded",
                "targetProvisioningState": "",
                "gatewayUrl": service.gateway_url,
                "publicNetworkAccess": "Enabled",
                "virtualNetworkType": "None",
                "platformVersion": "stv2.1" if config.sku.endswith("V2") else "stv2",
                "disableGateway": False,
            },
        }

    def _identity(self, service: Service) -> dict[str, Any]:
        config = service.config
        wanted = {name.lower() for name in config.identities}
        assigned = {
            identity_id(item): {"principalId": item.principal_id, "clientId": item.client_id}
            for item in self._config.identities
            if item.subscription_id == config.subscription_id and f"{item.resource_group}/{item.name}".lower() in wanted
        }
        kinds = (["SystemAssigned"] if config.system_assigned else []) + (["UserAssigned"] if assigned else [])
        identity: dict[str, Any] = {"type": ", ".join(kinds) or "None"}
        if config.system_assigned:
            identity |= {"principalId": SYSTEM_ASSIGNED_PRINCIPAL_ID, "tenantId": self._config.tenant_id}
        if assigned:
            identity["userAssignedIdentities"] = assigned
        return identity
