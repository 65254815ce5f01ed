# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The API Management service itself: read, listed in its subscription or resource group, given other identities."""

from __future__ import annotations

from typing import Any

from apim_emulator.arm.call import Call
from apim_emulator.arm.operations import Operation, Operations
from apim_emulator.arm.resources.child import Conditions, check_if_match
from apim_emulator.arm.resources.service_identity import changed_identities, show_identity
from apim_emulator.arm.store import Service, Store
from apim_emulator.config import Config
from apim_emulator.http import Answer

# What Microsoft's client sends with every PATCH, whatever it is to change.
_DEFAULTS = {
    "enableClientCertificate": False,
    "restore": False,
    "legacyPortalStatus": "Enabled",
    "developerPortalStatus": "Enabled",
}


class Services:
    """Microsoft.ApiManagement/service. Services come from the configuration: they are not made or removed."""

    def __init__(self, config: Config, store: Store, operations: Operations) -> None:
        self._config = config
        self._store = store
        self._operations = operations

    def read(self, service: Service) -> Answer:
        """Answer GET of one service."""
        return Answer(200, self.show(service), {"ETag": service.etag})

    async def patch(self, call: Call, conditions: Conditions) -> Operation:
        """Change the identities of a service, and nothing else, by a long-running operation. Raises ArmError.

        What it changes holds at once, for the gateway too.
        """
        service = call.apim()
        async with service.write_lock:
            check_if_match(call, service.etag)
            present = {**_DEFAULTS, **self.show(service)["properties"]}
            wanted = changed_identities(service, call.json(), self._config.identities, present)
            if conditions.failure is None and wanted != (service.system_assigned, service.identities):
                service.system_assigned, service.identities = wanted
                service.etag = self._store.next_etag()
        return self._operations.start(conditions.lro_ms, conditions.failure, self._result(service))

    async def _result(self, service: Service) -> dict[str, Any]:
        return self.show(service)

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
            "identity": show_identity(service, self._config.tenant_id),
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
