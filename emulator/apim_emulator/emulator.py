# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The embedded Azure as one thing that starts and stops."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

from apim_emulator.admin import Admin
from apim_emulator.arm import ControlPlane
from apim_emulator.arm.access import Access
from apim_emulator.arm.store import Service, Store
from apim_emulator.certificates import Authority
from apim_emulator.config import Config
from apim_emulator.entra import LOGIN_HOSTS, TokenEndpoint, TokenIssuer
from apim_emulator.entra.samples import SampleCredentials
from apim_emulator.environment import exported_variables
from apim_emulator.gateway import DataPlane
from apim_emulator.gateway.probes import ProviderProber
from apim_emulator.origin import Origin
from apim_emulator.providers import Providers
from apim_emulator.rbac.assignments import Assignments
from apim_emulator.rbac.data_access import DataAccess
from apim_emulator.requestlog import RequestLog
from apim_emulator.server import LOOPBACK, Address, Listener, application_listener, plane_listener
from apim_emulator.warm_checker import WarmChecker


class Emulator:
    """Starts every listener; a context manager that leaves nothing behind.

    `directory` is an existing, private directory for the certificate bundle and azure-cli's configuration.
    After the start, `environment` holds the variables with which a client finds and trusts it.
    """

    def __init__(self, config: Config, directory: Path) -> None:
        self._config = config
        self._directory = directory
        self._log = RequestLog()
        self._store = Store(config)
        self._checker = WarmChecker()
        self._authority = Authority()
        self._listeners: list[Listener] = []
        self._providers: Providers | None = None
        self._prober: ProviderProber | None = None
        self._data_plane: DataPlane | None = None
        self.environment: dict[str, str] = {}

    async def __aenter__(self) -> Self:
        try:
            await self._start()
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stop()

    async def _start(self) -> None:
        self._checker.start()
        context = self._authority.server_context("localhost", LOOPBACK)
        front_context = self._authority.server_context("localhost", LOOPBACK, *LOGIN_HOSTS)
        front, admin_address = Address("https"), Address("http")
        issuer = TokenIssuer(self._config.tenant_id, self._token_lifetime)
        login = TokenEndpoint(self._config, front.url, issuer)
        access = Access(issuer, login.arm_audiences, self._config.tenant_id)
        roles = self._config.roles()
        assignments = Assignments(self._config, roles)
        self._providers = await self._start_providers(issuer, assignments)
        self._prober = ProviderProber(self._providers, self._authority.certificate_pem())
        self._prober.open()
        self._arm = ControlPlane(
            self._config,
            self._store,
            access,
            self._checker,
            roles,
            assignments,
            self._providers.deployments,
            self._prober,
        )
        origin = Origin(self._config.tenant_id, login, self._arm)
        self._listeners.append(plane_listener(front, front_context, self._log, origin.plane_of, origin.handle))
        client = next(iter(login.clients.values()))
        samples = SampleCredentials(client, front.url, self._config.tenant_id)
        self._data_plane = self._make_data_plane(login, self._providers)
        await self._data_plane.start(context, self._log)
        admin = Admin(
            origin, self._store, self._log, self._config.arm, samples, self._providers, self._data_plane.breakers
        )
        self._listeners.append(application_listener(admin_address, admin.application()))
        for listener in self._listeners:
            await listener.start()
        self._authority.write_bundle(self._directory / "certificates.pem")
        self.environment = exported_variables(
            config=self._config,
            directory=self._directory,
            arm_url=front.url,
            admin_url=admin_address.url,
            login=login,
            gateway=self._first_service(),
        )

    async def _stop(self) -> None:
        for listener in self._listeners:
            await listener.stop()
        if self._data_plane is not None:
            await self._data_plane.stop()
        if self._prober is not None:
            await self._prober.close()
        if self._providers is not None:
            await self._providers.stop()
        await self._checker.stop()

    async def _start_providers(self, issuer: TokenIssuer, assignments: Assignments) -> Providers:
        permissions = DataAccess(self._config, assignments)
        settings = self._config.provider_settings()
        providers = Providers(settings, self._authority, issuer, self._log, permissions)
        await providers.start()
        return providers

    def _make_data_plane(self, login: TokenEndpoint, providers: Providers) -> DataPlane:
        return DataPlane(
            self._store.services.values(),
            self._arm.view,
            login,
            providers,
            self._authority.certificate_pem(),
            lambda: self._arm.settings.propagation_ms,
        )

    def _token_lifetime(self) -> int:
        return self._arm.settings.token_lifetime_s

    def _first_service(self) -> Service:
        return next(iter(self._store.services.values()))
