# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The gateways of all services, with what they share: the policy engine, and the client for providers and Entra."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from apim_emulator.arm.store import Service
from apim_emulator.arm.view import ServiceView
from apim_emulator.entra import TokenEndpoint
from apim_emulator.gateway.client import ProviderClient, Providers
from apim_emulator.gateway.engine import OnDemandEngine
from apim_emulator.gateway.gateway import Gateway
from apim_emulator.gateway.identities import ManagedIdentities
from apim_emulator.gateway.listener import GatewayListener
from apim_emulator.requestlog import RequestLog
from apim_emulator.server import Address


class DataPlane:
    """Serves every service until it is stopped.

    `view` shows a gateway its service; `propagation` tells after how many milliseconds it sees a write; `trusted` is
    the PEM certificate of the authority that signs the certificates of providers and Entra.
    """

    def __init__(
        self,
        services: Iterable[Service],
        view: Callable[[Service], ServiceView],
        login: TokenEndpoint,
        providers: Providers,
        trusted: bytes,
        propagation: Callable[[], int],
    ) -> None:
        self._client = ProviderClient(providers, trusted, login.origin)
        self._engine = OnDemandEngine()
        self._listeners: list[GatewayListener] = []
        self._gateways = [
            Gateway(service, view(service), self._engine, self._client, ManagedIdentities(service, login), propagation)
            for service in services
        ]

    async def start(self, context: ssl.SSLContext, log: RequestLog) -> None:
        """Listen on a free port for each service, and write its URL into the service."""
        self._client.open()
        for gateway in self._gateways:
            address = Address("https")
            gateway.service.gateway_url = address.url
            listener = GatewayListener(address, context, log, gateway)
            self._listeners.append(listener)
            await listener.start()
            gateway.start()

    async def stop(self) -> None:
        """Stop listening and end whatever runs."""
        for listener in self._listeners:
            await listener.stop()
        for gateway in self._gateways:
            await gateway.stop()
        await self._engine.stop()
        await self._client.close()

    def breakers(self) -> Iterator[dict[str, Any]]:
        """Yield service, backend, rule and state of every breaker; `open_s` is for how long one will stay open."""
        for gateway in self._gateways:
            gateway.serving()
            for backend, breaker in gateway.backends.breakers():
                shown = {"service": gateway.service.label, "backend": backend, "rule": breaker.rule.name}
                left = breaker.open_seconds()
                yield {**shown, "state": "open", "open_s": round(left, 3)} if left else {**shown, "state": "closed"}
