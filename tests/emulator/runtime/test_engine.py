# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The life of the process, many requests at a time, and what one costs."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.plan import build_plan
from ansible_collections.citadel.ai_gateway.plugins.plugin_utils import _policies
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

from .conftest import Prepare, ScriptedIo, call, policies

MODELS = 1000
REQUESTS = 600
AT_A_TIME = 16


def effective(**sections: str) -> EffectivePolicy:
    return compose([ScopedPolicy("api", "/apis/chat", policies(**sections))], {}, {})


class SlowIo(ScriptedIo):
    """A backend that answers after a while, and counts who waits."""

    waiting = 0
    most = 0

    async def forward(self, request: Forward) -> Answer:
        SlowIo.waiting += 1
        SlowIo.most = max(SlowIo.most, SlowIo.waiting)
        try:
            await asyncio.sleep(0.3)
            return Answer(200, "OK", [], request.body)
        finally:
            SlowIo.waiting -= 1


def test_many_requests_wait_at_the_same_time(
    loop: asyncio.AbstractEventLoop, engine: PolicyEngine, prepare: Prepare
) -> None:
    program = prepare(policies(outbound='<set-body>@(context.Response.Body.As<string>() + "!")</set-body>'))

    async def run() -> list[bytes | None]:
        calls = [engine.execute(program, call(body=str(number).encode()), SlowIo()) for number in range(300)]
        return [outcome.body for outcome in await asyncio.gather(*calls)]

    bodies = loop.run_until_complete(run())
    assert bodies == [f"{number}!".encode() for number in range(300)]
    assert SlowIo.most == 300


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
    assert time.monotonic() - started < 5


def test_a_caller_that_stops_waiting_ends_what_runs(
    loop: asyncio.AbstractEventLoop, engine: PolicyEngine, prepare: Prepare
) -> None:
    program = prepare(
        policies(backend="<retry condition='@(true)' count='50' interval='0'><forward-request /></retry>")
    )

    async def run() -> None:
        task = asyncio.create_task(engine.execute(program, call(), SlowIo()))
        await asyncio.sleep(0.1)
        assert SlowIo.waiting == 1
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.sleep(0.05)
        assert SlowIo.waiting == 0
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
            failing = asyncio.create_task(engine.execute(program, call(), SlowIo()))
            await asyncio.sleep(0.1)
            os.kill(first, signal.SIGKILL)
            with pytest.raises(HostFailure):
                await failing
            assert (await engine.evaluate(program, call(), ScriptedIo())).variables == {"a": 2}
            assert engine.pid not in (None, first)
        finally:
            await engine.stop()
        assert engine.pid is None

    asyncio.run(run())


def library(models: int) -> dict[str, str]:
    """The shipped fragments for models that two Azure OpenAI backends serve each."""
    deployment = {"sku": "S", "capacity": 1, "model_format": "OpenAI", "model_version": "1", "retirement_date": None}
    deployments = [{"name": f"gpt-{number}"} | deployment for number in range(models)]
    backends: list[Any] = [
        {"backend_id": f"b{n}", "backend_type": "azure-openai", "endpoint": f"https://b{n}.openai.azure.com",
         "auth_scheme": "managed_identity", "supported_models": deployments}
        for n in (1, 2)
    ]  # fmt: skip
    plan = build_plan(backends, managed_identity={"client_id": "22222222-2222-2222-2222-222222222222"})
    return {each["name"]: each["value"] for each in _policies.render_fragments(plan)}


def api_policy() -> str:
    """The order in which a hub's API policy includes the fragments, and its retry."""
    order = (
        "set-llm-requested-model", "set-backend-pools", "set-target-backend-pool", "set-backend-authorization",
        "set-llm-usage",
    )  # fmt: skip
    includes = "".join(f"<include-fragment fragment-id='{name}' />" for name in order)
    empty = "".join(f"<set-variable name='{name}BackendPool' value='' />" for name in ("allowed", "default"))
    empty = empty.replace("allowedBackendPool", "allowedBackendPools")
    retry = (
        "<retry condition='@(context.Response == null || context.Response.StatusCode == 429)' count='2' interval='0'"
        " first-fast-retry='true'><forward-request buffer-request-body='true' buffer-response='false' /></retry>"
    )
    outbound = "<set-header name='x-model'><value>@((string)context.Variables[\"requestedModel\"])</value></set-header>"
    return policies(inbound=f"<base />{empty}{includes}", backend=retry, outbound=outbound)


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_the_shipped_fragments_route_a_thousand_models_in_a_millisecond(
    loop: asyncio.AbstractEventLoop, engine: PolicyEngine, prepare: Prepare
) -> None:
    program = prepare(api_policy(), fragments=library(MODELS), **{"uami-client-id": "c"})
    request = call(
        url="/chat/completions",
        body=b'{"model": "GPT-%d", "messages": [{"role": "user", "content": "%s"}]}' % (MODELS - 1, b"x" * 900),
        context=call().context | {"MatchedParameters": {}},
    )
    io = ScriptedIo([Answer(200, "OK", [("Content-Type", "text/event-stream")], stream=1)])

    async def serve(requests: int) -> None:
        for _ in range(requests):
            assert (await engine.execute(program, request, io)).stream == 1

    loop.run_until_complete(serve(200))
    pid = engine.pid
    assert pid
    mono, python, started = cpu_seconds(pid), time.process_time(), time.monotonic()

    async def all_of_them() -> None:
        await asyncio.gather(*(serve(REQUESTS // AT_A_TIME) for _ in range(AT_A_TIME)))

    loop.run_until_complete(all_of_them())
    figures = {
        "mono_ms": (cpu_seconds(pid) - mono) / REQUESTS * 1000,
        "python_ms": (time.process_time() - python) / REQUESTS * 1000,
        "elapsed_ms": (time.monotonic() - started) / REQUESTS * 1000,
    }
    last = io.forwards[-1]
    assert last.path_and_query == f"/openai/deployments/GPT-{MODELS - 1}/chat/completions?api-version=2024-10-21"
    assert last.backend_id == f"gpt-{MODELS - 1}-backend-pool"
    assert dict(last.headers)["Authorization"] == "Bearer token-for-https://cognitiveservices.azure.com"
    assert all(figure < 1.0 for name, figure in figures.items() if name != "elapsed_ms"), figures
