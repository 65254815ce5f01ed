# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The engine that all gateways share, and its start."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from apim_emulator.expressions import ToolchainMissing
from apim_emulator.gateway.engine import OnDemandEngine
from apim_emulator.runtime import ScopedPolicy, compose

POLICY = "<policies><inbound /><backend /><outbound /><on-error /></policies>"


def test_a_start_that_failed_is_tried_anew(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    policy = compose([ScopedPolicy("global", "/", POLICY)], {}, {})
    with_mono = os.environ["PATH"]

    async def run() -> None:
        engine = OnDemandEngine()
        try:
            monkeypatch.setenv("PATH", str(tmp_path))
            for _ in range(2):
                with pytest.raises(ToolchainMissing):
                    await engine.prepare(policy)
            monkeypatch.setenv("PATH", with_mono)
            assert (await engine.prepare(policy)).policy == policy
        finally:
            await engine.stop()

    asyncio.run(run())
