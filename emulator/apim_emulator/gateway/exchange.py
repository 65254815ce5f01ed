# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the policies of one request have the gateway do: forward, send, sign in, read, take note."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from apim_emulator.arm.view import ApiView, BackendView
from apim_emulator.gateway.backends import SOURCE, Backends, BackendUnavailable, with_credentials
from apim_emulator.gateway.client import ProviderClient, outgoing
from apim_emulator.gateway.identities import ManagedIdentities
from apim_emulator.gateway.tracing import Trace
from apim_emulator.gateway.wire import Headers, end_to_end, joined_url
from apim_emulator.runtime import Answer, Forward, ForwardError, Send


@dataclass(slots=True)
class Attempt:
    """One request that went to a provider, for the request log; `error` tells why it got no response."""

    backend: str | None
    url: str
    status: int | None = None
    error: str | None = None
    duration_ms: float = 0.0


@dataclass(slots=True)
class Stream:
    """The body of a response, which has not been read; `buffered` lets it pass in larger pieces than it comes in."""

    response: aiohttp.ClientResponse
    buffered: bool


@dataclass
class Exchange:
    """One request in the gateway; the engine's `GatewayIo`. `close` ends whatever is still under way.

    `named_values` are those of the credentials of backends; `forwards` is False for a request that no backend may see;
    `trace` is None for a request that is not traced.
    """

    api: ApiView
    backends: Backends
    named_values: Mapping[str, str]
    client: ProviderClient
    identities: ManagedIdentities
    forwards: bool = True
    trace: Trace | None = None
    attempts: list[Attempt] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _streams: dict[int, Stream] = field(default_factory=dict)
    _forwarded: int | None = None
    _calls: set[asyncio.Task[Any]] = field(default_factory=set)
    _retry_after: str | None = None

    async def forward(self, request: Forward) -> Answer:
        """Send the request to its backend: a single one, a pool's member, or a plain URL."""
        if not self.forwards:
            raise ForwardError(SOURCE, "OperationNotFound", "The request matches no operation.", 404)
        try:
            return await self._forward(request)
        except ForwardError as failure:
            if self.trace is not None:
                self.trace.failed(failure)
            raise

    async def _forward(self, request: Forward) -> Answer:
        self._abandon()
        backend = self._choose(request.backend_id)
        path, headers = request.path_and_query, request.headers
        base = request.base_url or self.api.service_url
        tls: Mapping[str, Any] = {}
        if backend is not None:
            path, headers = with_credentials(backend, self.named_values, path, headers)
            base, tls = backend.url, backend.tls
        if base is None:
            raise ForwardError(SOURCE, "BackendConnectionFailure", f"The API '{self.api.id}' has no backend.")
        attempt = Attempt(backend.id if backend else None, joined_url(base, request.path_and_query))
        url = joined_url(base, path)
        if self.trace is not None:
            self.trace.forwarding(request.method, url, outgoing(headers), request.timeout)
        try:
            response = await self._send(
                attempt,
                SOURCE,
                request.method,
                url,
                headers,
                request.body,
                timeout=request.timeout,
                redirects=request.follow_redirects,
                chain=tls.get("validateCertificateChain", True),
                name=tls.get("validateCertificateName", True),
            )
        except ForwardError as failure:
            self._count_failure(backend, failure.reason)
            raise
        if self.trace is not None:
            self.trace.answered(response.status, response.reason or "", response.headers.items())
        self._count_response(backend, response)
        answer = self._answer(response, buffered=request.buffer_response, backend=attempt.backend)
        self._forwarded = answer.stream
        return answer

    async def send(self, request: Send) -> Answer:
        """Send a policy's own request."""
        attempt = Attempt(None, request.url)
        response = await self._send(
            attempt,
            "send-request",
            request.method,
            request.url,
            request.headers,
            request.body,
            timeout=request.timeout,
        )
        return self._answer(response, buffered=True, backend=None)

    async def token(self, resource: str, client_id: str | None) -> str:
        """Return an access token of a managed identity of the service."""
        return self.identities.token(resource, client_id)

    async def read(self, stream: int) -> bytes:
        """Return the whole body of a stream."""
        with self._running():
            try:
                return await self._streams.pop(stream).response.read()
            except (aiohttp.ClientError, OSError) as failure:
                text = f"The response broke off: {failure or type(failure).__name__}."
                raise ForwardError(SOURCE, "BackendConnectionFailure", text) from failure

    def emit(self, event: dict[str, Any]) -> None:
        """Keep a metric or trace for the request log."""
        self.events.append(event)

    def stream(self, number: int) -> Stream:
        """Return the stream that the client is to get."""
        return self._streams[number]

    def close(self) -> None:
        """End every call that is still under way and drop every body that nobody read to its end."""
        for call in self._calls:
            call.cancel()
        for stream in self._streams.values():
            stream.response.close()
        self._streams.clear()

    def _choose(self, backend_id: str | None) -> BackendView | None:
        if backend_id is None:
            return None
        try:
            return self.backends.choose(backend_id)
        except BackendUnavailable as unavailable:
            # Facts 3.1: known only from a response that this very request got before.
            if self._retry_after is not None:
                unavailable.headers = [("Retry-After", self._retry_after)]
            raise

    def _abandon(self) -> None:
        """Drop the body of the response that this request got before: a retry takes its place."""
        stream = self._streams.pop(self._forwarded, None) if self._forwarded is not None else None
        if stream is not None:
            stream.response.close()

    async def _send(
        self, attempt: Attempt, source: str, method: str, url: str, headers: Headers, body: bytes | None, **options: Any
    ) -> aiohttp.ClientResponse:
        self.attempts.append(attempt)
        started = time.perf_counter()
        with self._running():
            try:
                response = await self.client.send(source, method, url, headers, body, **options)
            except ForwardError as failure:
                attempt.error = f"{failure.reason}: {failure.message}"
                raise
            finally:
                attempt.duration_ms = round((time.perf_counter() - started) * 1000, 3)
        attempt.status = response.status
        return response

    @contextmanager
    def _running(self) -> Iterator[None]:
        """Let `close` cancel what runs inside: when a client goes, so does the request to the backend."""
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("the gateway does its work in tasks")
        self._calls.add(task)
        try:
            yield
        finally:
            self._calls.discard(task)

    def _answer(self, response: aiohttp.ClientResponse, *, buffered: bool, backend: str | None) -> Answer:
        headers = end_to_end(response.headers.items())
        number = next(self._numbers)
        self._streams[number] = Stream(response, buffered)
        return Answer(response.status, response.reason or "", headers, stream=number, backend_id=backend)

    def _count_response(self, backend: BackendView | None, response: aiohttp.ClientResponse) -> None:
        retry_after = response.headers.get("Retry-After")
        self._retry_after = retry_after or self._retry_after
        breaker = self.backends.breaker(backend) if backend else None
        if breaker is not None:
            breaker.responded(response.status, retry_after)

    def _count_failure(self, backend: BackendView | None, reason: str) -> None:
        breaker = self.backends.breaker(backend) if backend else None
        if breaker is not None:
            breaker.failed(reason)
