# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Mono process that executes policies, as an asyncio client.

One request costs two frames here, and two more for each forward, token, request of a policy's own, or response body
that an expression reads. Everything else happens inside the process. What `GatewayIo.emit` gets, by its "kind":

- "trace": source, message; severity and metadata when the trace policy wrote it.
- "metric": namespace, name, value, dimensions.
- "llm-token-metric": namespace, dimensions, promptTokens, completionTokens, totalTokens, estimated.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from apim_emulator.expressions import HostFailure
from apim_emulator.expressions.toolchain import HostProcess
from apim_emulator.runtime.access_tokens import AccessTokens
from apim_emulator.runtime.compose import EffectivePolicy
from apim_emulator.runtime.frames import Frame
from apim_emulator.runtime.messages import Call, GatewayIo, Outcome
from apim_emulator.runtime.run import Run, failure_of

_PREPARE, _RELEASE, _EXECUTE, _TOKENS = "P", "D", "E", "T"
_ASK, _PREPARED = "A", "p"
_KEPT_PROGRAMS = 512
_ENDED = "The process that executes policies ended."


class PolicyNotExecutable(Exception):
    """A joined policy does not compile, though each part did: a named value or a fragment changed since."""


@dataclass(frozen=True)
class Program:
    """A policy that compiles. It stays valid when the process is restarted."""

    policy: EffectivePolicy


@dataclass(frozen=True)
class Evaluation:
    """The end of a request, and the state that it left: for tests of policies.

    variables: JSON, values of other types as text. state: "method", "pathAndQuery", "headers", "body" (base64),
    "backendId" and "baseUrl" of the request as the policies left it.
    """

    outcome: Outcome
    variables: dict[str, Any]
    state: dict[str, Any]


class PolicyEngine:
    """Executes policies, many requests at the same time. Its process is kept, and restarted should it end."""

    def __init__(self, cache: Path | None = None) -> None:
        """cache: the directory for compiled C# sources, see `toolchain.build_host`."""
        self._cache = cache
        self._numbers = itertools.count(1)
        self._starting = asyncio.Lock()
        self._process: HostProcess | None = None
        self._reader: asyncio.Task[None] | None = None
        self._programs: OrderedDict[str, asyncio.Future[int]] = OrderedDict()
        self._preparing: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._runs: dict[int, Run] = {}
        self._access_tokens = AccessTokens()

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        return self._process.pid if self._process else None

    async def start(self) -> None:
        """Start the process. Raises ToolchainMissing when Mono is not installed. Does nothing while it runs."""
        async with self._starting:
            if self.pid is None:
                await self._end()
                self._process = await HostProcess.start("execute", self._cache)
                self._reader = asyncio.create_task(self._read(self._process))

    async def stop(self) -> None:
        """End the process; requests in flight fail with HostFailure."""
        async with self._starting:
            await self._end()

    async def prepare(self, policy: EffectivePolicy) -> Program:
        """Compile a policy; the same one is compiled once. Raises PolicyNotExecutable, HostFailure."""
        await self._number(policy)
        return Program(policy)

    async def execute(self, program: Program, call: Call, io: GatewayIo) -> Outcome:
        """Run a request through a policy.

        A caller that stops waiting ends what the request waits for. Raises HostFailure when the process ends meanwhile
        or meets an error of its own, and what a method of io raises beside ForwardError.
        """
        outcome, _ = await self._execute(program, call, io, {})
        return outcome

    async def evaluate(
        self, program: Program, call: Call, io: GatewayIo, variables: Mapping[str, Any] | None = None
    ) -> Evaluation:
        """Run a request with variables already set (JSON), and tell what became of them and of the request."""
        outcome, header = await self._execute(program, call, io, {"variables": variables or {}, "inspect": True})
        state = header["state"]
        return Evaluation(outcome, state.pop("variables"), state)

    async def _execute(
        self, program: Program, call: Call, io: GatewayIo, options: dict[str, Any]
    ) -> tuple[Outcome, dict[str, Any]]:
        header = {
            "program": await self._number(program.policy),
            "context": call.context,
            "method": call.method,
            "url": call.url,
            "originalUrl": call.original_url,
            "headers": call.headers,
            "refusal": failure_of(call.refusal) if call.refusal else None,
        }
        number = next(self._numbers)
        run = self._runs[number] = Run(io, self._send, self._access_tokens, call.body)
        try:
            await self._send(Frame(_EXECUTE, header | options | {"id": number}, call.body))
            frame = await run.ended
        except asyncio.CancelledError:
            run.cancel()
            raise
        finally:
            del self._runs[number]
        if "failure" in frame.header:
            raise HostFailure(frame.header["failure"])
        return run.outcome(frame, self._add_tokens), frame.header

    async def _number(self, policy: EffectivePolicy) -> int:
        """The number of a policy's program in the process."""
        if self.pid is None:
            await self.start()
        known = self._programs.get(policy.key)
        if known is None:
            known = self._programs[policy.key] = asyncio.ensure_future(self._compile(policy))
            known.add_done_callback(lambda done: self._settle(policy.key, done))
        else:
            self._programs.move_to_end(policy.key)
        return await asyncio.shield(known)

    async def _compile(self, policy: EffectivePolicy) -> int:
        number = next(self._numbers)
        answer = self._preparing[number] = asyncio.get_running_loop().create_future()
        try:
            await self._send(Frame(_PREPARE, {"id": number}, policy.program))
            header = await answer
        finally:
            del self._preparing[number]
        if "failure" in header:
            raise HostFailure(header["failure"])
        if header["problems"]:
            raise PolicyNotExecutable(policy.mask("; ".join(_text(problem) for problem in header["problems"])))
        return number

    def _settle(self, key: str, done: asyncio.Future[int]) -> None:
        """Forget a program that did not compile, and those that nobody used for longest."""
        if done.cancelled() or done.exception() is not None:
            if self._programs.get(key) is done:
                del self._programs[key]
            return
        while len(self._programs) > _KEPT_PROGRAMS:
            _, oldest = self._programs.popitem(last=False)
            if oldest.done() and not oldest.cancelled() and oldest.exception() is None:
                self._write(Frame(_RELEASE, {"program": oldest.result()}))

    def _add_tokens(self, counter: str, seconds: float, amount: int) -> None:
        """Correct a counter of llm-token-limit."""
        if self.pid is not None:
            self._write(Frame(_TOKENS, {"counter": counter, "seconds": seconds, "amount": amount}))

    def _write(self, frame: Frame) -> HostProcess:
        if self._process is None or self._process.pid is None:
            raise HostFailure(_ENDED)
        self._process.input.write(frame.encode())
        return self._process

    async def _send(self, frame: Frame) -> None:
        """Write a frame, and wait while the process has too much to read already."""
        process = self._write(frame)
        # A process that ends meanwhile is told to all who wait by its reader.
        with contextlib.suppress(ConnectionError):
            await process.input.drain()

    async def _read(self, process: HostProcess) -> None:
        """Hand each frame to whoever waits for it, until the process ends or sends what nobody understands."""
        failure = HostFailure(_ENDED)
        try:
            while True:
                self._handle(await Frame.read(process.output))
        except asyncio.IncompleteReadError:
            pass
        except Exception as error:  # noqa: BLE001 - requests must not wait for a process that nobody reads
            failure = HostFailure(
                f"The process that executes policies sent an unreadable frame: {type(error).__name__}."
            )
        finally:
            self._fail_all(failure)
            if self._process is process:
                self._process = None
                await process.end()

    def _fail_all(self, failure: HostFailure) -> None:
        self._programs.clear()
        for run in self._runs.values():
            run.fail(failure)
        for waiting in self._preparing.values():
            if not waiting.done():
                waiting.set_exception(failure)

    def _handle(self, frame: Frame) -> None:
        number = frame.header["id"]
        if frame.kind == _PREPARED:
            if (waiting := self._preparing.get(number)) and not waiting.done():
                waiting.set_result(frame.header)
        elif frame.kind == _ASK:
            run = self._runs.get(number) or Run.abandoned(self._send, self._access_tokens)
            run.serve(frame)
        elif (ended := self._runs.get(number)) is not None:
            ended.end(frame)

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            await process.end()
        if self._reader is not None:
            await self._reader


def _text(problem: dict[str, Any]) -> str:
    if "text" in problem:
        return str(problem["text"])
    return f"Usage of {problem['type']}{'.' + problem['member'] if problem['member'] else ''} is not supported"
