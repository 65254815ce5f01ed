# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The control plane's front: who calls, may it, is it throttled, which resource does the path name.

The order of the checks is ARM's: token, api-version, subscription, provider and type, role, resource group, resource.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from apim_emulator.arm.access import Access, authorize
from apim_emulator.arm.call import Call
from apim_emulator.arm.errors import ArmError
from apim_emulator.arm.faults import fault_error
from apim_emulator.arm.provider import Registry, resource_not_found
from apim_emulator.arm.resource_providers.api_management import ApiManagement
from apim_emulator.arm.resource_providers.authorization import Authorization
from apim_emulator.arm.resource_providers.cognitive_services import CognitiveServices
from apim_emulator.arm.resource_providers.insights import Insights
from apim_emulator.arm.resource_providers.managed_identity import ManagedIdentity
from apim_emulator.arm.resource_providers.resources import Resources
from apim_emulator.arm.resources.child import Conditions
from apim_emulator.arm.resources.connectivity_check import Prober
from apim_emulator.arm.resources.subscriptions import Subscriptions
from apim_emulator.arm.routing import Route
from apim_emulator.arm.store import Service, Store
from apim_emulator.arm.throttling import Throttle
from apim_emulator.arm.view import ServiceView
from apim_emulator.config import Config
from apim_emulator.http import Answer, Request
from apim_emulator.rbac.assignments import Assignments
from apim_emulator.rbac.roles import Roles
from apim_emulator.settings import ArmSettings, Fault
from apim_emulator.warm_checker import WarmChecker


class ControlPlane:
    """Answers ARM requests. `settings` may be exchanged at any time."""

    def __init__(
        self,
        config: Config,
        store: Store,
        access: Access,
        checker: WarmChecker,
        roles: Roles,
        assignments: Assignments,
        deployments: Callable[[str], Sequence[str] | None],
        prober: Prober,
    ) -> None:
        """deployments: tells which deployments a host has at present; None: any."""
        self.settings: ArmSettings = config.arm
        self._access = access
        self._throttle = Throttle()
        self._resources = Resources(Subscriptions(config))
        self._api_management = ApiManagement(config, store, checker, prober)
        self._registry = Registry(
            self._resources,
            ManagedIdentity(config),
            Insights(config),
            CognitiveServices(config, deployments),
            Authorization(config, roles, assignments),
            self._api_management,
        )

    def view(self, service: Service) -> ServiceView:
        """Return what the data plane may see of a service."""
        return self._api_management.view(service)

    async def handle(self, request: Request, fault: Fault | None) -> Answer:
        """Answer one request; `fault` is what was scripted for it."""
        if self.settings.latency_ms:
            await asyncio.sleep(self.settings.latency_ms / 1000)
        limits: dict[str, str] = {}
        try:
            principal = self._access.authenticate(request)
            route = self._registry.types.parse(request.segments())
            limits = self._throttle.take(
                route.subscription or "", principal.object_id, request.method, enforced=self.settings.throttling
            )
            error = fault_error(fault) if fault is not None else None
            conditions = Conditions.of(self.settings.lro_ms, fault, error)
            version = self._registry.types.check_version(route, request.query.get("api-version"))
            call = Call(request, principal, route.subscription or "", version)
            answer = await self._dispatch(call, route, conditions)
        except ArmError as refusal:
            answer = refusal.answer()
        answer.headers.update(limits)
        return answer

    async def _dispatch(self, call: Call, route: Route, conditions: Conditions) -> Answer:
        provider = self._registry.of(route)
        self._resources.check(route)
        authorize(call.principal, call.request.method, call.request.path, route.full_type)
        if conditions.failure is not None and not provider.starts_operation(route, call.request.method):
            raise conditions.failure
        self._resources.check_group(route)
        if route.scope is not None and not self._registry.of(route.scope).exists(route.scope):
            raise resource_not_found(route.scope)
        return await provider.answer(call, route, conditions)
