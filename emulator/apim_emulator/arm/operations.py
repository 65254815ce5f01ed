# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Long-running operations: what their status and result URLs answer, and when they are over."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

from apim_emulator.arm.errors import ArmError
from apim_emulator.http import Answer


@dataclass(frozen=True, slots=True)
class Operation:
    """A started operation; `failure` is how it will end when it does not succeed, `work` makes its result."""

    id: str
    ready_at: float
    failure: ArmError | None
    work: asyncio.Task[Any] | None = None

    def is_over(self) -> bool:
        """Tell whether the operation has ended, well or badly."""
        return time.monotonic() >= self.ready_at and (self.work is None or self.work.done())

    def retry_after(self) -> dict[str, str]:
        """Return the header that tells a poller when to come again: whole seconds, at least one."""
        left = max(self.ready_at - time.monotonic(), 0)
        return {"Retry-After": str(max(1, round(left)))} if left else {}

    def result(self, url: str) -> Answer:
        """Answer the Location URL: 202 while the operation runs, then its result. Raises ArmError when it failed."""
        if not self.is_over():
            return Answer(202, None, {"Location": url, **self.retry_after()})
        if self.failure is not None:
            raise self.failure
        return Answer(200, self.work.result() if self.work is not None else None)

    def status(self, operation_id: str) -> Answer:
        """Answer the Azure-AsyncOperation URL: the top-level `status` is what pollers read."""
        if not self.is_over():
            return Answer(200, {"id": operation_id, "name": self.id, "status": "InProgress"}, self.retry_after())
        if self.failure is not None:
            return Answer(200, {"id": operation_id, "name": self.id, "status": "Failed", **self.failure.content()})
        return Answer(200, {"id": operation_id, "name": self.id, "status": "Succeeded"})


class Operations:
    """The operations of this run, by id."""

    def __init__(self) -> None:
        self._operations: dict[str, Operation] = {}

    def start(
        self, milliseconds: int, failure: ArmError | None = None, work: Coroutine[Any, Any, Any] | None = None
    ) -> Operation:
        """Start an operation that takes that long and then succeeds, or fails with `failure`.

        `work` makes its result in the background; the operation is not over before that.
        """
        task = asyncio.create_task(work) if work is not None else None
        operation = Operation(secrets.token_hex(12), time.monotonic() + milliseconds / 1000, failure, task)
        self._operations[operation.id] = operation
        return operation

    def find(self, operation_id: str) -> Operation | None:
        """Return the operation, or None."""
        return self._operations.get(operation_id)
