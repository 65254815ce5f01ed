# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The control plane's front: who calls, may it, is it throttled, which resource does the path name.

The order of the checks is ARM's: token, api-version, subscription, provider and type, role, resource group, resource.
"""

from __future__ import annotations

import asyncio

from apim_emulator.arm.access import Access, authorize
from apim_emulator.arm.call import Call
from apim_emulator.arm.errors import ArmError
from apim_emulator.arm.faults import fault_error
from apim_emulator.arm.kinds import Kinds
from apim_emulator.arm.operations import Operations
from apim_emulator.arm.resources.child import Conditions
from apim_emulator.arm.resources.identities import Identities
from apim_emulator.arm.resources.services import Services
from apim_emulator.arm.resources.subscriptions import Subscriptions
from apim_emulator.arm.routing import Route, check_api_version, parse_path
from apim_emulator.arm.store import Service, Store
from apim_emulator.arm.throttling import Throttle
from apim_emulator.arm.view import ServiceView
from apim_emulator.config import Config
from apim_emulator.http import Answer, Request
from apim_emulator.settings import ArmSettings, Fault
from apim_emulator.warm_checker import WarmChecker


class ControlPlane:
    """Answers ARM requests. `settings` may be exchanged at any time."""

    def __init__(self, config: Config, store: Store, access: Access, checker: WarmChecker) -> None:
        self.settings: ArmSettings = config.arm
        self._store = store
        self._access = access
        self._throttle = Throttle()
        self._operations = Operations()
        self._subscriptions = Subscriptions(config)
        self._identities = Identities(config)
        self._services = Services(config)
        self._kinds = Kinds(store, self._operations, checker, config.key_vault_secrets)

    def view(self, service: Service) -> ServiceView:
        """Return what the data plane may see of a service."""
        return ServiceView(service, self._kinds.named_values.values)

    async def handle(self, request: Request, fault: Fault | None) -> Answer:
        """Answer one request; `fault` is what was scripted for it."""
        if self.settings.latency_ms:
            await asyncio.sleep(self.settings.latency_ms / 1000)
        limits: dict[str, str] = {}
        try:
            principal = self._access.authenticate(request)
            route = parse_path(request.segments())
            limits = self._throttle.take(
                route.subscription or "", principal.object_id, request.method, enforced=self.settings.throttling
            )
            error = fault_error(fault) if fault is not None else None
            conditions = Conditions.of(self.settings.lro_ms, fault, error)
            version = check_api_version(route, request.query.get("api-version"))
            call = Call(request, principal, route.subscription or "", version)
            answer = await self._route(call, route, conditions)
        except ArmError as refusal:
            answer = refusal.answer()
        answer.headers.update(limits)
        return answer

    async def _route(self, call: Call, route: Route, conditions: Conditions) -> Answer:
        if route.subscription is not None and not self._subscriptions.exists(route.subscription):
            message = f"The subscription '{route.subscription}' could not be found."
            raise ArmError(404, "SubscriptionNotFound", message)
        authorize(call.principal, call.request.method, call.request.path, route.type)
        if conditions.failure is not None and not self._kinds.starts_operation(route, call.request.method):
            raise conditions.failure
        if route.type.startswith("Microsoft.Resources/"):
            return self._resources(call, route)
        group = route.resource_group
        if group is not None and self._subscriptions.group(call.subscription, group) is None:
            raise ArmError(404, "ResourceGroupNotFound", f"Resource group '{group}' could not be found.")
        if route.type == "Microsoft.ManagedIdentity/userAssignedIdentities":
            return self._identity(call, route)
        return await self._api_management(call, route, conditions)

    def _resources(self, call: Call, route: Route) -> Answer:
        route.only("GET", call.request.method)
        match route.type.rpartition("/")[2]:
            case "tenants":
                return _listing(self._subscriptions.tenants())
            case "subscriptions" if route.subscription is None:
                return _listing(self._subscriptions.all())
            case "subscriptions":
                return Answer(200, self._subscriptions.show(call.subscription))
        if route.resource_group is None:
            return _listing(self._subscriptions.groups(call.subscription))
        group = self._subscriptions.group(call.subscription, route.resource_group)
        if group is None:
            raise ArmError(404, "ResourceGroupNotFound", f"Resource group '{route.resource_group}' could not be found.")
        return Answer(200, group)

    def _identity(self, call: Call, route: Route) -> Answer:
        route.only("GET", call.request.method)
        if route.resource_group is None or route.name is None:
            return _listing(self._identities.within(call.subscription, route.resource_group))
        found = self._identities.find(call.subscription, route.resource_group, route.name)
        if found is None or route.children:
            raise _resource_not_found(route)
        return Answer(200, found)

    async def _api_management(self, call: Call, route: Route, conditions: Conditions) -> Answer:
        if route.resource_group is None or route.name is None:
            route.only("GET", call.request.method)
            return _listing([self._services.show(item) for item in self._services_of(call, route)])
        call.service = self._store.find(call.subscription, route.resource_group, route.name)
        if call.service is None:
            raise _parent_not_found(route) if route.children else _resource_not_found(route)
        call.request.service = call.service.label
        if not route.children:
            return self._services.read(call.request.method, call.service)
        if [part.lower() for part in route.children[:2]] == ["tenant", "operationresults"] and len(route.children) == 3:
            return self._operation(call, route.children[2])
        return await self._kinds.answer(call, route, conditions)

    def _services_of(self, call: Call, route: Route) -> list[Service]:
        group = route.resource_group
        return [
            service
            for (subscription, in_group, _), service in self._store.services.items()
            if subscription == call.subscription and (group is None or in_group == group.lower())
        ]

    def _operation(self, call: Call, operation_id: str) -> Answer:
        operation = self._operations.find(operation_id)
        if operation is None:
            raise ArmError(404, "ResourceNotFound", "Operation result not found.")
        return operation.status(call.request.path)


def _listing(items: list[dict[str, object]]) -> Answer:
    return Answer(200, {"value": items, "count": len(items)})


def _resource_not_found(route: Route) -> ArmError:
    message = (
        f"The Resource '{route.type}/{route.name}' under resource group '{route.resource_group}' was not found. "
        "For more details please go to https://aka.ms/ARMResourceNotFoundFix"
    )
    return ArmError(404, "ResourceNotFound", message)


def _parent_not_found(route: Route) -> ArmError:
    message = f"Can not perform requested operation on nested resource. Parent resource '{route.name}' not found."
    return ArmError(404, "ParentResourceNotFound", message)
