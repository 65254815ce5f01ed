# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Listeners on loopback, and the way between the web server and the planes."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from apim_emulator.arm.errors import ArmError
from apim_emulator.http import Answer, Request, response_headers
from apim_emulator.requestlog import RequestLog

LOOPBACK = "127.0.0.1"
# ARM's own limit of a request body, in bytes.
MAXIMUM_BODY = 4 * 1024 * 1024

PlaneOf = Callable[[Request], str]
Handler = Callable[[str, Request], Awaitable[Answer]]


class Address:
    """A free port on loopback, taken before anything listens, so that its URL is known to what will be served there."""

    def __init__(self, scheme: str) -> None:
        self.socket = socket.create_server((LOOPBACK, 0), backlog=256)
        self.url = f"{scheme}://{LOOPBACK}:{self.socket.getsockname()[1]}"


class Listener:
    """Serves one address until it is stopped."""

    def __init__(self, address: Address, runner: web.BaseRunner, context: ssl.SSLContext | None = None) -> None:
        self._address = address
        self._runner = runner
        self._context = context

    async def start(self) -> None:
        """Listen."""
        await self._runner.setup()
        await web.SockSite(self._runner, self._address.socket, ssl_context=self._context).start()

    async def stop(self) -> None:
        """Stop listening and close every connection."""
        await self._runner.cleanup()
        self._address.socket.close()


def application_listener(address: Address, application: web.Application) -> Listener:
    """Return a listener for a web application, without TLS."""
    return Listener(address, web.AppRunner(application, access_log=None, shutdown_timeout=0.1))


def plane_listener(
    address: Address, context: ssl.SSLContext, log: RequestLog, plane_of: PlaneOf, handle: Handler
) -> Listener:
    """Return a TLS listener that lets `handle` answer each request and logs it."""

    async def serve(received: web.BaseRequest) -> web.StreamResponse:
        started = time.time()
        request = _request(received)
        plane = plane_of(request)
        try:
            request.body = await received.read()
            answer = await handle(plane, request)
        except web.HTTPRequestEntityTooLarge:
            message = f"The request content exceeds the maximum size of {MAXIMUM_BODY} bytes."
            answer = ArmError(413, "RequestContentTooLarge", message).answer()
        log.add(plane, request, answer.status, started)
        if answer.dropped and received.transport is not None:
            received.transport.abort()
            # The web server still wants an answer to write; it goes nowhere.
            return web.Response()
        return web.Response(status=answer.status, body=answer.body(), headers=response_headers(answer))

    server = web.Server(serve, request_factory=_make_request, access_log=None)
    return Listener(address, web.ServerRunner(server, shutdown_timeout=0.1), context)


def _make_request(message: Any, payload: Any, protocol: Any, writer: Any, task: Any) -> web.BaseRequest:
    """Make the web server's request, with ARM's limit of the body instead of the web server's own."""
    loop = asyncio.get_running_loop()
    return web.BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=MAXIMUM_BODY)


def _request(received: web.BaseRequest) -> Request:
    """Return the request without its body, which is yet to be read."""
    url = received.rel_url
    return Request(
        method=received.method,
        path=url.raw_path,
        query=url.query,
        headers=received.headers,
        body=b"",
        origin=f"https://{received.headers.get('Host', '')}",
        target=received.raw_path,
    )
