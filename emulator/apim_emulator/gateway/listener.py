# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The https listener of one gateway: reads requests, sends answers, keeps the request log."""

from __future__ import annotations

import asyncio
import ssl
import time
from dataclasses import asdict
from itertools import chain
from typing import Any

from aiohttp import web

from apim_emulator.gateway.gateway import Gateway
from apim_emulator.gateway.replies import BackendBroke, own_answer, send_stream, send_whole
from apim_emulator.gateway.visit import Visit
from apim_emulator.http import Request
from apim_emulator.requestlog import RequestLog, masked_url
from apim_emulator.server import Address, Listener

# Facts 2: what a gateway buffers of a request, and the longest URL, in bytes. The older tiers publish no limit of URLs.
_MEBIBYTE = 1024 * 1024
_MAXIMUM_BODY = {"Consumption": 2 * _MEBIBYTE, "BasicV2": 2 * _MEBIBYTE, "StandardV2": 2 * _MEBIBYTE}
_MAXIMUM_BODY_CLASSIC = 500 * _MEBIBYTE
_MAXIMUM_URL = 16_384

_CLIENT_GONE = 499


class GatewayListener(Listener):
    """Serves one gateway until it is stopped. A client that goes takes its request to the backend with it."""

    def __init__(self, address: Address, context: ssl.SSLContext, log: RequestLog, gateway: Gateway) -> None:
        self._gateway = gateway
        self._log = log
        self._maximum_body = _MAXIMUM_BODY.get(gateway.service.config.sku, _MAXIMUM_BODY_CLASSIC)
        server = web.Server(
            self._serve,
            request_factory=self._make_request,
            handler_cancellation=True,
            access_log=None,
            max_line_size=_MAXIMUM_URL,
        )
        super().__init__(address, web.ServerRunner(server, shutdown_timeout=0.1), context)

    def _make_request(self, message: Any, payload: Any, protocol: Any, writer: Any, task: Any) -> web.BaseRequest:
        loop = asyncio.get_running_loop()
        return web.BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=self._maximum_body)

    async def _serve(self, received: web.BaseRequest) -> web.StreamResponse:
        started = time.time()
        visit = _visit(received, self._gateway.service.label)
        status = _CLIENT_GONE
        try:
            response = await self._answered(received, visit)
            status = response.status
        except BackendBroke as broken:
            visit.details["error"] = f"The response of the backend broke off: {broken}"
            status = 0
            # The web server still wants an answer to write; it goes nowhere.
            return web.Response()
        else:
            return response
        finally:
            visit.close()
            self._note(visit, status, started)

    async def _answered(self, received: web.BaseRequest, visit: Visit) -> web.StreamResponse:
        try:
            visit.request.body = await received.read()
        except web.HTTPRequestEntityTooLarge:
            return await send_whole(received, own_answer(413, "Request entity too large"), visit.sent)
        if not _is_text(received):
            return await send_whole(received, own_answer(400, "Headers and URL must be UTF-8"), visit.sent)
        outcome = await self._gateway.answer(visit)
        if outcome.stream is None or visit.exchange is None:
            return await send_whole(received, outcome, visit.sent)
        return await send_stream(received, outcome, visit.exchange.stream(outcome.stream), visit.sent)

    def _note(self, visit: Visit, status: int, started: float) -> None:
        """Log the request. Facts of its way: which API, which backends, which metrics; no credential in any of them."""
        details = visit.details
        if visit.exchange is not None:
            attempts = [asdict(attempt) for attempt in visit.exchange.attempts]
            for attempt in attempts:
                attempt["url"] = _masked(attempt["url"], visit)
            served = [attempt["backend"] for attempt in attempts if attempt["status"] is not None]
            details |= {
                "backend": served[-1] if served else None,
                "attempts": attempts,
                "metrics": [event for event in visit.exchange.events if event["kind"] != "trace"],
                "traces": [event for event in visit.exchange.events if event["kind"] == "trace"],
            }
        visit.request.target = _masked(visit.request.target, visit)
        secret = visit.api.key_header if visit.api is not None else None
        self._log.add("gateway", visit.request, status, started, secret_header=secret, **details)


def _visit(received: web.BaseRequest, service: str) -> Visit:
    url = received.rel_url
    request = Request(
        method=received.method,
        path=received.raw_path.partition("?")[0],
        query=url.query,
        headers=received.headers,
        body=b"",
        origin=f"https://{received.headers.get('Host', '')}",
        target=received.raw_path,
        service=service,
    )
    return Visit(request, received.body_exists, received.remote or "")


def _is_text(received: web.BaseRequest) -> bool:
    """Tell whether URL and headers are UTF-8: policies see them as texts, and .NET has none for other bytes."""
    try:
        "".join((received.raw_path, *chain.from_iterable(received.headers.items()))).encode()
    except UnicodeEncodeError:  # the web server keeps such bytes as surrogates
        return False
    return True


def _masked(url: str, visit: Visit) -> str:
    return masked_url(url, visit.api.key_query if visit.api is not None else None)
