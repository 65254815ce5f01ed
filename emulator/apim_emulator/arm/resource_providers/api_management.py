# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Microsoft.ApiManagement: services, and everything below them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from apim_emulator.arm.call import Call
from apim_emulator.arm.errors import ArmError, not_allowed
from apim_emulator.arm.kinds import Kinds
from apim_emulator.arm.operations import Operation, Operations
from apim_emulator.arm.provider import ResourceProvider, listing, parent_not_found, resource_not_found
from apim_emulator.arm.resources.child import Conditions
from apim_emulator.arm.resources.connectivity_check import ConnectivityCheck, Prober
from apim_emulator.arm.resources.services import Services
from apim_emulator.arm.routing import Route
from apim_emulator.arm.store import Service, Store
from apim_emulator.arm.view import ServiceView
from apim_emulator.config import Config
from apim_emulator.http import Answer
from apim_emulator.warm_checker import WarmChecker


class ApiManagement(ResourceProvider):
    """The services of the configuration: children are made and removed, the services themselves are not."""

    # What clients in use speak: this collection and azure-mgmt-apimanagement 5, azure-cli, azure.azcollection.
    api_versions: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "Microsoft.ApiManagement/service": ("2022-08-01", "2024-05-01")
    }

    def __init__(self, config: Config, store: Store, checker: WarmChecker, prober: Prober) -> None:
        self._store = store
        self._operations = Operations()
        self._services = Services(config, store, self._operations)
        self._connectivity = ConnectivityCheck(self._operations, prober)
        self._kinds = Kinds(store, self._operations, checker, config.key_vault_secrets)

    def view(self, service: Service) -> ServiceView:
        """Return what the data plane may see of a service."""
        return ServiceView(service, self._kinds.named_values.values)

    async def answer(self, call: Call, route: Route, conditions: Conditions) -> Answer:
        if route.resource_group is None or route.name is None:
            route.only("GET", call.request.method)
            return listing(self._services.show(item) for item in self._services_of(call, route))
        call.service = self._store.find(call.subscription, route.resource_group, route.name)
        if call.service is None:
            raise parent_not_found(route) if route.children else resource_not_found(route)
        call.request.service = call.service.label
        match [part.lower() for part in route.children]:
            case []:
                return await self._service(call, call.service, conditions)
            case ["connectivitycheck"]:
                started = self._connectivity.start(call, conditions)
                return _accepted(call, call.service, "/connectivityCheck", started)
            case ["operationresults", _] | ["connectivitycheck", "operationresults", _]:
                route.only("GET", call.request.method)
                return self._operation(route.children[-1]).result(call.request.url())
            case ["tenant", "operationresults", _]:
                return self._operation(route.children[-1]).status(call.request.path)
        return await self._kinds.answer(call, route, conditions)

    def starts_operation(self, route: Route, method: str) -> bool:
        match [part.lower() for part in route.children]:
            case []:
                return route.name is not None and method == "PATCH"
            case ["connectivitycheck"]:
                return method == "POST"
        return self._kinds.starts_operation(route, method)

    def exists(self, route: Route) -> bool:
        service = self._store.find(route.subscription or "", route.resource_group or "", route.name or "")
        if service is None or len(route.children) % 2:
            return False
        *collection, name = route.children or ("",)
        return not name or service.get("/".join(collection), name) is not None

    def _services_of(self, call: Call, route: Route) -> list[Service]:
        group = route.resource_group
        return [
            service
            for (subscription, in_group, _), service in self._store.services.items()
            if subscription == call.subscription and (group is None or in_group == group.lower())
        ]

    async def _service(self, call: Call, service: Service, conditions: Conditions) -> Answer:
        match call.request.method:
            case "GET":
                return self._services.read(service)
            case "PATCH":
                return _accepted(call, service, "", await self._services.patch(call, conditions))
        raise not_allowed(call.request.method)

    def _operation(self, operation_id: str) -> Operation:
        operation = self._operations.find(operation_id)
        if operation is None:
            raise ArmError(404, "ResourceNotFound", "Operation result not found.")
        return operation


def _accepted(call: Call, service: Service, below: str, operation: Operation) -> Answer:
    """Answer that an operation was started: 202, and where its result will be."""
    results = f"{call.request.origin}{service.resource_id}{below}/operationresults/{operation.id}"
    headers = {"Location": f"{results}?api-version={call.api_version}", **operation.retry_after()}
    return Answer(202, None, headers)
