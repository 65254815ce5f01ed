# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The compiled policies of one service, made ready in the background whenever its policies change."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator

from apim_emulator.arm.view import ApiView, OperationView, ProductView, Snapshot
from apim_emulator.expressions import HostFailure, ToolchainMissing
from apim_emulator.gateway.engine import OnDemandEngine
from apim_emulator.runtime import (
    CompositionError,
    EffectivePolicy,
    PolicyNotExecutable,
    Program,
    ScopedPolicy,
    compose,
)

Scopes = tuple[ScopedPolicy, ...]


class Programs:
    """Compiles each joined policy once, and again only after one of its parts has changed."""

    def __init__(self, engine: OnDemandEngine) -> None:
        self._engine = engine
        self._snapshot: Snapshot | None = None
        self._ready: dict[Scopes, asyncio.Task[Program]] = {}

    def update(self, snapshot: Snapshot) -> None:
        """Serve by this snapshot from now on."""
        old = self._snapshot
        if old is None or old.fragments != snapshot.fragments or old.named_values != snapshot.named_values:
            self._ready = {}
        self._snapshot = snapshot

    async def program(self, scopes: Scopes) -> Program:
        """Return the program for these policies, outermost first. Raises CompositionError, PolicyNotExecutable."""
        task = self._ready.get(scopes)
        if task is None or (task.done() and (task.cancelled() or task.exception() is not None)):
            task = self._ready[scopes] = asyncio.create_task(self._engine.prepare(self._compose(scopes)))
        # Several requests may wait for one compilation; that of a client which went must go on for the others.
        return await asyncio.shield(task)

    async def prepare_all(self) -> None:
        """Compile every policy that a request can need now, one after the other; what fails is told on stderr.

        Those that no request can need any more are forgotten.
        """
        if self._snapshot is None:
            return
        wanted = dict.fromkeys(_all_scopes(self._snapshot))
        self._ready = {scopes: task for scopes, task in self._ready.items() if scopes in wanted}
        for scopes in wanted:
            try:
                await self.program(scopes)
            except (CompositionError, PolicyNotExecutable, HostFailure, ToolchainMissing) as failure:
                print(f"apim-emulator: {scopes[-1].path}: {failure}", file=sys.stderr, flush=True)

    def _compose(self, scopes: Scopes) -> EffectivePolicy:
        if self._snapshot is None:
            raise RuntimeError("no snapshot to serve by")
        return compose(scopes, self._snapshot.fragments, self._snapshot.named_values)


def scopes_of(snapshot: Snapshot, product: ProductView | None, api: ApiView, operation: OperationView | None) -> Scopes:
    """Return the policies of all scopes that a request is in, outermost first."""
    scopes = [ScopedPolicy("global", "/", snapshot.policy)]
    if product is not None and product.policy is not None:
        scopes.append(ScopedPolicy("product", f"/products/{product.id}", product.policy))
    if api.policy is not None:
        scopes.append(ScopedPolicy("api", f"/apis/{api.id}", api.policy))
    if operation is not None and operation.policy is not None:
        path = f"/apis/{api.id}/operations/{operation.id}"
        scopes.append(ScopedPolicy("operation", path, operation.policy))
    return tuple(scopes)


def _all_scopes(snapshot: Snapshot) -> Iterator[Scopes]:
    for name, api in snapshot.apis.items():
        products = [None, *(product for product in snapshot.products.values() if name in product.apis)]
        for product in products:
            for operation in api.operations:
                yield scopes_of(snapshot, product, api, operation)
