# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one deadline that every call, wait and poll of a module run shares.

Private to the collection: not for use from outside, may change at any time.
"""

from __future__ import annotations

import time


class Deadline:
    """A point in time, ``seconds`` after the object was made.

    It never moves, so retries, long-running operations and parallel calls together cannot outlast it. Safe to share
    between threads.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds

    def remaining(self) -> float:
        """Return the seconds that are left, never less than 0."""
        return max(0.0, self._end - time.monotonic())
