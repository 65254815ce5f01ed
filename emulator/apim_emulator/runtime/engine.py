# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Mono process that executes policies, as an asyncio client."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from apim_emulator.runtime.compose import EffectivePolicy
from apim_emulator.runtime.messages import Call, GatewayIo, Outcome


class PolicyNotExecutable(Exception):
    """A joined policy does not compile, though each part did: a named value or a fragment changed since."""


@dataclass(frozen=True)
class Program:
    """A compiled policy inside the process."""

    number: int


class PolicyEngine:
    """Executes policies, many requests at the same time."""

    def __init__(self, cache: Path | None = None) -> None:
        """cache: the directory for compiled C# sources, see `toolchain.build_host`."""

    async def start(self) -> None:
        """Start the process. Raises ToolchainMissing when Mono is not installed."""
        raise NotImplementedError

    async def stop(self) -> None:
        """End the process."""
        raise NotImplementedError

    async def prepare(self, policy: EffectivePolicy) -> Program:
        """Compile a policy; the same one is compiled once. Raises PolicyNotExecutable, HostFailure."""
        raise NotImplementedError

    async def execute(self, program: Program, call: Call, io: GatewayIo) -> Outcome:
        """Run a request through a policy. Raises HostFailure when the process ends meanwhile."""
        raise NotImplementedError
