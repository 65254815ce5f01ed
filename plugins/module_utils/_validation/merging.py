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

_RANKS = {SKIPPED: 0, PASSED: 1, FAILED: 2}


def merged(probes: Iterable[Iterable[Check]]) -> list[Check]:
    """Return the checks of several probes, with one of group ``connectivity`` for each backend.

    A backend that requests reached only while others failed has been left out before: what was found counts, and a
    failure more than that it answered another time. Of two reasons why it was left out the later one counts.

    :param probes: what each of them found, the earliest first.
    """
    found: list[Check] = []
    for checks in probes:
        known = {check.name: place for place, check in enumerate(found) if check.group == "connectivity"}
        for check in checks:
            if check.group != "connectivity" or check.name not in known:
                found.append(check)
            elif _counts_more(check, found[known[check.name]]):
                found[known[check.name]] = check
    return found


def _counts_more(check: Check, before: Check) -> bool:
    rank, known = _RANKS[check.outcome], _RANKS[before.outcome]
    return rank > known or (check.outcome == before.outcome == SKIPPED)
