# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The verdict on all services of a validation, in one word and in one line.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._report.text import plural


def outcome_of(results: Sequence[dict[str, Any]]) -> str:
    """Return ``failed`` when a service failed, ``skipped`` when nothing was checked of one, else ``passed``.

    :param results: of :func:`.results.read_results`.
    """
    found = {result["outcome"] for result in results} or {"skipped"}
    return next(outcome for outcome in ("failed", "skipped", "passed") if outcome in found)


def verdict_of(results: Sequence[dict[str, Any]]) -> str:
    """Return the verdict with how many checks were skipped, and in which groups: what was not looked at is not right.

    :param results: of :func:`.results.read_results`.
    """
    if not results:
        return "No service was validated"
    checks = [check for result in results for check in result["checks"]]
    counts = Counter(check["outcome"] for check in checks)
    return f"{_beginning(results, counts)}{_skipped(checks) if checks else ''}"


def _beginning(results: Sequence[dict[str, Any]], counts: Counter[str]) -> str:
    outcome = outcome_of(results)
    if counts["failed"]:
        return f"Failed: {counts['failed']:,} of {plural(counts.total(), 'check')}"
    if outcome == "failed":
        return "Failed"
    if outcome == "passed":
        return f"Passed: {plural(counts['passed'], 'check')}"
    blank = sum(1 for result in results if result["outcome"] == outcome)
    return "Skipped: nothing was checked" + (f" at {blank:,} of {len(results):,} services" if len(results) > 1 else "")


def _skipped(checks: Sequence[dict[str, Any]]) -> str:
    groups = Counter(check["group"] for check in checks if check["outcome"] == "skipped")
    if not groups:
        return ", none skipped"
    return f", {groups.total():,} skipped ({', '.join(f'{group} {number:,}' for group, number in groups.items())})"
