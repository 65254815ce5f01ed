# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Request tracing of one service: the tokens that switch it on, and the traces that are kept.

Source: "Tutorial: Debug your APIs using request tracing" and the 2024-05-01 description of gateways.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, quote

from apim_emulator.http import utc_text

CAPACITY = 1000


@dataclass(frozen=True, slots=True)
class DebugToken:
    """What a token is good for: tracing requests for one API (its id), until it expires."""

    api: str
    expires: datetime


class Tracing:
    """What the control plane and the gateway of a service share of its request tracing."""

    def __init__(self) -> None:
        self._secret = secrets.token_bytes(32)
        self._traces: OrderedDict[str, dict[str, Any]] = OrderedDict()

    def issue(self, api: str, seconds: float) -> str:
        """Return a token that has requests for this API traced, for so many seconds."""
        expires = utc_text(datetime.now(UTC) + timedelta(seconds=seconds))
        promise = f"aid={quote(api, safe='')}&p=tracing&ex={expires}"
        return f"{promise}&sn={self._signature(promise)}"

    def read(self, text: str) -> DebugToken | None:
        """Return what a token promises, also one that has expired; None when this service has not issued it."""
        promise, _, signature = text.strip().rpartition("&sn=")
        if not hmac.compare_digest(signature.encode("utf-8", "replace"), self._signature(promise).encode()):
            return None
        fields = parse_qs(promise)
        return DebugToken(fields["aid"][0], datetime.fromisoformat(fields["ex"][0]))

    def keep(self, trace_id: str, trace: dict[str, Any]) -> None:
        """Keep a finished trace, and forget the oldest when there are too many."""
        self._traces[trace_id] = trace
        if len(self._traces) > CAPACITY:
            self._traces.popitem(last=False)

    def find(self, trace_id: str) -> dict[str, Any] | None:
        """Return the trace, or None for one that never was or that is forgotten."""
        return self._traces.get(trace_id)

    def _signature(self, promise: str) -> str:
        return hmac.new(self._secret, promise.encode("utf-8", "replace"), hashlib.sha256).hexdigest()
