# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One thing that a validation looked at, and what it found.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"
#: Whether what is wanted is within the limit of requests.
CALLS = "calls"

#: Groups of checks in the order in which people should read them.
GROUPS = (
    "configuration",
    "secrets",
    "prerequisites",
    CALLS,
    "connectivity",
    "listing",
    "models",
    "streaming",
    "access",
    "shares",
    "failover",
    "latency",
)


@dataclass(frozen=True)
class Check:
    """One check.

    :ivar group: one of GROUPS.
    :ivar name: unique within its group.
    :ivar message: what is wrong, or why it was skipped.
    :ivar remedy: what to do about it, where it failed.
    """

    group: str
    name: str
    outcome: str
    message: str = ""
    remedy: str = ""
    duration_s: float = 0.0

    def shown(self) -> dict[str, Any]:
        """Return the check as results hold it."""
        return asdict(self)


def passed(group: str, name: str, message: str = "", *, duration_ms: float = 0.0) -> Check:
    """Return a check that found nothing wrong."""
    return Check(group, name, PASSED, message, duration_s=round(duration_ms / 1000, 3))


def failed(group: str, name: str, message: str, remedy: str, *, duration_ms: float = 0.0) -> Check:
    """Return a check that found something wrong."""
    return Check(group, name, FAILED, message, remedy, duration_s=round(duration_ms / 1000, 3))


def skipped(group: str, name: str, reason: str) -> Check:
    """Return a check that could not be made, or was not wanted."""
    return Check(group, name, SKIPPED, reason)
