# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""All simulated endpoints behind one https and one http listener on loopback; the name that is asked for chooses."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from apim_emulator.certificates import Authority
from apim_emulator.entra import TokenIssuer
from apim_emulator.http import Request
from apim_emulator.providers.exchange import Exchange
from apim_emulator.providers.families import EXTERNAL, azure_family
from apim_emulator.providers.hosts import Host
from apim_emulator.providers.objects import Objects, StoredObject
from apim_emulator.providers.permissions import Everybody, Permissions
from apim_emulator.providers.seeds import seeded
from apim_emulator.providers.sending import send
from apim_emulator.requestlog import RequestLog
from apim_emulator.server import LOOPBACK, Address, Listener
from apim_emulator.settings import ObjectSeed, ProviderSettings

_MISDIRECTED = 421


class Providers:
    """The endpoints that exist: those of the configuration, those configured since, and every name of Azure's.

    `configured` maps host names to settings; `authority` signs a certificate for each name when it is first asked for;
    `issuer` knows the tokens that Azure's endpoints accept, `permissions` what their owners may do.
    """

    def __init__(
        self,
        configured: Mapping[str, ProviderSettings],
        authority: Authority,
        issuer: TokenIssuer,
        log: RequestLog,
        permissions: Permissions | None = None,
    ) -> None:
        self._initial = {name.lower(): settings for name, settings in configured.items()}
        self._authority = authority
        self._issuer = issuer
        self._log = log
        self._permissions = permissions or Everybody()
        self._configured = dict(self._initial)
        self._hosts: dict[str, Host] = {}
        self._objects = Objects()
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._addresses = {scheme: Address(scheme) for scheme in ("https", "http")}
        self._listeners: list[Listener] = []

    async def start(self) -> None:
        """Listen."""
        context = self._authority.server_context("localhost", LOOPBACK)
        context.sni_callback = self._choose_certificate
        for scheme, address in self._addresses.items():
            server = web.Server(self._serve, request_factory=_make_request, handler_cancellation=True, access_log=None)
            runner = web.ServerRunner(server, shutdown_timeout=0.1)
            listener = Listener(address, runner, context if scheme == "https" else None)
            self._listeners.append(listener)
            await listener.start()

    async def stop(self) -> None:
        """Stop listening and close every connection."""
        for listener in self._listeners:
            await listener.stop()

    def address(self, scheme: str) -> tuple[str, int]:
        """Return host and port of the listener for `https` or `http`."""
        host, port = self._addresses[scheme].socket.getsockname()
        return str(host), int(port)

    def knows(self, host: str) -> bool:
        """Tell whether the host name (without port) exists."""
        name = host.lower()
        return name in self._configured or azure_family(name) is not None

    def refuses(self, host: str) -> bool:
        """Tell whether a host refuses a connection that is made now; one that does counts it."""
        found = self._find(host.lower())
        if found is None:
            return True
        key, behaviour = found.behaviour(None)
        if behaviour.refuse:
            found.count(key)
        return behaviour.refuse

    def deployments(self, host: str) -> list[str] | None:
        """Return the deployments that a host has, None when it has any that is asked for."""
        found = self._find(host.lower())
        return found.settings.deployments if found is not None else None

    def configured(self) -> dict[str, ProviderSettings]:
        """Return the settings by host name, of those hosts that have any."""
        return dict(self._configured)

    def configure(self, host: str, wanted: ProviderSettings) -> ProviderSettings:
        """Tell a host, which exists from now on, how to behave; return its settings.

        What `wanted` does not say of what the endpoint is (deployments, keys, ...) stays; behaviour is replaced.
        """
        name = host.lower()
        return self._put(name, self._configured.get(name, ProviderSettings()).replaced_by(wanted))

    def reset(self, host: str) -> None:
        """Put a host back to the configuration, keeping nothing; one that is not in it, nor one of Azure's, is gone."""
        name = host.lower()
        self._objects.forget(name)
        if name in self._initial:
            self._put(name, self._initial[name])
        else:
            self._configured.pop(name, None)
            self._hosts.pop(name, None)

    def objects(self, host: str) -> list[StoredObject]:
        """Return what a host keeps, oldest first."""
        return self._objects.of(host.lower())

    def seed(self, host: str, wanted: ObjectSeed) -> StoredObject:
        """Let a host keep an object; return it. Raises ValueError, which says what is wrong."""
        found = self._find(host.lower())
        if found is None or not found.family.keeps_objects:
            raise ValueError(f"{host}: is not a provider that keeps objects")
        item = seeded(wanted, found)
        self._objects.put(found.name, item)
        return item

    def forget(self, host: str) -> None:
        """Remove what a host keeps."""
        self._objects.forget(host.lower())

    def _put(self, name: str, settings: ProviderSettings) -> ProviderSettings:
        self._configured[name] = settings
        if name in self._hosts:
            self._hosts[name].configure(settings)
        return settings

    def _find(self, name: str) -> Host | None:
        host = self._hosts.get(name)
        if host is None and self.knows(name):
            settings = self._configured.get(name, ProviderSettings())
            host = self._hosts[name] = Host(name, azure_family(name) or EXTERNAL, settings)
        return host

    def _choose_certificate(self, connection: ssl.SSLObject, name: str | None, _default: ssl.SSLContext) -> int | None:
        """Show the certificate of the name that the client asks for; a client that names none gets that of loopback."""
        if name is None:
            return None
        host = name.lower()
        if not self.knows(host):
            return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
        if host not in self._contexts:
            self._contexts[host] = self._authority.host_context(host)
        connection.context = self._contexts[host]
        return None

    async def _serve(self, received: web.BaseRequest) -> web.StreamResponse:
        started = time.time()
        body = await received.read()
        name = received.headers.get("Host", "").partition(":")[0].lower()
        host = self._find(name)
        if host is None:
            self._log.add("provider", _request(received, body), _MISDIRECTED, started, host=name, outcome="answered")
            return web.Response(status=_MISDIRECTED)
        exchange = Exchange(host, received, body, self._issuer, self._objects, self._permissions)
        outgoing = exchange.outgoing()
        # Logged before the answer leaves: who has read it finds it in the log.
        entry = self._log.add(
            "provider",
            _request(received, body),
            outgoing.status,
            started,
            secret_header=host.settings.key_header,
            **exchange.details(),
            outcome="answering",
        )
        return await send(received, outgoing, entry)


def _make_request(message: Any, payload: Any, protocol: Any, writer: Any, task: Any) -> web.BaseRequest:
    """Make the web server's request without a limit of the body: the gateway has one, and it is the lower one."""
    loop = asyncio.get_running_loop()
    return web.BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=0)


def _request(received: web.BaseRequest, body: bytes) -> Request:
    url = received.rel_url
    return Request(
        method=received.method,
        path=url.raw_path,
        query=url.query,
        headers=received.headers,
        body=body,
        origin=f"{received.scheme}://{received.headers.get('Host', '')}",
        target=received.raw_path,
    )
