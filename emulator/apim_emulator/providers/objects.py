# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What providers keep for their callers: responses, files and batches. An object lives at one host only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import orjson

Kind = Literal["responses", "files", "batches"]

MOST_OBJECTS = 10_000
MOST_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object as its provider shows it.

    `content` is the bytes of a file, or the input items of a response as JSON; `later` is what the object becomes when
    it is next asked for.
    """

    kind: Kind
    body: dict[str, Any]
    content: bytes = b""
    later: dict[str, Any] | None = None

    @property
    def id(self) -> str:
        """Return the id, which is unique within the host."""
        return str(self.body["id"])

    @property
    def size(self) -> int:
        """Return about how many bytes of memory the object takes."""
        return len(orjson.dumps([self.body, self.later])) + len(self.content)


class Objects:
    """The objects of all hosts, oldest first; the oldest go when there are more than `most`, or than `most_bytes`."""

    def __init__(self, most: int = MOST_OBJECTS, most_bytes: int = MOST_BYTES) -> None:
        self._most = most
        self._most_bytes = most_bytes
        self._items: dict[tuple[str, Kind, str], StoredObject] = {}
        self._bytes = 0

    def put(self, host: str, item: StoredObject) -> None:
        """Keep an object, in the place of one with its id. One that alone is too large is not kept."""
        if item.size > self._most_bytes:
            return
        key = (host, item.kind, item.id)
        replaced = self._items.get(key)
        self._items[key] = item
        self._bytes += item.size - (replaced.size if replaced else 0)
        while len(self._items) > self._most or self._bytes > self._most_bytes:
            self.remove(*next(iter(self._items)))

    def get(self, host: str, kind: Kind, identity: str) -> StoredObject | None:
        """Return an object, or None when the host does not have it."""
        return self._items.get((host, kind, identity))

    def remove(self, host: str, kind: Kind, identity: str) -> StoredObject | None:
        """Remove an object and return it, or None when the host does not have it."""
        item = self._items.pop((host, kind, identity), None)
        self._bytes -= item.size if item else 0
        return item

    def of(self, host: str, kind: Kind | None = None) -> list[StoredObject]:
        """Return the objects of a host, of one kind or of all, oldest first."""
        return [item for (owner, of, _), item in self._items.items() if owner == host and kind in (None, of)]

    def forget(self, host: str) -> None:
        """Remove all objects of a host."""
        for item in self.of(host):
            self.remove(host, item.kind, item.id)
