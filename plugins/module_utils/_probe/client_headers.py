# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Headers that go with every request: those that are given, and a token of Entra ID for as long as it is wanted.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping

from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.client import ArmClient

# A token must outlive the request that is sent with it.
_RENEWED_BEFORE_SECONDS = 300


class ClientHeaders:
    """Gives the headers of a client, for each request anew: tokens may expire before a validation ends. Thread safe."""

    def __init__(self, client: ArmClient, headers: Mapping[str, str], audience: str) -> None:
        """:param audience: of the token, which the signed-in credential gets; empty for none."""
        self._client = client
        self._headers = dict(headers)
        self._audience = audience
        self._lock = threading.Lock()
        self._token, self._renewed_at = "", 0.0

    def __call__(self) -> dict[str, str]:
        """Return the headers.

        :raises ArmError: when the credential gets no token for the audience.
        """
        if not self._audience:
            return self._headers
        with self._lock:
            if time.time() >= self._renewed_at:
                self._token, expires = self._client.token(self._audience)
                self._renewed_at = expires - _RENEWED_BEFORE_SECONDS
            return {**self._headers, "Authorization": f"Bearer {self._token}"}
