# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One request on its way through the process that executes policies."""

from __future__ import annotations

import asyncio
import http
from collections.abc import Awaitable, Callable
from typing import Any

from apim_emulator.runtime.access_tokens import AccessTokens
from apim_emulator.runtime.frames import Frame
from apim_emulator.runtime.messages import Answer, Forward, ForwardError, GatewayIo, Outcome, Send
from apim_emulator.runtime.tokens import TokenMeter, Usage

AddTokens = Callable[[str, float, int], None]
"""Counter of llm-token-limit, seconds that the amount counts, amount (negative to give back)."""

Sender = Callable[[Frame], Awaitable[None]]
"""Sends a frame to the process; raises HostFailure when it has ended."""

_REPLY = "R"
_LEAST_ERROR_STATUS = 400
_GONE = {"source": "client", "reason": "ClientConnectionFailure", "message": "The client is gone.", "headers": []}


class Run:
    """Does for one request what its policies ask, and turns their end into an outcome."""

    def __init__(self, io: GatewayIo | None, send: Sender, access_tokens: AccessTokens, body: bytes | None) -> None:
        self._io = io
        self._send = send
        self._access_tokens = access_tokens
        self._forwarded = body
        self._answer: Answer | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.ended: asyncio.Future[Frame] = asyncio.get_running_loop().create_future()

    @classmethod
    def abandoned(cls, send: Sender, access_tokens: AccessTokens) -> Run:
        """A run that nobody waits for: it refuses whatever its policies still ask."""
        return cls(None, send, access_tokens, None)

    def end(self, frame: Frame) -> None:
        """The process has finished."""
        if not self.ended.done():
            self.ended.set_result(frame)

    def fail(self, error: Exception) -> None:
        """The run cannot finish."""
        if not self.ended.done():
            self.ended.set_exception(error)

    def cancel(self) -> None:
        """End whatever the policies wait for."""
        self._io = None
        for task in self._tasks:
            task.cancel()

    def serve(self, frame: Frame) -> None:
        """Start to do what a frame asks."""
        task = asyncio.create_task(self._serve(frame))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, frame: Frame) -> None:
        body = None
        try:
            header, body = await self._do(frame)
        except ForwardError as error:
            header = {"failure": failure_of(error)}
        except asyncio.CancelledError:
            header = {"failure": _GONE}
        except Exception as error:  # noqa: BLE001 - an error of the gateway itself belongs to whoever waits for the run
            self.fail(error)
            header = {"failure": _GONE}
        try:
            await self._send(Frame(_REPLY, header | {"ask": frame.header["ask"]}, body))
        except Exception as error:  # noqa: BLE001 - without its reply the process never finishes the run
            self.fail(error)

    async def _do(self, frame: Frame) -> tuple[dict[str, Any], bytes | None]:
        io, header = self._io, frame.header
        if io is None:
            return {"failure": _GONE}, None
        match header["what"]:
            case "forward":
                self._forwarded, self._answer = frame.body, None
                self._answer = await io.forward(_forward(frame))
                return _reply(self._answer)
            case "send":
                request = Send(header["method"], header["url"], _pairs(header), frame.body, header["timeout"])
                return _reply(await io.send(request))
            case "token":
                return {"token": await io.token(header["resource"], header["clientId"])}, None
            case "read":
                return {}, await self._read(io, header["stream"])
            case "validate":
                await self._access_tokens.check(header, io)
                return {}, None
            case other:
                raise ValueError(other)

    async def _read(self, io: GatewayIo, stream: int) -> bytes:
        body = await io.read(stream)
        if self._answer is not None and self._answer.stream == stream:
            self._answer.body, self._answer.stream = body, None
        return body

    def outcome(self, frame: Frame, add_tokens: AddTokens) -> Outcome:
        """What the client gets; emits the run's events."""
        header = frame.header
        if self._io is not None:
            for event in header["events"]:
                self._io.emit(event)
        outcome = Outcome(
            status=header["status"],
            reason=header["reason"] or _phrase(header["status"]),
            headers=_pairs(header),
            body=frame.body,
            stream=header["stream"],
            error=header["error"],
        )
        if header["meters"]:
            self._measure(outcome, header["meters"], add_tokens)
        return outcome

    def _measure(self, outcome: Outcome, meters: list[dict[str, Any]], add_tokens: AddTokens) -> None:
        """Count the tokens of the backend's response, now or while it passes."""
        answer = self._answer
        if answer is None or answer.status >= _LEAST_ERROR_STATUS:
            self._account(meters, None, add_tokens)
            return
        content_type = next((value for name, value in answer.headers if name.lower() == "content-type"), "")
        meter = TokenMeter(self._forwarded, content_type, lambda usage: self._account(meters, usage, add_tokens))
        if answer.stream is not None and answer.stream == outcome.stream:
            outcome.watcher = meter
        else:
            meter.feed(answer.body or b"")
            meter.close()

    def _account(self, meters: list[dict[str, Any]], usage: Usage | None, add_tokens: AddTokens) -> None:
        """Book tokens; None when no completion was made, and what was estimated is given back."""
        total = usage.prompt + usage.completion if usage else 0
        for meter in meters:
            if "counter" in meter:
                add_tokens(meter["counter"], meter["seconds"], total - meter["estimate"])
            elif usage is not None and self._io is not None:
                self._io.emit(self._metric(meter, usage))

    def _metric(self, meter: dict[str, Any], usage: Usage) -> dict[str, Any]:
        dimensions = meter["dimensions"]
        if "Backend ID" in dimensions and dimensions["Backend ID"] is None and self._answer is not None:
            dimensions = dimensions | {"Backend ID": self._answer.backend_id}
        return {
            "kind": "llm-token-metric",
            "namespace": meter["namespace"],
            "dimensions": dimensions,
            "promptTokens": usage.prompt,
            "completionTokens": usage.completion,
            "totalTokens": usage.prompt + usage.completion,
            "estimated": usage.estimated,
        }


def _forward(frame: Frame) -> Forward:
    header = frame.header
    return Forward(
        method=header["method"],
        path_and_query=header["pathAndQuery"],
        headers=_pairs(header),
        body=frame.body,
        backend_id=header["backendId"],
        base_url=header["baseUrl"],
        timeout=header["timeout"],
        follow_redirects=header["followRedirects"],
        buffer_response=header["bufferResponse"],
    )


def _reply(answer: Answer) -> tuple[dict[str, Any], bytes | None]:
    header = {
        "status": answer.status,
        "reason": answer.reason,
        "headers": answer.headers,
        "stream": answer.stream,
    }
    return header, answer.body


def failure_of(error: ForwardError) -> dict[str, Any]:
    """The error as the process reads it."""
    return {
        "source": error.source or None,
        "reason": error.reason,
        "message": error.message,
        "status": error.status,
        "headers": error.headers,
    }


def _pairs(header: dict[str, Any]) -> list[tuple[str, str]]:
    return [(name, value) for name, value in header["headers"]]


def _phrase(status: int) -> str:
    try:
        return http.HTTPStatus(status).phrase
    except ValueError:
        return ""
