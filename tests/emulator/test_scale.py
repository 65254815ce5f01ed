# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A thousand backends: processor time per write and memory of the emulator."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.emulator.harness import Azure, backend, breaker, pool, serving
from tests.emulator.processor import processor_seconds, processor_units

pytestmark = pytest.mark.timed

BACKENDS = 1000
POOLS = 200
UNITS_PER_WRITE = 300
MEMORY_MIB = 300


def _peak_mib(azure: Azure) -> float:
    lines = Path("/proc", str(azure.pid), "status").read_text("ascii").splitlines()
    peak = next(line for line in lines if line.startswith("VmHWM"))
    return int(peak.split()[1]) / 1024


def test_a_thousand_backends_and_pools() -> None:
    def write() -> None:
        for index in range(BACKENDS):
            properties = backend(description="d" * 200, circuitBreaker=breaker())
            assert azure.put(f"backends/b{index}", properties).status_code == 201
        for index in range(POOLS):
            members = [f"b{(index + offset) % BACKENDS}" for offset in range(10)]
            assert azure.put(f"backends/p{index}", pool(*members)).status_code == 201

    with serving() as azure:
        cost = processor_units(lambda: processor_seconds(azure.pid), write) / (BACKENDS + POOLS)
        assert len(azure.all("backends")) == BACKENDS + POOLS
        assert cost <= UNITS_PER_WRITE
        assert _peak_mib(azure) < MEMORY_MIB
