# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The gateway's HTTP client: it reaches the simulated providers and Entra by their host names, and nothing else."""

from __future__ import annotations

import asyncio
import socket
import ssl
from typing import Any, Protocol
from urllib.parse import SplitResult, urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from apim_emulator.entra import LOGIN_HOSTS
from apim_emulator.gateway.wire import Headers, end_to_end
from apim_emulator.runtime import ForwardError

_NOT_ADDED = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")
_NOT_SENT = frozenset(("content-length", "host"))


class Providers(Protocol):
    """Where host names lead: the simulated endpoints of the emulator."""

    def address(self, scheme: str) -> tuple[str, int]:
        """Return host and port of the listener for http or https."""

    def knows(self, host: str) -> bool:
        """Tell whether the host name exists."""


class ProviderClient:
    """Sends requests to providers, and keeps connections open between them.

    `trusted` is the PEM certificate of the authority that signs the servers' certificates; `login` is the https origin
    where the login hosts of Entra are, None when there are none. That origin is reached by its own name, too.
    """

    def __init__(self, providers: Providers, trusted: bytes, login: str | None = None) -> None:
        self._providers = providers
        self._login = urlsplit(login) if login is not None else None
        self._contexts = {
            (chain, name): _client_context(trusted.decode("ascii"), chain=chain, name=name)
            for chain in (True, False)
            for name in (True, False)
        }
        self._sessions: dict[str, aiohttp.ClientSession] = {}

    def open(self) -> None:
        """Be ready to send, on the running event loop."""
        self._sessions = {scheme: self._session(scheme) for scheme in ("http", "https")}

    async def close(self) -> None:
        """Close every connection."""
        for session in self._sessions.values():
            await session.close()

    def _session(self, scheme: str) -> aiohttp.ClientSession:
        # A resolver is told no scheme, so each scheme has its own session.
        resolver = _Resolver(self._providers, scheme, self._login)
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(resolver=resolver, limit=0, use_dns_cache=False),
            timeout=aiohttp.ClientTimeout(),
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=_NOT_ADDED,
            auto_decompress=False,
        )

    async def send(
        self,
        source: str,
        method: str,
        url: str,
        headers: Headers,
        body: bytes | None,
        *,
        timeout: float,  # noqa: ASYNC109 - how long the policy waits for the response's headers
        redirects: bool = False,
        chain: bool = True,
        name: bool = True,
    ) -> aiohttp.ClientResponse:
        """Send a request and return the response when its headers are there; its body is still to be read.

        `source` is the policy that asks; `timeout` is in seconds, until the headers have come; `chain` and `name` say
        what of the server's certificate is checked. Raises ForwardError: BackendConnectionFailure or Timeout.
        """
        session = self._sessions[self._scheme(source, url)]
        options: dict[str, Any] = {"allow_redirects": redirects, "ssl": self._contexts[chain, name]}
        sent = outgoing(headers)
        try:
            async with asyncio.timeout(timeout):
                # The URL is on the wire as the policies left it: encoding it anew could change what it means.
                return await session.request(method, URL(url, encoded=True), headers=sent, data=body, **options)
        except TimeoutError as late:
            raise ForwardError(source, "Timeout", f"No response within {timeout:g} seconds.") from late
        except (aiohttp.ClientError, OSError, ValueError) as failure:
            raise ForwardError(source, "BackendConnectionFailure", str(failure) or type(failure).__name__) from failure

    def _scheme(self, source: str, url: str) -> str:
        try:
            parts = urlsplit(url)
            host = parts.hostname or ""
            known = self._providers.knows(host) or self._is_login(parts, host)
        except ValueError as error:
            raise ForwardError(source, "BackendConnectionFailure", f"'{url}' is not a URL: {error}") from error
        if parts.scheme not in ("http", "https") or not known:
            text = f"The embedded Azure has no provider '{host}'; it sends nothing to the network."
            raise ForwardError(source, "BackendConnectionFailure", text)
        return parts.scheme

    def _is_login(self, parts: SplitResult, host: str) -> bool:
        if self._login is None or parts.scheme != "https":
            return False
        return host in LOGIN_HOSTS or (host, parts.port) == (self._login.hostname, self._login.port)


def outgoing(headers: Headers) -> Headers:
    """Return those of a request's headers that reach the provider; Host and Content-Length are the client's own."""
    return end_to_end(headers, without=_NOT_SENT)


class _Resolver(AbstractResolver):
    """Leads each known host name to the listener of one scheme, and no other name anywhere."""

    def __init__(self, providers: Providers, scheme: str, login: SplitResult | None) -> None:
        self._providers = providers
        self._scheme = scheme
        # Entra is there by https only.
        self._login = login if scheme == "https" else None

    async def resolve(
        self,
        host: str,
        port: int = 0,  # noqa: ARG002 - a server listens where it listens, whatever port the URL names
        family: socket.AddressFamily = socket.AF_INET,
    ) -> list[ResolveResult]:
        """Return the listener's address. Raises OSError for a host that does not exist."""
        address, listening = self._address(host)
        return [
            ResolveResult(
                hostname=host, host=address, port=listening, family=family, proto=0, flags=socket.AI_NUMERICHOST
            )
        ]

    def _address(self, host: str) -> tuple[str, int]:
        if self._providers.knows(host):
            return self._providers.address(self._scheme)
        if self._login is not None and host.lower() in LOGIN_HOSTS and self._login.hostname and self._login.port:
            return self._login.hostname, self._login.port
        raise OSError(f"the embedded Azure has no provider '{host}'")

    async def close(self) -> None:
        """Nothing is kept."""


def _client_context(trusted: str, *, chain: bool, name: bool) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=trusted)
    # Without the chain there is nobody to vouch for the name, so it cannot be checked either.
    context.check_hostname = chain and name
    context.verify_mode = ssl.CERT_REQUIRED if chain else ssl.CERT_NONE
    return context
