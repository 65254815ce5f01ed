# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The life of the compiler's process, and what a check costs."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from apim_emulator.expressions import Expression, ExpressionHost, HostFailure, ToolchainMissing
from apim_emulator.policies import PolicyChecker

from .conftest import Check

VALID = [Expression("1", block=False, result="Variable")]


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + 60
    while is_running(pid):
        assert time.monotonic() < deadline, "the process is still there"
        time.sleep(0.02)


def work_directories(root: Path) -> list[Path]:
    return list(root.glob("apim-expressions-*"))


def test_without_mono_one_error_names_the_packages(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolchainMissing) as caught:
        asyncio.run(PolicyChecker().start())
    assert "missing: mono, mcs." in str(caught.value)
    assert "apt-get install mono-mcs mono-runtime libnewtonsoft-json5.0-cil" in str(caught.value)


def test_the_process_ends_with_stop(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    async def run() -> int:
        host = ExpressionHost()
        await host.start()
        pid = host.pid
        assert pid is not None
        assert work_directories(tmp_path)
        await host.stop()
        return pid

    assert not is_running(asyncio.run(run()))
    assert not work_directories(tmp_path)


def test_the_process_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    program = """
import asyncio, sys
from apim_emulator.expressions import ExpressionHost
async def run():
    host = ExpressionHost()
    await host.start()
    print(host.pid, flush=True)
    await asyncio.sleep(60)
asyncio.run(run())
"""
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, "TMPDIR": str(tmp_path)}) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert is_running(pid)
        parent.kill()
    wait_until_gone(pid)
    assert not work_directories(tmp_path)


def test_a_process_that_was_killed_is_replaced() -> None:
    async def run() -> None:
        host = ExpressionHost()
        await host.start()
        try:
            first = host.pid
            assert first is not None
            os.kill(first, signal.SIGKILL)
            with pytest.raises(HostFailure):
                await host.compile(VALID)
            assert await host.compile(VALID) == ()
            assert host.pid not in (None, first)
        finally:
            await host.stop()

    asyncio.run(run())


def test_who_stops_waiting_leaves_the_process_as_it_is() -> None:
    async def run() -> None:
        host = ExpressionHost()
        await host.start()
        try:
            first = host.pid
            abandoned = asyncio.create_task(host.compile([Expression("nope", block=False, result="Variable")]))
            await asyncio.sleep(0.005)
            abandoned.cancel()
            assert await host.compile(VALID) == ()
            assert host.pid == first
        finally:
            await host.stop()

    asyncio.run(run())


def test_checks_at_the_same_time_do_not_mix(loop: asyncio.AbstractEventLoop, checker: PolicyChecker) -> None:
    async def one(number: int) -> str:
        with pytest.raises(Exception, match=f"'name{number}'") as caught:
            await checker.check(
                f"<fragment><set-variable name='a' value='@(name{number})'/></fragment>",
                format="rawxml",
                kind="fragment",
                backend_exists=lambda _: True,
                fragment_exists=lambda _: True,
                named_values={},
            )
        return str(caught.value)

    async def run() -> list[str]:
        return await asyncio.gather(*(one(number) for number in range(10, 20)))

    assert len(set(loop.run_until_complete(run()))) == 10


def test_a_first_build_goes_to_the_cache(tmp_path: Path) -> None:
    async def run() -> None:
        hosts = [ExpressionHost(tmp_path), ExpressionHost(tmp_path)]
        await asyncio.gather(*(host.start() for host in hosts))
        for host in hosts:
            assert await host.compile(VALID) == ()
            await host.stop()

    asyncio.run(run())
    (built,) = tmp_path.iterdir()
    assert (built / "ExpressionHost.exe").is_file()


@pytest.mark.parametrize("operator", ["+", "&&"])
def test_a_long_chain_does_not_end_the_process(check: Check, operator: str) -> None:
    operand, kind = (
        ("context.Api.Id", "set-variable name='v' value")
        if operator == "+"
        else ("context.Tracing", "retry count='1' interval='1' condition")
    )
    chain = operator.join([operand] * 3000)
    assert check(f"<fragment><{kind}='@({chain})'/></fragment>".replace("&&", "&amp;&amp;"), format="xml")


def routes(models: int) -> str:
    cases = "".join(
        f'case "model-{number}": name = "pool-{number // 2}"; type = "azure-openai"; break;\n'
        for number in range(models)
    )
    return (
        '<fragment><set-variable name="backendPools" value="@{ string name = null, type = null;'
        ' switch (context.Variables.GetValueOrDefault<string>("requestedModel", "").ToLowerInvariant()) {\n'
        f'{cases} default: break; }} return new JArray(new JObject(new JProperty(name, type))); }}"/></fragment>'
    )


def cpu_seconds(pid: int) -> float:
    """User and system time that the process has used; unlike the clock's, it does not grow with the load of others."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def mean_cost(host: ExpressionHost, check: Check, text: str) -> float:
    """CPU seconds of the compiler per check, over texts that were never compiled before."""
    assert host.pid is not None
    before = cpu_seconds(host.pid)
    for attempt in range(5):
        check(text.replace("<fragment>", f"<fragment><set-variable name='a' value='@({attempt} + {len(text)})'/>"))
    return (cpu_seconds(host.pid) - before) / 5


def test_what_a_check_costs(host: ExpressionHost, check: Check) -> None:
    """Measured were 60 ms for a typical fragment and 250 ms for 2,000 routes."""
    assert mean_cost(host, check, routes(3)) < 0.15
    assert mean_cost(host, check, routes(2000)) < 0.6
