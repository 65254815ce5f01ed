# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The policy checker, started in the background: its compiler needs a second, and few requests need it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Mapping
from typing import Literal

from apim_emulator.policies import CheckedPolicy, PolicyChecker


class WarmChecker:
    """Starts the checker while the listeners start, and lets each check wait until it is up."""

    def __init__(self) -> None:
        self._checker = PolicyChecker()
        self._starting: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to start the checker; a failure is told on stderr at once and to each later check."""
        self._starting = asyncio.create_task(self._checker.start())
        self._starting.add_done_callback(_tell_failure)

    async def check(
        self,
        text: str,
        *,
        format: Literal["xml", "rawxml"],  # noqa: A002 - the name of the field in ARM
        kind: Literal["fragment", "policy"],
        backend_exists: Callable[[str], bool],
        fragment_exists: Callable[[str], bool],
        named_values: Mapping[str, str],
    ) -> CheckedPolicy:
        """Check a document. Raises PolicyRefused, or what the start of the checker raised."""
        if self._starting is None:
            raise RuntimeError("the policy checker was not started")
        await asyncio.shield(self._starting)
        return await self._checker.check(
            text,
            format=format,
            kind=kind,
            backend_exists=backend_exists,
            fragment_exists=fragment_exists,
            named_values=named_values,
        )

    async def stop(self) -> None:
        """Stop the checker, also while it is still starting."""
        if self._starting is None:
            return
        self._starting.cancel()
        await asyncio.gather(self._starting, return_exceptions=True)
        await self._checker.stop()


def _tell_failure(task: asyncio.Task[None]) -> None:
    error = None if task.cancelled() else task.exception()
    if error is not None:
        print(f"apim-emulator: policy fragments cannot be stored: {error}", file=sys.stderr, flush=True)
