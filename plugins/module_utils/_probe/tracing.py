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
_VALIDITY = "PT1H"


class Tracer:
    """Gets debug credentials and traces of one service. Thread safe.

    :ivar unavailable: why there are no traces; empty as long as there are.
    """

    def __init__(self, client: ArmClient) -> None:
        self._client = client
        self._gateway = f"{client.service_path}/gateways/managed"
        self._credentials: dict[str, str] = {}
        self._lock = threading.Lock()
        self.unavailable = ""

    def credential(self, api: str) -> str:
        """Return the debug credential for an API; empty when there are no traces."""
        with self._lock:
            if api not in self._credentials and not self.unavailable:
                body = {
                    "credentialsExpireAfter": _VALIDITY,
                    "apiId": f"{self._client.service_path}/apis/{api}",
                    "purposes": ["tracing"],
                }
                try:
                    answer = self._client.post(f"{self._gateway}/listDebugCredentials", body)
                    self._credentials[api] = str(answer.get("token") or "")
                except ArmError as error:
                    self.unavailable = f"the gateway does not tell which backend it asked: {error}"
            return self._credentials.get(api, "")

    def complete(self, observation: Observation, key: str) -> None:
        """Add to an observation which backends its request went to; nothing when there is no trace of it.

        :param key: the subscription key of the caller, for which the headers of these requests are searched.
        """
        if observation.trace_id and not self.unavailable:
            observation.attempts = self._attempts(observation.trace_id, key)

    def _attempts(self, trace_id: str, key: str) -> list[Attempt] | None:
        for left in reversed(range(_TRIES)):
            try:
                return attempts_of(self._client.post(f"{self._gateway}/listTrace", {"traceId": trace_id}), key)
            except ArmError as error:
                if error.status != _ABSENT:
                    self.unavailable = f"the gateway does not tell which backend it asked: {error}"
                    return None
            if left:
                time.sleep(_PAUSE_SECONDS)
        return None
