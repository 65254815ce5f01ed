# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What work costs a processor.

Machines differ, and the same one may change its speed twofold within seconds. So processor time is told in units of
what parsing the body of a chat request and writing it again as JSON costs just before and just after.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

_CLOCK_TICKS = os.sysconf("SC_CLK_TCK")
_BODY = json.dumps({"model": "gpt-4o", "messages": [{"role": "user", "content": "x" * 900}]})
_ROUNDS_OF_A_UNIT = 10_000


def processor_units(clock: Callable[[], float], work: Callable[[], object]) -> float:
    """Return the processor time that passes while `work` runs, in units; `clock` tells processor seconds."""
    unit, before = _unit(), clock()
    work()
    used = clock() - before
    return 2 * used / (unit + _unit())


def _unit() -> float:
    started = time.process_time()
    for _ in range(_ROUNDS_OF_A_UNIT):
        json.dumps(json.loads(_BODY))
    return (time.process_time() - started) / _ROUNDS_OF_A_UNIT


def processor_seconds(pid: int) -> float:
    """Return the processor time of a process and its living descendants, in seconds."""
    return sum(_own_seconds(member) for member in _family(pid))


def _family(pid: int) -> Iterator[int]:
    yield pid
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text("ascii").split():
            yield from _family(int(child))


def _own_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _CLOCK_TICKS
