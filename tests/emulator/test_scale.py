# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A thousand backends: processor time per write and memory of the emulator."""

from __future__ import annotations

import os
from pathlib import Path

from tests.emulator.harness import Azure, backend, breaker, pool, serving

BACKENDS = 1000
POOLS = 200
WRITE_MS = 3
MEMORY_MIB = 300


def _processor_seconds(azure: Azure) -> float:
    fields = Path("/proc", str(azure.pid), "stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _peak_mib(azure: Azure) -> float:
    lines = Path("/proc", str(azure.pid), "status").read_text("ascii").splitlines()
    peak = next(line for line in lines if line.startswith("VmHWM"))
    return int(peak.split()[1]) / 1024


def test_a_thousand_backends_and_pools() -> None:
    with serving() as azure:
        before = _processor_seconds(azure)
        for index in range(BACKENDS):
            properties = backend(description="d" * 200, circuitBreaker=breaker())
            assert azure.put(f"backends/b{index}", properties).status_code == 201
        for index in range(POOLS):
            members = [f"b{(index + offset) % BACKENDS}" for offset in range(10)]
            assert azure.put(f"backends/p{index}", pool(*members)).status_code == 201
        per_write = (_processor_seconds(azure) - before) / (BACKENDS + POOLS) * 1000
        assert len(azure.all("backends")) == BACKENDS + POOLS
        assert per_write < WRITE_MS
        assert _peak_mib(azure) < MEMORY_MIB
