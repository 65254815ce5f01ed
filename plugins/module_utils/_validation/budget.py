# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many requests to LLMs a validation may make beyond those that it announced.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

import threading

#: The variables and options that say how many requests a validation of a service may make.
LIMIT = "llm_validation_max_calls (max_calls)"


class Budget:
    """Requests that are left of the limit when all that is announced has been made. Thread safe.

    Whoever asks once more what was asked already, or more often than was announced, takes these requests here first.
    """

    def __init__(self, spare: int = 0) -> None:
        """:param spare: how many are left; less than 0 is none."""
        self._spare = max(0, spare)
        self._lock = threading.Lock()

    def take(self, wanted: int, at_least: int = 1) -> int:
        """Take up to so many requests and return how many were taken: 0 when there are fewer than ``at_least``."""
        with self._lock:
            taken = min(wanted, self._spare)
            if taken < at_least:
                return 0
            self._spare -= taken
            return taken
