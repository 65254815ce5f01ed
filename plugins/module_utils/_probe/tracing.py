# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads in API Management's own traces which backends a request went to.

A caller with a debug credential, which ARM gives for one API, gets the id of a trace with each answer; ARM shows the
trace (documentation "Debug your APIs using request tracing", all tiers). PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

import threading
import time

from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.client import ArmClient
from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.errors import (
    ArmError,
    AuthenticationFailed,
    DeadlineExceeded,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.observations import (
    Attempt,
    Observation,
    attempts_of,
)

# A trace may be a moment later than its answer.
_TRIES, _PAUSE_SECONDS = 5, 1.0
_ABSENT = 404
# What ARM answers when traces are not for this client, or not of this service.
_REFUSALS = frozenset({401, 403, 405, 501})
# A failure of another kind concerns its own request only. So many in a row, each of which the client of ARM has tried
# again, are no coincidence; more than the usual number of requests at a time, which one broken connection takes along.
_MOST_FAILURES = 8
# A credential lives for an hour at most, and must outlive the request that is sent with it.
_VALIDITY, _RENEWED_AFTER_SECONDS = "PT1H", 50 * 60
_UNTRACED = "the gateway does not tell which backend it asked"


class Tracer:
    """Gets debug credentials and traces of one service. Thread safe.

    Its methods raise DeadlineExceeded when the time of the whole run is over.

    :ivar unavailable: why there are no traces; empty as long as there are.
    """

    def __init__(self, client: ArmClient) -> None:
        self._client = client
        self._gateway = f"{client.service_path}/gateways/managed"
        self._credentials: dict[str, tuple[str, float]] = {}
        self._lock = threading.Lock()
        self._failures = 0
        self.unavailable = ""

    def credential(self, api: str) -> str:
        """Return the debug credential for an API; empty when there are no traces."""
        with self._lock:
            if self.unavailable:
                return ""
            token, until = self._credentials.get(api, ("", 0.0))
            if time.monotonic() >= until:
                token = self._new_credential(api)
                if token:
                    self._credentials[api] = token, time.monotonic() + _RENEWED_AFTER_SECONDS
            return token

    def _new_credential(self, api: str) -> str:
        body = {
            "credentialsExpireAfter": _VALIDITY,
            "apiId": f"{self._client.service_path}/apis/{api}",
            "purposes": ["tracing"],
        }
        try:
            token = str(self._client.post(f"{self._gateway}/listDebugCredentials", body).get("token") or "")
        except ArmError as error:
            self._note(error)
            return ""
        if not token:
            self.unavailable = f"{_UNTRACED}: ARM gives no credential for traces"
        return token

    def complete(self, observation: Observation, key: str) -> None:
        """Add to an observation which backends its request went to; nothing when there is no trace of it.

        :param key: the subscription key of the caller, for which the headers of these requests are searched.
        """
        for left in reversed(range(_TRIES)):
            if not observation.trace_id or self.unavailable:
                return
            try:
                attempts = self._attempts(observation.trace_id, key)
            except _NoTrace:
                return
            if attempts is not None and not _is_unfinished(attempts, observation):
                observation.attempts = attempts
                return
            if left:
                time.sleep(_PAUSE_SECONDS)

    def _attempts(self, trace_id: str, key: str) -> list[Attempt] | None:
        """Return what a trace tells; None when there is none yet."""
        try:
            found = attempts_of(self._client.post(f"{self._gateway}/listTrace", {"traceId": trace_id}), key)
        except ArmError as error:
            if error.status == _ABSENT:
                self._failures = 0
                return None
            with self._lock:
                self._note(error)
            raise _NoTrace from error
        self._failures = 0
        return found

    def _note(self, error: ArmError) -> None:
        """Give traces up for good where an error says that there are none; whoever calls it holds the lock.

        :raises DeadlineExceeded: which is the error.
        """
        if isinstance(error, DeadlineExceeded):
            raise error
        self._failures += 1
        is_refusal = isinstance(error, AuthenticationFailed) or error.status in _REFUSALS
        if is_refusal or self._failures >= _MOST_FAILURES:
            self.unavailable = f"{_UNTRACED}: {error}"


class _NoTrace(Exception):
    """ARM does not show a trace."""


def _is_unfinished(attempts: list[Attempt], observation: Observation) -> bool:
    """Tell whether a trace lacks the answer that the client has got."""
    return observation.is_good and bool(attempts) and attempts[-1].status is None
