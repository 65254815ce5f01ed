# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An API Management service that several requests read and write at a time.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.client import ArmClient

T = TypeVar("T")
R = TypeVar("R")


class Service:
    """An API Management service.

    :ivar client: what sends the requests.
    """

    def __init__(self, client: ArmClient, parallelism: int) -> None:
        """:param parallelism: reads or writes in flight at once."""
        self.client = client
        self._parallelism = parallelism

    def listings(self, collections: Iterable[str]) -> dict[str, dict[str, dict[str, Any]]]:
        """Return collection -> lower-case name -> ARM object, with one listing per collection.

        Collections below an object are listed after those that hold it, and are empty when it does not exist.
        """
        found: dict[str, dict[str, dict[str, Any]]] = {}
        for level in _levels(collections):
            there = [name for name in level if _parent_exists(name, found)]
            listings = self.in_parallel(lambda name: self.client.list(self.path(name)), there)
            found |= {name: {} for name in level}
            for name, listing in zip(there, listings, strict=True):
                found[name] = {entity["name"].lower(): entity for entity in listing}
        return found

    def path(self, collection: str, name: str = "") -> str:
        """Return the path of a collection of the service, or of an object in it."""
        return "/".join(part for part in (self.client.service_path, collection, name) if part)

    def in_parallel(self, function: Callable[[T], R], items: Sequence[T]) -> list[R]:
        """Return what a function returns of each item, in order; as many run at once as requests may be in flight."""
        if len(items) < 2:
            return [function(item) for item in items]
        with ThreadPoolExecutor(min(self._parallelism, len(items))) as executor:
            return list(executor.map(function, items))


def _levels(collections: Iterable[str]) -> list[list[str]]:
    """Return collections and those that hold their parents, by depth; ``apis/a/operations`` is below ``apis``."""
    wanted = set(collections)
    for name in collections:
        segments = name.split("/")
        wanted |= {"/".join(segments[:count]) for count in range(1, len(segments), 2)}
    depths = sorted({name.count("/") for name in wanted})
    return [sorted(name for name in wanted if name.count("/") == depth) for depth in depths]


def _parent_exists(collection: str, found: Mapping[str, Mapping[str, Any]]) -> bool:
    if "/" not in collection:
        return True
    holder, parent, _own = collection.rsplit("/", 2)
    return parent.lower() in found[holder]
