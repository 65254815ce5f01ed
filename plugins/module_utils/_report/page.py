# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a page about a validation shows: all that its template places.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from ansible_collections.citadel.ai_gateway.plugins.module_utils._report import amounts
from ansible_collections.citadel.ai_gateway.plugins.module_utils._report.drawing import MOST_ROWS, NARROW, WIDE, Drawing
from ansible_collections.citadel.ai_gateway.plugins.module_utils._report.failover_chart import failover_chart
from ansible_collections.citadel.ai_gateway.plugins.module_utils._report.latency_chart import latency_chart
from ansible_collections.citadel.ai_gateway.plugins.module_utils._report.outcome_bar import outcome_bar
from ansible_collections.citadel.ai_gateway.plugins.module_utils._report.shares_chart import shares_chart
from ansible_collections.citadel.ai_gateway.plugins.module_utils._report.table import (
    by_group,
    counted_outcomes,
    outcomes,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._report.text import one_line, plural
from ansible_collections.citadel.ai_gateway.plugins.module_utils._report.topology import topology_of
from ansible_collections.citadel.ai_gateway.plugins.module_utils._report.topology_chart import topology_chart
from ansible_collections.citadel.ai_gateway.plugins.module_utils._report.trial import (
    failed_attempts,
    from_its_start,
    succeeded,
    told,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._report.verdict import outcome_of, verdict_of

# More timelines than these are no overview; the table has all.
_MOST_TRIALS = 4
# Titles of the parts of a service that a run measures or not.
_PARTS = {
    "shares": "Shares against weights",
    "failover": "Failover",
    "latency": "Latency",
    "streaming": "Streaming",
}
# What is told of the only service.
_ABOUT = {"Gateway": "gateway_url", "Resource group": "resource_group", "SKU": "sku", "Location": "location"}
# With so few services all are unfolded.
_FEW_SERVICES = 3


class Figure(NamedTuple):
    """A chart in the forms for wide and for narrow pages, with a sentence; both are None where there is no data."""

    wide: Drawing | None
    narrow: Drawing | None
    note: str


def page_of(results: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return what the page shows of results.

    :param results: of :func:`.results.read_results`.
    """
    checks = [check for result in results for check in result["checks"]]
    return {
        "outcome": outcome_of(results),
        "headline": verdict_of(results),
        "facts": list(_facts(results, outcomes(checks))),
        "services": [_service(result, number, len(results)) for number, result in enumerate(results, start=1)],
    }


def _facts(results: Sequence[dict[str, Any]], counts: Counter[str]) -> Iterator[tuple[str, str]]:
    if not results:
        return
    if len(results) == 1:
        yield "Service", one_line(results[0]["service"])
        for title, name in _ABOUT.items():
            if value := one_line(results[0][name]):
                yield title, value
    else:
        failed = sum(1 for result in results if result["outcome"] == "failed")
        yield "Services", f"{len(results):,}, {failed:,} failed" if failed else f"{len(results):,}"
    total = {name: sum(result["calls"][name] for result in results) for name in ("planned", "made")}
    yield "Checks", counted_outcomes(counts)
    yield "Calls to models", amounts.calls(total)
    if started := [result["started"] for result in results if result["started"]]:
        yield "Started", amounts.moment(min(started))
    yield "Duration", amounts.duration(_duration(results))


def _duration(results: Sequence[dict[str, Any]]) -> float:
    """Return the seconds from the start of the first service to the end of the last: services run side by side."""
    start = min((result["started"] for result in results if result["started"]), default=None)
    ends: list[float] = [
        result["duration_s"] + ((result["started"] - start) / timedelta(seconds=1) if result["started"] else 0)
        for result in results
    ]
    return max(ends)


def _service(result: dict[str, Any], number: int, count: int) -> dict[str, Any]:
    counts = outcomes(result["checks"])
    trials = [_trial(trial) for trial in result["failover"]]
    return {
        **result,
        "anchor": f"service-{number}",
        "counts": counts,
        "bar": outcome_bar(counts),
        "open": count <= _FEW_SERVICES,
        "failures": [check for check in result["checks"] if check["outcome"] == "failed"],
        "groups": [(group, outcomes(checks), checks) for group, checks in by_group(result["checks"]).items()],
        "unmeasured": [title for part, title in _PARTS.items() if not result[part] and not _reasons(result, part)],
        "topology": _topology(result),
        "shares_figure": _figure(result, "shares", shares_chart, _more(_members(result), "member")),
        "latency_figure": _figure(result, "latency", latency_chart, _more(len(result["latency"]), "row")),
        "failover_figures": _failovers(result, trials),
        "trials": trials,
        "streaming_note": "" if result["streaming"] else _missing(result, "streaming"),
    }


def _members(result: dict[str, Any]) -> int:
    return sum(len(share["members"]) for share in result["shares"])


def _more(count: int, noun: str) -> str:
    """Return a note where a chart leaves rows out."""
    return (
        f"The chart shows up to {MOST_ROWS} of {plural(count, noun)}; the table has all." if count > MOST_ROWS else ""
    )


def _figure(
    result: dict[str, Any], part: str, chart: Callable[[Sequence[dict[str, Any]], float], Drawing | None], note: str
) -> Figure:
    wide = chart(result[part], WIDE)
    if not wide:
        return Figure(None, None, _missing(result, part))
    logarithmic = "The axis is logarithmic." if "logarithmic" in wide.title else ""
    return Figure(wide, chart(result[part], NARROW), " ".join(each for each in (logarithmic, note) if each))


def _topology(result: dict[str, Any]) -> Figure:
    graph = topology_of(result)
    chart = topology_chart(graph)
    return Figure(chart, None, _more(len(graph.models), "row") if chart else "The inventory declares no model.")


def _failovers(result: dict[str, Any], trials: Sequence[dict[str, Any]]) -> list[Figure]:
    """Return the timelines of the pools with most errors, one without a drawing if there are none."""
    figures = [
        Figure(wide, failover_chart(trial, NARROW), told(trial))
        for trial in sorted(trials, key=lambda trial: -int(trial["errors"]))[:_MOST_TRIALS]
        if (wide := failover_chart(trial, WIDE))
    ]
    return figures or [Figure(None, None, _missing(result, "failover"))]


def _trial(trial: dict[str, Any]) -> dict[str, Any]:
    """Return a trial from its start, with its counts."""
    return {
        **from_its_start(trial),
        "errors": sum(1 for event in trial["events"] if not succeeded(event)),
        "refusals": sum(len(failed_attempts(event)) for event in trial["events"]),
    }


def _missing(result: dict[str, Any], part: str) -> str:
    """Return why a part has no data."""
    return "\n".join(_reasons(result, part)) or "Not measured in this run."


def _reasons(result: dict[str, Any], part: str) -> list[str]:
    """Return what the checks of a part say that failed or were skipped, alike reasons once."""
    checks = (check for check in result["checks"] if check["group"] == part and check["outcome"] != "passed")
    return list(dict.fromkeys(f"{check['outcome'].capitalize()}: {check['message']}" for check in checks))
