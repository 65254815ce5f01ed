# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Times and shares as people read them.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

_MINUTE = 60
_HOUR = 3600
# From here on tenths are noise.
_WHOLE_MS = 100
_SMALLEST_P_VALUE = 0.001


def moment(value: datetime | None) -> str:
    """Return a time in UTC, such as ``2026-11-30 10:00:00 UTC``; nothing for none."""
    if value is None:
        return ""
    return f"{value.replace(tzinfo=None).isoformat(sep=' ', timespec='seconds')} UTC"


def duration(seconds: float) -> str:
    """Return a duration, such as ``120 ms``, ``12.3 s``, ``2 min 05 s`` or ``1 h 02 min``."""
    if round(seconds, 3) < 1:
        return f"{seconds * 1000:.0f} ms"
    if round(seconds, 1) < _MINUTE:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE:02} s"
    minutes = round(whole / _MINUTE)
    return f"{minutes // _MINUTE:,} h {minutes % _MINUTE:02} min"


def milliseconds(value: float) -> str:
    """Return a number of milliseconds without its unit: with tenths below 100."""
    return f"{value:.1f}" if value < _WHOLE_MS else f"{value:,.0f}"


def percent(share: float) -> str:
    """Return a share of 1 in percent, such as ``66.7 %``."""
    return f"{share * 100:.1f} %"


def p_value(value: float | None) -> str:
    """Return the p-value of a test with three digits; ``-`` if there is none."""
    if value is None:
        return "-"
    return f"< {_SMALLEST_P_VALUE}" if value < _SMALLEST_P_VALUE else f"{value:.3f}"


def calls(value: Mapping[str, Any]) -> str:
    """Return how many calls a run made, and how many it had planned if that is another number."""
    made, planned = value["made"], value["planned"]
    return f"{made:,}" if made == planned else f"{made:,} of {planned:,}"


def served_share(served: int, requests: int) -> float:
    """Return the share of requests that a member served; 0 without requests."""
    return served / requests if requests else 0.0
