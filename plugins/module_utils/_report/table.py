# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Results of a validation as text for a terminal.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._report import amounts
from ansible_collections.citadel.ai_gateway.plugins.module_utils._report.grid import grid
from ansible_collections.citadel.ai_gateway.plugins.module_utils._report.results import OUTCOMES
from ansible_collections.citadel.ai_gateway.plugins.module_utils._report.text import one_line, plural, wrap
from ansible_collections.citadel.ai_gateway.plugins.module_utils._report.verdict import verdict_of

_INDENT = "  "
_LABEL = 9  # columns that FAILED, SKIPPED and Remedy: take
# Names of skipped checks that are told in full. More of them say less than their number.
_NAMES = 5


def validation_table(results: Sequence[dict[str, Any]], width: int = 120) -> str:
    """Return results as text: a line for each service, then the details of each, and the verdict.

    :param results: of :func:`.results.read_results`.
    :param width: columns that lines may take; only a word that is longer stays whole.
    """
    if not results:
        return "No service was validated."
    details = (block for result in results for block in _details(result, width))
    blocks = [_services(results, width), *details, wrap(f"{verdict_of(results)}.", width)]
    return "\n\n".join("\n".join(lines) for lines in blocks if lines)


def counted_outcomes(counts: Counter[str]) -> str:
    """Return counts of outcomes, such as ``12 passed, 1 failed``; only of those that occur."""
    return ", ".join(f"{counts[outcome]:,} {outcome}" for outcome in OUTCOMES if counts[outcome]) or "none"


def outcomes(checks: Sequence[dict[str, Any]]) -> Counter[str]:
    """Return how many checks have each outcome."""
    return Counter(check["outcome"] for check in checks)


def by_group(checks: Sequence[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Return the checks of each group, both in the order in which people should read them."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for check in checks:
        groups.setdefault(check["group"], []).append(check)
    return groups


def folded_reasons(checks: Sequence[dict[str, Any]]) -> dict[tuple[str, str], list[str]]:
    """Return the names of skipped checks by their group and reason, so that alike reasons are told once."""
    reasons: dict[tuple[str, str], list[str]] = {}
    for check in checks:
        if check["outcome"] == "skipped":
            reasons.setdefault((check["group"], check["message"]), []).append(check["name"])
    return reasons


def folded_failures(checks: Sequence[dict[str, Any]]) -> dict[tuple[str, str, str], list[str]]:
    """Return the names of failed checks by group, message and remedy: what many objects lack alike is told once."""
    failures: dict[tuple[str, str, str], list[str]] = {}
    for check in checks:
        if check["outcome"] == "failed":
            failures.setdefault((check["group"], check["message"], check["remedy"]), []).append(check["name"])
    return failures


def _services(results: Sequence[dict[str, Any]], width: int) -> list[str]:
    rows = [("SERVICE", "OUTCOME", "CHECKS", "CALLS", "DURATION")]
    rows += [
        (
            result["service"],
            result["outcome"],
            counted_outcomes(outcomes(result["checks"])),
            amounts.calls(result["calls"]),
            amounts.duration(result["duration_s"]),
        )
        for result in results
    ]
    return grid(rows, "lttrr", width)


def _details(result: dict[str, Any], width: int) -> Iterator[list[str]]:
    """Yield the blocks of lines about one service."""
    inner = width - len(_INDENT)
    heading = [result["service"], result["gateway_url"], amounts.moment(result["started"])]
    yield wrap(" · ".join(one_line(part) for part in heading if part), width)
    for block in (
        _groups(result["checks"], inner),
        *(_failure(*failure, inner) for failure in folded_failures(result["checks"]).items()),
        [line for reason in folded_reasons(result["checks"]).items() for line in _skipped(*reason, inner)],
        _shares(result["shares"], inner),
        _latency(result["latency"], inner),
    ):
        yield [f"{_INDENT}{line}".rstrip() for line in block]


def _groups(checks: Sequence[dict[str, Any]], width: int) -> list[str]:
    rows = [["CHECKS", "PASSED", "FAILED", "SKIPPED"]]
    for group, members in by_group(checks).items():
        counts = outcomes(members)
        rows.append([group, *(f"{counts[outcome]:,}" if counts[outcome] else "-" for outcome in OUTCOMES)])
    return grid(rows, "lrrr", width) if checks else ["No check was made."]


def _failure(failure: tuple[str, str, str], names: list[str], width: int) -> list[str]:
    group, message, remedy = failure
    return [
        *_labelled("FAILED", f"{group}: {'; '.join(names)}", width),
        *_labelled("", message, width),
        *_labelled("Remedy:", remedy, width),
    ]


def _skipped(reason: tuple[str, str], names: list[str], width: int) -> list[str]:
    group, message = reason
    more = [f"and {len(names) - _NAMES:,} more"] if len(names) > _NAMES else []
    return [
        *_labelled("SKIPPED", f"{group}: {'; '.join([*names[:_NAMES], *more])}", width),
        *_labelled("", f"{plural(len(names), 'check')}: {message}" if len(names) > 1 else message, width),
    ]


def _labelled(label: str, text: str, width: int) -> list[str]:
    """Return wrapped lines with a label before the first one; none without text."""
    lines = wrap(text, width - _LABEL) if text.strip() else []
    return [f"{'' if number else label:{_LABEL}}{line}" for number, line in enumerate(lines)]


def _shares(shares: Sequence[dict[str, Any]], width: int) -> list[str]:
    # Where all have the same priority it says nothing.
    tiers = any(member["priority"] > 1 for share in shares for member in share["members"])
    priority = ["PRIORITY"] if tiers else []
    rows = [["SHARES", "BACKEND", *priority, "WEIGHT", "EXPECTED", "MEASURED", "SERVED", "P-VALUE", "OUTCOME"]]
    for share in shares:
        for number, member in enumerate(share["members"]):
            measured = amounts.served_share(member["served"], share["requests"])
            rows.append(
                [
                    "" if number else share["pool"],
                    member["backend"],
                    *([str(member["priority"])] if tiers else []),
                    f"{member['weight']:,}",
                    amounts.percent(member["expected"]),
                    amounts.percent(measured),
                    f"{member['served']:,}",
                    "" if number else amounts.p_value(share["p_value"]),
                    "" if number else share["outcome"],
                ]
            )
    return grid(rows, f"ll{'r' if tiers else ''}rrrrrt", width) if shares else []


def _latency(latency: Sequence[dict[str, Any]], width: int) -> list[str]:
    rows = [("LATENCY", "BACKEND", "REQUESTS", "P50 MS", "P95 MS", "P99 MS")]
    for number, entry in enumerate(latency):
        repeated = number and latency[number - 1]["model"] == entry["model"]
        figures = (amounts.milliseconds(entry[name]) for name in ("p50_ms", "p95_ms", "p99_ms"))
        rows.append(("" if repeated else entry["model"], entry["backend"], f"{entry['requests']:,}", *figures))
    return grid(rows, "llrrrr", width) if latency else []
