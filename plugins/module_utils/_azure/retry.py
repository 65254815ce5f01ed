# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which answers of ARM are worth another try, and when.

azure-core's RetryPolicy does the counting and the waiting; this adds what is particular to ARM and API Management.

Private to the collection: not for use from outside, may change at any time.
"""

from __future__ import annotations

import random
from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.answers import is_transient_conflict, refusal
from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.signals import DeadlinePassed

try:
    from azure.core.pipeline.policies import RetryPolicy
except ImportError:  # libraries.require() reports it before anything here is used
    RetryPolicy = object  # type: ignore[assignment,misc]

_SERVER_ERRORS = {408, 500, 502, 503, 504}
_THROTTLED = 429
_RETRIES = 5


class ArmRetryPolicy(RetryPolicy):  # type: ignore[type-arg]
    """Retry policy for ARM.

    - 429 is tried again for as long as the deadline allows: ARM's buckets refill, and a throttled call had no effect.
    - 408, 500, 502, 503, 504 and conflicts that mean "busy" are tried again five times.
    - Lost connections are tried again three times (repeatable methods only; azure-core's rule).
    - Retry-After is honoured; a quarter of jitter keeps parallel calls from coming back together.
    """

    def __init__(self) -> None:
        super().__init__(
            retry_total=2 * _RETRIES,
            retry_status=_RETRIES,
            retry_connect=3,
            retry_read=3,
            retry_backoff_factor=0.5,
            retry_backoff_max=30,
        )

    def is_retry(self, settings: dict[str, Any], response: Any) -> bool:
        """Tell whether the answer is worth another try (azure-core would retry any error with a Retry-After)."""
        answer = response.http_response
        if answer.status_code == _THROTTLED:
            return True
        if answer.status_code in _SERVER_ERRORS:
            return bool(super().is_retry(settings, response))
        return answer.status_code in (409, 422) and is_transient_conflict(answer.status_code, refusal(answer.text()))

    def increment(self, settings: dict[str, Any], response: Any = None, error: Exception | None = None) -> bool:
        """Count an attempt, except one that was throttled: the deadline alone limits those."""
        if error is None and response.http_response.status_code == _THROTTLED:
            settings["total"] += 1
            settings["status"] += 1
        return bool(super().increment(settings, response=response, error=error))

    def get_retry_after(self, response: Any) -> float | None:
        """Return the seconds that the service asked to wait, plus jitter of at most one second."""
        wait = super().get_retry_after(response)
        return wait + random.uniform(0, min(1.0, wait / 4)) if wait else wait  # noqa: S311

    def get_backoff_time(self, settings: dict[str, Any]) -> float:
        """Return azure-core's exponential pause with a quarter of jitter either way (no pause before the first)."""
        return super().get_backoff_time(settings) * random.uniform(0.75, 1.25)  # noqa: S311

    def sleep(self, settings: dict[str, Any], transport: Any, response: Any = None) -> None:
        """Wait before the next attempt; when the deadline forbids it, hand over the answer that was to be retried."""
        try:
            super().sleep(settings, transport, response=response)
        except DeadlinePassed as passed:
            passed.answer = response.http_response if response else None
            raise
