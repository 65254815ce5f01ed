# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A load generator that costs little itself, and the processor time that a process and its children have used."""

from __future__ import annotations

import asyncio
import os
import ssl
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

_CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Load:
    """How many answers of each status came, and in how many seconds."""

    statuses: Counter[int]
    seconds: float


async def send_load(
    url: str, headers: dict[str, str], body: bytes, *, requests: int, connections: int, ca: str
) -> Load:
    """POST the same body again and again over kept connections; `ca` is the file of trusted certificates."""
    parts = urlsplit(url)
    fields = {"Host": parts.netloc, "Content-Length": str(len(body)), **headers}
    lines = [f"POST {parts.path}?{parts.query} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
    request = "\r\n".join([*lines, "", ""]).encode("ascii") + body
    context = ssl.create_default_context(cafile=ca)
    left = iter(range(requests))
    statuses: Counter[int] = Counter()

    async def work() -> None:
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port, ssl=context)
        for _ in left:
            writer.write(request)
            statuses[await _read_answer(reader)] += 1
        writer.close()

    started = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(connections)))
    return Load(statuses, time.perf_counter() - started)


async def _read_answer(reader: asyncio.StreamReader) -> int:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    _, _, rest = head.partition("content-length:")
    await reader.readexactly(int(rest.partition("\r\n")[0]))
    return int(head.split(" ", 2)[1])


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
