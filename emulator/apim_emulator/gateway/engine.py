# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The policy engine, started when a policy is to be compiled: many a run never sends a request through a gateway."""

from __future__ import annotations

import asyncio

from apim_emulator.runtime import Call, EffectivePolicy, GatewayIo, Outcome, PolicyEngine, Program


class OnDemandEngine:
    """One engine for all gateways."""

    def __init__(self) -> None:
        self._engine = PolicyEngine()
        self._starting: asyncio.Task[None] | None = None

    async def prepare(self, policy: EffectivePolicy) -> Program:
        """Compile a policy; see PolicyEngine. Also raises ToolchainMissing. A start that failed is tried anew."""
        starting = self._starting
        if starting is None or (starting.done() and (starting.cancelled() or starting.exception() is not None)):
            starting = self._starting = asyncio.create_task(self._engine.start())
        await asyncio.shield(starting)
        return await self._engine.prepare(policy)

    async def execute(self, program: Program, call: Call, io: GatewayIo) -> Outcome:
        """Run a request through a prepared policy; see PolicyEngine."""
        return await self._engine.execute(program, call, io)

    async def stop(self) -> None:
        """Stop the engine, also while it is still starting."""
        if self._starting is None:
            return
        self._starting.cancel()
        await asyncio.gather(self._starting, return_exceptions=True)
        await self._engine.stop()
