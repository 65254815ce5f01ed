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
from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.errors import ArmError
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.observations import (
    Attempt,
    Observation,
    attempts_of,
)

# A trace may be a moment later than its answer.
_TRIES, _PAUSE_SECONDS = 5, 1.0
_ABSENT = 404
# A credential lives for an hour at most, and must outlive the request that is sent with it.
_VALIDITY, _RENEWED_AFTER_SECONDS = "PT1H", 50 * 60
_UNTRACED = "the gateway does not tell which backend it asked"


class Tracer:
    """Gets debug credentials and traces of one service. Thread safe.

    :ivar unavailable: why there are no traces; empty as long as there are.
    """

    def __init__(self, client: ArmClient) -> None:
        self._client = client
        self._gateway = f"{client.service_path}/gateways/managed"
        self._credentials: dict[str, tuple[str, float]] = {}
        self._lock = threading.Lock()
        self.unavailable = ""

    def credential(self, api: str) -> str:
        """Return the debug credential for an API; empty when there are no traces."""
        with self._lock:
            if self.unavailable:
                return ""
            token, until = self._credentials.get(api, ("", 0.0))
            if time.monotonic() >= until:
                token = self._new_credential(api)
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
            self.unavailable = f"{_UNTRACED}: {error}"
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
            attempts = self._attempts(observation.trace_id, key)
            if attempts is not None and not _is_unfinished(attempts, observation):
                observation.attempts = attempts
                return
            if left:
                time.sleep(_PAUSE_SECONDS)

    def _attempts(self, trace_id: str, key: str) -> list[Attempt] | None:
        try:
            return attempts_of(self._client.post(f"{self._gateway}/listTrace", {"traceId": trace_id}), key)
        except ArmError as error:
            if error.status != _ABSENT:
                self.unavailable = f"{_UNTRACED}: {error}"
            return None


def _is_unfinished(attempts: list[Attempt], observation: Observation) -> bool:
    """Tell whether a trace lacks the answer that the client has got."""
    return observation.is_good and bool(attempts) and attempts[-1].status is None
