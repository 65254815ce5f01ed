# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A load generator that costs little itself."""

from __future__ import annotations

import asyncio
import ssl
from collections import Counter
from urllib.parse import urlsplit


async def send_load(
    url: str, headers: dict[str, str], body: bytes, *, requests: int, connections: int, ca: str
) -> Counter[int]:
    """POST the same body again and again over kept connections; return how many answers of each status came.

    :param ca: the file of trusted certificates.
    """
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

    await asyncio.gather(*(work() for _ in range(connections)))
    return statuses


async def _read_answer(reader: asyncio.StreamReader) -> int:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    _, _, rest = head.partition("content-length:")
    await reader.readexactly(int(rest.partition("\r\n")[0]))
    return int(head.split(" ", 2)[1])
