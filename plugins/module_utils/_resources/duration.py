# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""ISO 8601 durations in one spelling, so that ``PT60S`` and ``PT1M`` compare equal.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

import re

_DURATION = re.compile(r"P(?=.)(?:(\d+)D)?(?:T(?=.)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?", re.ASCII)


def duration_seconds(text: str) -> int:
    """Return the seconds of an ISO 8601 duration of days, hours, minutes and seconds.

    :raises ValueError: when ``text`` is no such duration.
    """
    match = _DURATION.fullmatch(text.upper())
    if not match:
        raise ValueError(f"{text!r} is not an ISO 8601 duration such as PT10S")
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds


def normal_duration(text: str) -> str:
    """Return an ISO 8601 duration of days, hours, minutes and seconds in its shortest spelling.

    :raises ValueError: when ``text`` is no such duration.
    """
    minutes, seconds = divmod(duration_seconds(text), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    time = "".join(f"{value}{unit}" for value, unit in ((hours, "H"), (minutes, "M"), (seconds, "S")) if value)
    date = f"{days}D" if days else ""
    return f"P{date}{'T' + time if time else ''}" if days or time else "PT0S"
