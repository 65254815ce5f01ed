# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulated providers in this process, and the gateway's side of them."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from typing import Any, TypeVar

import pytest
from apim_emulator.arm.view import BackendView
from apim_emulator.certificates import Authority
from apim_emulator.entra import TokenIssuer
from apim_emulator.gateway.backends import Backends
from apim_emulator.gateway.client import ProviderClient
from apim_emulator.gateway.exchange import Exchange
from apim_emulator.providers import Providers
from apim_emulator.requestlog import RequestLog
from apim_emulator.settings import ProviderSettings

from tests.emulator.gateway.views import api, etags, snapshot

R = TypeVar("R")


class Rig:
    """Providers, and a gateway's exchanges with them, on an event loop that a test runs bit by bit."""

    def __init__(self, runner: asyncio.Runner) -> None:
        self._runner = runner
        self._authority = Authority()
        self._log = RequestLog()
        issuer = TokenIssuer("tenant", lambda: 3599)
        self.providers = Providers({}, self._authority, issuer, self._log)
        self.client = ProviderClient(self.providers, self._authority.certificate_pem())
        self.backends = Backends()
        self._version = 0

    async def start(self) -> None:
        await self.providers.start()
        self.client.open()

    async def stop(self) -> None:
        await self.client.close()
        await self.providers.stop()

    def run(self, work: Coroutine[Any, Any, R]) -> R:
        """Run a coroutine to its end."""
        return self._runner.run(work)

    def provider(self, host: str, **settings: Any) -> None:
        """Make an external endpoint, or tell any how to behave."""
        self.providers.configure(host, ProviderSettings(**settings))

    def exchange(self, *backends: BackendView, **named_values: str) -> Exchange:
        """Return a new request's exchange, in a service with these backends."""
        self._version += 1
        shown = snapshot(self._version, backends=backends)
        self.backends.update(shown, etags(shown))
        values = {name.replace("_", "-"): value for name, value in named_values.items()}
        # No test here asks for a token: that needs a whole service.
        return Exchange(api(), self.backends, values, self.client, identities=None)  # type: ignore[arg-type]

    def received(self) -> list[dict[str, Any]]:
        """Return what the providers logged, and forget it."""
        entries = self._log.entries()
        self._log.clear()
        return entries


@pytest.fixture(scope="module")
def running_rig() -> Iterator[Rig]:
    """Providers that listen."""
    with asyncio.Runner() as runner:
        rig = Rig(runner)
        rig.run(rig.start())
        yield rig
        rig.run(rig.stop())


@pytest.fixture
def rig(running_rig: Rig) -> Iterator[Rig]:
    """The providers, as nobody told them anything yet."""
    running_rig.received()
    yield running_rig
    for host in list(running_rig.providers.configured()):
        running_rig.providers.reset(host)
