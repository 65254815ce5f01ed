# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The command `apim-emulator`: `exec` runs a command inside the embedded Azure, `serve` keeps it up."""

from __future__ import annotations

import argparse
import asyncio
import os
import shlex
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from apim_emulator.config import Config, ConfigError, load_config

_UNUSABLE = 2


def _arguments() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--config", type=Path, metavar="FILE", help="what exists (YAML); default: the examples' services"
    )
    common.add_argument(
        "--service",
        action="append",
        default=[],
        metavar="RESOURCE_GROUP/NAME",
        help="add an API Management service to those of the configuration; repeatable",
    )
    parser = argparse.ArgumentParser(prog="apim-emulator", description="Embedded Azure on loopback.")
    commands = parser.add_subparsers(dest="action", required=True)
    execute = commands.add_parser(
        "exec",
        parents=[common],
        help="run a command inside it and return the command's status",
        description="Run a command inside it and return the command's status. The folder of this Python's scripts, "
        "where apim-emulator is, is in front of the command's PATH.",
    )
    execute.add_argument("command", nargs=argparse.REMAINDER, metavar="-- COMMAND ...")
    commands.add_parser("serve", parents=[common], help="stay up; print the environment as shell exports")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status."""
    parser = _arguments()
    options = parser.parse_args(arguments)
    command: list[str] = getattr(options, "command", [])
    if command[:1] == ["--"]:
        command = command[1:]
    if options.action == "exec" and not command:
        parser.error("exec needs a command: apim-emulator exec -- COMMAND ...")
    try:
        config = load_config(options.config, options.service)
        if options.action == "exec":
            return asyncio.run(_execute(config, command))
        return asyncio.run(_serve(config))
    except ConfigError as error:
        print(f"apim-emulator: {error}", file=sys.stderr)
        return _UNUSABLE


async def _execute(config: Config, command: Sequence[str]) -> int:
    from apim_emulator.child import run_command
    from apim_emulator.emulator import Emulator
    from apim_emulator.environment import child_environment

    with tempfile.TemporaryDirectory(prefix="apim-emulator-") as directory:
        async with Emulator(config, Path(directory)) as emulator:
            return await run_command(command, child_environment(os.environ, emulator.environment))


async def _serve(config: Config) -> int:
    from apim_emulator.emulator import Emulator

    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    with tempfile.TemporaryDirectory(prefix="apim-emulator-") as directory:
        async with Emulator(config, Path(directory)) as emulator:
            for name, value in emulator.environment.items():
                print(f"export {name}={shlex.quote(value)}")
            sys.stdout.flush()
            await stopped.wait()
    return 0
