# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""One client's request while it is in a gateway."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from apim_emulator.arm.view import ApiView
from apim_emulator.gateway.exchange import Exchange
from apim_emulator.gateway.tracing import Trace
from apim_emulator.http import Request


@dataclass(slots=True)
class Visit:
    """A request on its way through the gateway; `close` it when the client has its answer, or is gone.

    `address` is the client's; `details` are for the request log; `started` (perf_counter) is when the request came.
    """

    request: Request
    has_body: bool
    address: str
    api: ApiView | None = None
    exchange: Exchange | None = None
    trace: Trace | None = None
    details: dict[str, Any] = field(default_factory=dict)
    started: float = field(default_factory=time.perf_counter)

    def sent(self) -> None:
        """Take note that the client has its whole answer."""
        if self.trace is not None:
            self.trace.sent()

    def close(self) -> None:
        """End whatever still runs for the request."""
        if self.exchange is not None:
            self.exchange.close()
        if self.trace is not None:
            self.trace.keep()
