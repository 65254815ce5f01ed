# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the command of `exec`: passes signals on, and reports its status as a shell does."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Mapping, Sequence

NOT_STARTED = 127

_FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2)
_FROM_KEYBOARD = (signal.SIGINT, signal.SIGQUIT)


async def run_command(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run the command to its end and return its status: 128 + N when signal N ended it, 127 when it cannot start."""
    loop = asyncio.get_running_loop()
    started: asyncio.Future[asyncio.subprocess.Process] = loop.create_future()
    for number in _FORWARDED:
        loop.add_signal_handler(number, _forward, number, started)
    try:
        process = await asyncio.create_subprocess_exec(*command, env=dict(environment))
        started.set_result(process)
        status = await process.wait()
    except OSError as error:
        print(f"apim-emulator: cannot start '{command[0]}': {error.strerror}", file=sys.stderr)
        return NOT_STARTED
    finally:
        started.cancel()
        for number in _FORWARDED:
            loop.remove_signal_handler(number)
    return status if status >= 0 else 128 - status


def _forward(number: signal.Signals, started: asyncio.Future[asyncio.subprocess.Process]) -> None:
    if number in _FROM_KEYBOARD and _keyboard_reaches_child():
        return
    if started.done() and not started.cancelled():
        process = started.result()
        if process.returncode is None:
            process.send_signal(number)


def _keyboard_reaches_child() -> bool:
    """Tell whether the terminal sends its interrupts to the child as well, being of the same foreground group."""
    try:
        return os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp()
    except (OSError, ValueError):
        return False
