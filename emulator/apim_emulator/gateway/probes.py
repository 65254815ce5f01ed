# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Probes of connectivity, sent where the gateways send their requests."""

from __future__ import annotations

import asyncio
import ipaddress
import time

from apim_emulator.arm.resources.connectivity_check import Destination, Probes
from apim_emulator.gateway.client import ProviderClient
from apim_emulator.providers import Providers
from apim_emulator.runtime import ForwardError

PROBES = 3
_TIMEOUT_S = 10.0
_SOURCE = "connectivityCheck"


class ProviderProber:
    """Probes the simulated providers: a connection for TCP, a request for HTTP and HTTPS.

    `trusted` is the PEM certificate of the authority that signs the providers' certificates.
    """

    def __init__(self, providers: Providers, trusted: bytes) -> None:
        self._providers = providers
        self._client = ProviderClient(providers, trusted)

    def open(self) -> None:
        """Be ready to send, on the running event loop."""
        self._client.open()

    async def close(self) -> None:
        """Close every connection."""
        await self._client.close()

    async def probe(self, destination: Destination) -> Probes:
        """Send probes, one after the other. A provider that refuses counts each of them as one that it refused."""
        if not self._providers.knows(destination.host):
            text = f"The embedded Azure has no provider '{destination.host}'; it sends nothing to the network."
            return Probes(_literal(destination.host), (), (text,) * PROBES)
        milliseconds: list[float] = []
        failures: list[str] = []
        for _ in range(PROBES):
            started = time.perf_counter()
            failure = await self._failure(destination)
            if failure is None:
                milliseconds.append((time.perf_counter() - started) * 1000)
            else:
                failures.append(failure)
        return Probes(self._providers.address("https")[0], milliseconds, failures)

    async def _failure(self, destination: Destination) -> str | None:
        """Return why a probe fails, None when it succeeds."""
        # Asked beforehand, because the client sends a request once more when its connection is reset.
        if self._providers.refuses(destination.host):
            return f"'{destination.host}' refused the connection."
        return await (self._connect() if destination.protocol == "TCP" else self._ask(destination))

    async def _connect(self) -> str | None:
        """Return why no connection can be made, None when there was one."""
        try:
            async with asyncio.timeout(_TIMEOUT_S):
                _, writer = await asyncio.open_connection(*self._providers.address("https"))
                writer.close()
                await writer.wait_closed()
        except OSError as failure:
            return str(failure)
        return None

    async def _ask(self, destination: Destination) -> str | None:
        """Return why no good answer came, None when there was one."""
        url = f"{destination.protocol.lower()}://{destination.host}:{destination.port}{destination.path}"
        headers = list(destination.headers)
        try:
            response = await self._client.send(_SOURCE, destination.method, url, headers, None, timeout=_TIMEOUT_S)
        except ForwardError as failure:
            return failure.message
        response.release()
        if destination.statuses is not None and response.status not in destination.statuses:
            return f"The status code {response.status} is not one of {sorted(destination.statuses)}."
        return None


def _literal(host: str) -> str | None:
    """Return an IP address, which needs no resolution, or None for a name."""
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return None
