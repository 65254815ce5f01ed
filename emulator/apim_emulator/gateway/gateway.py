# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The gateway of one API Management service: what it serves by, and how a request goes through it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from multidict import MultiMapping

from apim_emulator.arm.store import Service
from apim_emulator.arm.view import ApiView, ServiceView, Snapshot
from apim_emulator.expressions import HostFailure, ToolchainMissing
from apim_emulator.gateway.backends import Backends
from apim_emulator.gateway.client import ProviderClient
from apim_emulator.gateway.context import policy_context
from apim_emulator.gateway.engine import OnDemandEngine
from apim_emulator.gateway.exchange import Exchange
from apim_emulator.gateway.identities import ManagedIdentities
from apim_emulator.gateway.keys import Access, AccessDenied, Keys
from apim_emulator.gateway.programs import Programs, Scopes, scopes_of
from apim_emulator.gateway.replies import own_answer
from apim_emulator.gateway.routes import Route, Routes
from apim_emulator.gateway.tracing import AUTHORIZATION, TRACE_ID, Trace, judged, without_authorization
from apim_emulator.gateway.visit import Visit
from apim_emulator.gateway.wire import replaced_headers
from apim_emulator.runtime import Call, CompositionError, ForwardError, Outcome, PolicyNotExecutable

# A run of writes is let come to rest before policies are compiled for it: seconds.
_CALM = 0.3


@dataclass(frozen=True, slots=True)
class Serving:
    """One snapshot, and what was made of it to find things fast."""

    snapshot: Snapshot
    routes: Routes
    keys: Keys
    etags: Mapping[str, str]

    @classmethod
    def of(cls, snapshot: Snapshot, etags: Mapping[str, str]) -> Serving:
        """Return what the gateway serves by from this snapshot on; `etags` are those of its backends."""
        return cls(snapshot, Routes(snapshot.apis.values()), Keys(snapshot), etags)


class Gateway:
    """Answers the clients of one service.

    `propagation` tells after how many milliseconds a write of ARM is seen.
    """

    def __init__(
        self,
        service: Service,
        view: ServiceView,
        engine: OnDemandEngine,
        client: ProviderClient,
        identities: ManagedIdentities,
        propagation: Callable[[], int],
    ) -> None:
        self.service = service
        self.backends = Backends()
        self._view = view
        self._engine = engine
        self._client = client
        self._identities = identities
        self._propagation = propagation
        self._programs = Programs(engine)
        self._calm: asyncio.TimerHandle | None = None
        self._preparing: asyncio.Task[None] | None = None
        self._is_stale = True
        self._serving: Serving | None = None

    def start(self) -> None:
        """Serve by the present state, and follow the writes of ARM."""
        self.serving()
        self._view.watch(self._changed)

    async def stop(self) -> None:
        """Stop what runs in the background."""
        if self._calm is not None:
            self._calm.cancel()
        if self._preparing is not None:
            self._preparing.cancel()
            await asyncio.gather(self._preparing, return_exceptions=True)

    async def answer(self, visit: Visit) -> Outcome:
        """Return what the client of a request gets."""
        request, serving = visit.request, self.serving()
        query = _all_values(request.query)
        route = serving.routes.find(request.method, request.path, query)
        if route is None:
            return own_answer(404, "Resource not found")
        visit.api = route.api
        is_traced, told = judged(self.service.tracing, request.headers.get(AUTHORIZATION), route.api)
        if is_traced:
            visit.trace = Trace(self.service.tracing, self.service.config.name, visit.started)
            told = [(TRACE_ID, visit.trace.id)]
        outcome = await self._routed(visit, serving, route, query)
        outcome.headers = replaced_headers(outcome.headers, {name: [value] for name, value in told})
        return outcome

    async def _routed(self, visit: Visit, serving: Serving, route: Route, query: dict[str, list[str]]) -> Outcome:
        """Return what the client gets of an API."""
        if route.operation is None:
            return await self._without_operation(visit, serving, route, query)
        try:
            access = serving.keys.check(route.api, visit.request.headers, query)
        except AccessDenied as denied:
            challenge = [("WWW-Authenticate", self._challenge(route.api))]
            refusal = ForwardError("authorization", denied.reason, denied.message, 401, challenge)
            return await self._run(visit, serving, route, Access(), refusal)
        return await self._run(visit, serving, route, access)

    def serving(self) -> Serving:
        """Return what the gateway serves by now."""
        if self._is_stale or self._serving is None:
            self._is_stale = False
            return self._serve(self._look())
        return self._serving

    def _changed(self) -> None:
        """Take note of a write: of the state that it left when that is to be seen later, else just that it happened."""
        delay = self._propagation() / 1000
        loop = asyncio.get_running_loop()
        if delay:
            loop.call_later(delay, self._serve, self._look())
        else:
            self._is_stale = True
        if self._calm is not None:
            self._calm.cancel()
        self._calm = loop.call_later(delay + _CALM, self._prepare)

    def _look(self) -> Serving:
        """Return what the gateway serves by when it sees the present state."""
        etags = {backend.name.lower(): backend.etag for backend in self.service.children("backends")}
        return Serving.of(self._view.snapshot(), etags)

    def _serve(self, serving: Serving) -> Serving:
        """Serve by this state from now on, unless it is older than the one that is served by already."""
        if self._serving is None or self._serving.snapshot.version < serving.snapshot.version:
            self._serving = serving
            self.backends.update(serving.snapshot, serving.etags)
            self._programs.update(serving.snapshot)
        return self._serving

    def _prepare(self) -> None:
        """Compile in the background what requests will need, so that the first of them does not wait."""
        self.serving()
        if self._preparing is not None:
            self._preparing.cancel()
        self._preparing = asyncio.create_task(self._programs.prepare_all())

    async def _without_operation(self, visit: Visit, serving: Serving, route: Route, query: Any) -> Outcome:
        """Answer a request that no operation takes: a CORS preflight gets the API's `cors` policy, all else 404."""
        asked = visit.request.headers.get("Access-Control-Request-Method")
        if visit.request.method == "OPTIONS" and asked and "Origin" in visit.request.headers:
            wanted = serving.routes.find(asked, visit.request.path, query) or route
            scopes = scopes_of(serving.snapshot, None, wanted.api, wanted.operation)
            if any("<cors" in scope.xml for scope in scopes):
                return await self._run(visit, serving, wanted, Access(), is_preflight=True)
        refusal = ForwardError("configuration", "OperationNotFound", "Resource not found", 404)
        return await self._run(visit, serving, route, Access(), refusal)

    async def _run(
        self,
        visit: Visit,
        serving: Serving,
        route: Route,
        access: Access,
        refusal: ForwardError | None = None,
        *,
        is_preflight: bool = False,
    ) -> Outcome:
        snapshot, request = serving.snapshot, visit.request
        visit.exchange = Exchange(
            route.api,
            self.backends,
            snapshot.named_values,
            self._client,
            self._identities,
            forwards=not is_preflight,
            trace=visit.trace,
        )
        visit.details.update(_described(route, access))
        context = policy_context(self.service, snapshot.apis, route, access, visit.address)
        if visit.trace is not None:
            visit.trace.received(request, route, access, context["RequestId"])
        call = Call(
            context=context,
            method=request.method,
            url=route.path + request.target[len(request.path) :],
            original_url=request.url(),
            headers=without_authorization(request.headers),
            body=request.body if visit.has_body else None,
            refusal=refusal,
        )
        return await self._execute(visit, scopes_of(snapshot, access.product, route.api, route.operation), call)

    async def _execute(self, visit: Visit, scopes: Scopes, call: Call) -> Outcome:
        if visit.exchange is None:
            raise RuntimeError("a policy runs within an exchange")
        try:
            program = await self._programs.program(scopes)
            outcome = await self._engine.execute(program, call, visit.exchange)
        except (CompositionError, PolicyNotExecutable, HostFailure, ToolchainMissing) as failure:
            # Azure keeps the reason from the caller; whoever runs the emulator needs it.
            print(f"apim-emulator: {visit.request.method} {visit.request.path}: {failure}", file=sys.stderr, flush=True)
            visit.details["error"] = str(failure)
            return own_answer(500, "Internal server error")
        if outcome.error is not None:
            visit.details["error"] = outcome.error
            if visit.trace is not None:
                visit.trace.ended_in_error(outcome.error)
        return outcome

    def _challenge(self, api: ApiView) -> str:
        realm = f"{self.service.gateway_url}/{api.path}"
        return f'AzureApiManagementKey realm="{realm}",name="{api.key_header}",type="header"'


def _all_values(query: MultiMapping[str]) -> dict[str, list[str]]:
    """Return the values of each query parameter by its name in lower case: names ignore case."""
    values: dict[str, list[str]] = {}
    for name, value in query.items():
        values.setdefault(name.lower(), []).append(value)
    return values


def _described(route: Route, access: Access) -> dict[str, Any]:
    return {
        "api": route.api.id,
        "operation": route.operation.id if route.operation else None,
        "product": access.product.id if access.product else None,
        "subscription": access.subscription.id if access.subscription else None,
    }
