# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""How an answer goes out: at once, late, piece by piece, cut off, or not at all."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web

from apim_emulator.providers.answers import EVENTS
from apim_emulator.providers.exchange import Outgoing
from apim_emulator.requestlog import milliseconds_since


async def send(received: web.BaseRequest, outgoing: Outgoing, entry: dict[str, Any]) -> web.StreamResponse:
    """Send the answer, and complete the request's entry in the log.

    Its `outcome` becomes answered, reset (nothing was sent), cut (the connection ended inside the body) or abandoned
    (the caller went away).
    """
    started: float = entry["time"]
    try:
        entry["outcome"], response = await _send(received, outgoing)
    except (asyncio.CancelledError, ConnectionResetError):
        entry["outcome"] = "abandoned"
        raise
    finally:
        entry["duration_ms"] = milliseconds_since(started)
    return response


async def _send(received: web.BaseRequest, outgoing: Outgoing) -> tuple[str, web.StreamResponse]:
    behaviour = outgoing.behaviour
    if behaviour.refuse:
        _abort(received)
        return "reset", web.Response()
    if behaviour.latency_ms:
        await asyncio.sleep(behaviour.latency_ms / 1000)
    headers = {**outgoing.headers, "Content-Type": outgoing.media_type}
    streamed = outgoing.media_type == EVENTS
    pieces = outgoing.pieces
    if not (behaviour.stall_ms or behaviour.cut_after is not None or (streamed and behaviour.token_delay_ms)):
        if not streamed:
            return "answered", web.Response(status=outgoing.status, body=b"".join(pieces), headers=headers)
        pieces = (b"".join(pieces),)
    response = web.StreamResponse(status=outgoing.status, headers=headers)
    if not streamed:
        whole = b"".join(pieces)
        response.content_length = len(whole)
        pieces = (whole[: len(whole) // 2], whole[len(whole) // 2 :])
    await response.prepare(received)
    for index, piece in enumerate(pieces):
        if index == _cut(outgoing, streamed=streamed):
            _abort(received)
            return "cut", response
        await _pause(outgoing, index, len(pieces), streamed=streamed)
        await response.write(piece)
    await response.write_eof()
    return "answered", response


def _cut(outgoing: Outgoing, *, streamed: bool) -> int | None:
    """Return the piece before which the connection is cut."""
    wanted = outgoing.behaviour.cut_after
    return wanted if streamed or wanted is None else 1


async def _pause(outgoing: Outgoing, index: int, count: int, *, streamed: bool) -> None:
    behaviour = outgoing.behaviour
    wait = behaviour.token_delay_ms if streamed and index else 0
    if index == count // 2:
        wait += behaviour.stall_ms
    if wait:
        await asyncio.sleep(wait / 1000)


def _abort(received: web.BaseRequest) -> None:
    if received.transport is not None:
        received.transport.abort()
