# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The life of the process, and many requests at a time."""

from __future__ import annotations

import asyncio
import os
import signal
import time

import pytest
from apim_emulator.expressions import HostFailure
from apim_emulator.runtime import (
    Answer,
    EffectivePolicy,
    Forward,
    PolicyEngine,
    PolicyNotExecutable,
    ScopedPolicy,
    compose,
)
from apim_emulator.runtime.frames import Frame

from .conftest import Prepare, ScriptedIo, call, policies


def effective(**sections: str) -> EffectivePolicy:
    return compose([ScopedPolicy("api", "/apis/chat", policies(**sections))], {}, {})


class SilentIo(ScriptedIo):
    """A backend that never answers, and tells that it was asked and left."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.left = asyncio.Event(), asyncio.Event()

    async def forward(self, request: Forward) -> Answer:
        self.forwards.append(request)
        self.asked.set()
        never: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        try:
            return await never
        finally:
            self.left.set()


def test_many_requests_wait_at_the_same_time(
    loop: asyncio.AbstractEventLoop, engine: PolicyEngine, prepare: Prepare
) -> None:
    program = prepare(policies(outbound='<set-body>@(context.Response.Body.As<string>() + "!")</set-body>'))
    all_wait = asyncio.Barrier(300)

    class Patient(ScriptedIo):
        """A backend that answers nobody before everybody has asked."""

        async def forward(self, request: Forward) -> Answer:
            await all_wait.wait()
            return Answer(200, "OK", [], request.body)

    async def run() -> list[bytes | None]:
        calls = [engine.execute(program, call(body=str(number).encode()), Patient()) for number in range(300)]
        async with asyncio.timeout(60):
            return [outcome.body for outcome in await asyncio.gather(*calls)]

    assert loop.run_until_complete(run()) == [f"{number}!".encode() for number in range(300)]


def test_expressions_that_wait_for_a_stream_do_not_block_each_other(
    loop: asyncio.AbstractEventLoop, engine: PolicyEngine, prepare: Prepare
) -> None:
    class SlowStream(ScriptedIo):
        async def read(self, stream: int) -> bytes:
            await asyncio.sleep(0.2)
            return b"%d" % stream

    program = prepare(policies(outbound='<set-body>@(context.Response.Body.As<string>() + "!")</set-body>'))

    async def run() -> list[bytes | None]:
        streams = [SlowStream([Answer(200, "OK", [], stream=number)]) for number in range(200)]
        outcomes = await asyncio.gather(*(engine.execute(program, call(), io) for io in streams))
        return [outcome.body for outcome in outcomes]

    started = time.monotonic()
    assert loop.run_until_complete(run()) == [f"{number}!".encode() for number in range(200)]
    assert time.monotonic() - started < 20, "one after the other they wait 40 seconds"


def test_a_caller_that_stops_waiting_ends_what_runs(
    loop: asyncio.AbstractEventLoop, engine: PolicyEngine, prepare: Prepare
) -> None:
    program = prepare(
        policies(backend="<retry condition='@(true)' count='50' interval='0'><forward-request /></retry>")
    )

    async def run() -> None:
        io = SilentIo()
        task = asyncio.create_task(engine.execute(program, call(), io))
        await io.asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with asyncio.timeout(30):
            await io.left.wait()
        other = await engine.execute(program, call(), ScriptedIo())
        assert other.status == 200

    loop.run_until_complete(run())


def test_an_error_of_the_gateway_itself_is_not_swallowed(
    loop: asyncio.AbstractEventLoop, engine: PolicyEngine, prepare: Prepare
) -> None:
    class Broken(ScriptedIo):
        async def forward(self, request: Forward) -> Answer:
            raise KeyError(request.method)

    with pytest.raises(KeyError, match="POST"):
        loop.run_until_complete(engine.execute(prepare(policies()), call(), Broken()))


def test_a_policy_that_no_longer_compiles(loop: asyncio.AbstractEventLoop, engine: PolicyEngine) -> None:
    inbound = "<set-variable name='a' value='@({{code}})' />"

    def problem(code: str) -> str:
        policy = compose([ScopedPolicy("api", "/apis/a", policies(inbound=inbound))], {}, {"code": code})
        with pytest.raises(PolicyNotExecutable) as caught:
            loop.run_until_complete(engine.prepare(policy))
        return str(caught.value)

    assert "{{code}}" in problem("hunter2")
    assert "hunter2" not in problem("hunter2")
    assert "System.IO.File" in problem('System.IO.File.ReadAllText("/etc/passwd")')
    retry = effective(backend="<retry condition='true' count='x' interval='0'><forward-request /></retry>")
    with pytest.raises(PolicyNotExecutable):
        loop.run_until_complete(engine.prepare(retry))


def test_the_process_is_restarted_with_its_programs() -> None:
    async def run() -> None:
        engine = PolicyEngine()
        try:
            program = await engine.prepare(effective(inbound="<set-variable name='a' value='@(1 + 1)' />"))
            first = engine.pid
            assert first
            io = SilentIo()
            failing = asyncio.create_task(engine.execute(program, call(), io))
            await io.asked.wait()
            os.kill(first, signal.SIGKILL)
            with pytest.raises(HostFailure):
                await failing
            assert (await engine.evaluate(program, call(), ScriptedIo())).variables == {"a": 2}
            assert engine.pid not in (None, first)
        finally:
            await engine.stop()
        assert engine.pid is None

    asyncio.run(run())


def test_a_frame_that_cannot_be_read_fails_whoever_waits() -> None:
    async def run() -> None:
        engine = PolicyEngine()
        try:
            program = await engine.prepare(effective(inbound="<set-variable name='a' value='@(1 + 1)' />"))
            first, process = engine.pid, engine._process
            assert process is not None
            io = SilentIo()
            waiting = asyncio.create_task(engine.execute(program, call(), io))
            await io.asked.wait()
            process.output.feed_data(b"\0\0\0\x06r\0\0\0\x01?")
            async with asyncio.timeout(30):
                with pytest.raises(HostFailure, match="unreadable"):
                    await waiting
                assert (await engine.evaluate(program, call(), ScriptedIo())).variables == {"a": 2}
            assert engine.pid not in (None, first)
        finally:
            await engine.stop()

    asyncio.run(run())


def test_an_answer_that_cannot_be_sent_fails_its_request(
    loop: asyncio.AbstractEventLoop, engine: PolicyEngine, prepare: Prepare
) -> None:
    odd = ScriptedIo([Answer(200, "OK", [("X-Odd", "\udcff")], b"")])

    async def run() -> None:
        async with asyncio.timeout(30):
            await engine.execute(prepared, call(), odd)

    prepared = prepare(policies())
    with pytest.raises(TypeError, match="surrogates"):
        loop.run_until_complete(run())


def test_a_process_with_too_much_to_read_is_waited_for() -> None:
    async def run() -> None:
        engine = PolicyEngine()
        try:
            await engine.start()
            assert engine.pid is not None
            os.kill(engine.pid, signal.SIGSTOP)
            header = {"counter": "c", "seconds": 60, "amount": 1}
            sending = asyncio.create_task(engine._send(Frame("T", header, bytes(1_000_000))))
            await asyncio.sleep(0.1)
            assert not sending.done()
            os.kill(engine.pid, signal.SIGCONT)
            async with asyncio.timeout(30):
                await sending
                await engine.prepare(effective())
        finally:
            await engine.stop()

    asyncio.run(run())
