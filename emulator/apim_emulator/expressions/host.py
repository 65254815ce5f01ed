# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Mono process that compiles policy expressions, as an asyncio client."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import struct
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from apim_emulator.expressions.toolchain import HostProcess

Result = Literal["Body", "Condition", "Nothing", "Number", "Text", "Variable"]
"""What an expression's value is used as: a class of the C# namespace `Results`, which lists the types it takes."""

_LENGTH = struct.Struct(">I")
_CACHED_DOCUMENTS = 1024
_SECONDS_PER_DOCUMENT = 60.0


@dataclass(frozen=True)
class Expression:
    """One expression: its C# without the `@` and the brackets, and what its value is used as.

    block: `code` is `{ statements }`, else one expression.
    names: the dotted names in the code, by which constants are found (see `csharp.ParsedExpression`).
    """

    code: str
    block: bool
    result: Result
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class CompileError:
    """The compiler's text about the expression with this index."""

    expression: int
    text: str


@dataclass(frozen=True)
class RefusedUsage:
    """A .NET type (or one member of it) outside the allowed ones, used by the expression with this index."""

    expression: int
    type: str
    member: str | None


class HostFailure(Exception):
    """The host process ended or answered nothing: the document could not be checked."""


class ExpressionHost:
    """Compiles the expressions of one document at a time; starts its process when it is needed.

    The process is kept: starting it costs about half a second, a warm compilation some ten milliseconds. It ends at
    `stop()`, and by itself when this process ends, because its standard input closes then.
    """

    def __init__(self, cache: Path | None = None) -> None:
        """cache: the directory for compiled C# sources, see `toolchain.build_host`."""
        self._cache = cache
        self._known: OrderedDict[tuple[Expression, ...], tuple[CompileError | RefusedUsage, ...]] = OrderedDict()
        self._ids = itertools.count(1)
        self._lock = asyncio.Lock()
        self._process: HostProcess | None = None
        self._reader: asyncio.Task[None] | None = None
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}

    @property
    def pid(self) -> int | None:
        """Process id of the host while it runs."""
        return self._process.pid if self._process else None

    async def start(self) -> None:
        """Build the C# sources if need be, start the process, and warm the compiler up.

        Raises ToolchainMissing when a part of Mono is not installed. Does nothing while the process runs.
        """
        async with self._lock:
            if self.pid is None:
                await self._start()

    async def _start(self) -> None:
        await self._end()
        self._process = await HostProcess.start("check", self._cache)
        self._reader = asyncio.create_task(self._read(self._process))
        await self._ask([Expression('""', block=False, result="Text")])

    async def stop(self) -> None:
        """End the process and remove its working directory, which holds the sources of what it compiles."""
        async with self._lock:
            await self._end()

    async def compile(self, expressions: Sequence[Expression]) -> tuple[CompileError | RefusedUsage, ...]:
        """Compile all expressions of a document together; the same document is compiled once.

        Returns what is wrong, in the order of the expressions; empty when all compile and use allowed types only.
        Raises HostFailure when the process fails; the next call starts a new one.
        """
        key = tuple(expressions)
        async with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key]
            if self.pid is None:
                await self._start()
            found = await self._ask(key)
            self._known[key] = found
            if len(self._known) > _CACHED_DOCUMENTS:
                self._known.popitem(last=False)
            return found

    async def _ask(self, expressions: Sequence[Expression]) -> tuple[CompileError | RefusedUsage, ...]:
        request = {"expressions": [asdict(expression) for expression in expressions]}
        try:
            async with asyncio.timeout(_SECONDS_PER_DOCUMENT):
                answer = await self._exchange(request)
        except (TimeoutError, OSError) as error:
            await self._end()
            raise HostFailure("The process that compiles policy expressions ended or did not answer.") from error
        if "failure" in answer:
            raise HostFailure(answer["failure"])
        return tuple(_problem(error) for error in answer["errors"])

    async def _exchange(self, request: dict[str, Any]) -> dict[str, Any]:
        """One request and its answer; whoever stops waiting leaves the process as it is."""
        process = self._process
        if process is None:
            raise BrokenPipeError
        number = next(self._ids)
        frame = json.dumps(request | {"id": number}).encode()
        self._waiting[number] = asyncio.get_running_loop().create_future()
        try:
            process.input.write(_LENGTH.pack(len(frame)) + frame)
            await process.input.drain()
            return await self._waiting[number]
        finally:
            del self._waiting[number]

    async def _read(self, process: HostProcess) -> None:
        """Hand each answer to whoever waits for it, until the process ends."""
        with contextlib.suppress(asyncio.IncompleteReadError):
            while True:
                (length,) = _LENGTH.unpack(await process.output.readexactly(_LENGTH.size))
                answer = json.loads(await process.output.readexactly(length))
                if (waiting := self._waiting.get(answer["id"])) and not waiting.done():
                    waiting.set_result(answer)
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(BrokenPipeError())

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            await process.end()
        if self._reader is not None:
            await self._reader


def _problem(error: dict[str, Any]) -> CompileError | RefusedUsage:
    if "text" in error:
        return CompileError(error["expression"], error["text"])
    return RefusedUsage(error["expression"], error["type"], error["member"])
