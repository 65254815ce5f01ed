# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The way of an answer to the client: whole, or piece by piece as the backend sends it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import aiohttp
import orjson
from aiohttp import web
from multidict import CIMultiDict

from apim_emulator.gateway.exchange import Stream
from apim_emulator.gateway.wire import Headers, end_to_end
from apim_emulator.runtime import Outcome

# What `buffer-response` collects before it lets go, in bytes; the end of the body lets go earlier.
_BUFFER = 8192
_NO_LENGTH = frozenset(("content-length",))


class BackendBroke(Exception):
    """The backend's response ended before it was complete."""


def own_answer(status: int, message: str, headers: Headers | None = None) -> Outcome:
    """Return an answer that the gateway gives without any policy."""
    body = orjson.dumps({"statusCode": status, "message": message})
    return Outcome(status, "", [("Content-Type", "application/json"), *(headers or [])], body)


async def send_whole(received: web.BaseRequest, outcome: Outcome, sent: Callable[[], None]) -> web.StreamResponse:
    """Send an answer whose body is at hand; `sent` is called just before the client has all of it."""
    response = _response(outcome, without=_NO_LENGTH)
    body = outcome.body or b""
    response.content_length = len(body)
    sent()
    await response.prepare(received)
    if body and received.method != "HEAD":
        await response.write(body)
    await response.write_eof()
    return response


async def send_stream(
    received: web.BaseRequest, outcome: Outcome, stream: Stream, sent: Callable[[], None]
) -> web.StreamResponse:
    """Send an answer while its body comes; a body that breaks off also breaks off for the client.

    `sent` is called just before the client has all of it, perhaps twice.
    Raises BackendBroke, and OSError when the client is gone; in both cases the connection is closed.
    """
    response = _response(outcome)
    watcher = outcome.watcher
    left = response.content_length
    await response.prepare(received)
    try:
        async for piece in _pieces(stream):
            if watcher is not None:
                watcher.feed(piece)
            if left is not None:
                left -= len(piece)
                if left <= 0:
                    sent()
            await response.write(piece)
        sent()
        await response.write_eof()
    except BackendBroke:
        if received.transport is not None:
            received.transport.abort()
        raise
    finally:
        if watcher is not None:
            watcher.close()
    return response


def _response(outcome: Outcome, without: frozenset[str] = frozenset()) -> web.StreamResponse:
    headers = CIMultiDict(end_to_end(outcome.headers, without=without))
    return web.StreamResponse(status=outcome.status, reason=outcome.reason or None, headers=headers)


async def _pieces(stream: Stream) -> AsyncIterator[bytes]:
    """Yield the body as it comes, or in pieces of 8 KiB when it is buffered. Raises BackendBroke."""
    pending = b""
    try:
        async for chunk in stream.response.content.iter_any():
            pending += chunk
            if len(pending) >= _BUFFER or not stream.buffered:
                yield pending
                pending = b""
    except (aiohttp.ClientError, OSError) as failure:
        raise BackendBroke(str(failure) or type(failure).__name__) from failure
    if pending:
        yield pending
