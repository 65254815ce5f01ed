# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts together what several probes of a service found of one backend.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Iterable

from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.checks import (
    FAILED,
    PASSED,
    SKIPPED,
    Check,
)

_ONCE = ("connectivity", "secrets")
_RANKS = {SKIPPED: 0, PASSED: 1, FAILED: 2}


def merged(probes: Iterable[Iterable[Check]]) -> list[Check]:
    """Return the checks of several probes, with one of ``connectivity`` for a backend and of ``secrets`` for an API.

    A backend that requests reached only while others failed has been left out before: what was found counts, and a
    failure more than that it answered another time. Of two reasons why it was left out the later one counts.

    :param probes: what each of them found, the earliest first.
    """
    found: list[Check] = []
    for checks in probes:
        known = {(check.group, check.name): place for place, check in enumerate(found) if check.group in _ONCE}
        for check in checks:
            place = known.get((check.group, check.name))
            if place is None:
                found.append(check)
            elif _counts_more(check, found[place]):
                found[place] = check
    return found


def _counts_more(check: Check, before: Check) -> bool:
    rank, known = _RANKS[check.outcome], _RANKS[before.outcome]
    return rank > known or (check.outcome == before.outcome == SKIPPED)
