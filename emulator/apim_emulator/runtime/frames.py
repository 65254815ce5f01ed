# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Frames between this process and the one that executes policies.

Four bytes of length (high byte first) of what follows, one letter of kind, four bytes of length of a JSON header, the
header, and the body's bytes as they are: a body of megabytes is neither escaped nor encoded.
"""

from __future__ import annotations

import struct
from asyncio import StreamReader
from dataclasses import dataclass
from typing import Any

import orjson

_LENGTH = struct.Struct(">I")
_START = struct.Struct(">IcI")
_KIND = struct.Struct(">cI")


@dataclass(frozen=True)
class Frame:
    """One message. body: None when there is none, which is not the same as an empty one."""

    kind: str
    header: dict[str, Any]
    body: bytes | None = None

    def encode(self) -> bytes:
        """The bytes on the wire."""
        header = orjson.dumps(self.header | {"hasBody": self.body is not None})
        body = self.body or b""
        start = _START.pack(_KIND.size + len(header) + len(body), self.kind.encode(), len(header))
        return b"".join((start, header, body))

    @classmethod
    async def read(cls, stream: StreamReader) -> Frame:
        """The next frame. Raises IncompleteReadError at the end."""
        (length,) = _LENGTH.unpack(await stream.readexactly(_LENGTH.size))
        data = await stream.readexactly(length)
        kind, size = _KIND.unpack_from(data)
        end = _KIND.size + size
        header = orjson.loads(data[_KIND.size : end])
        return cls(kind.decode(), header, data[end:] if header["hasBody"] else None)
