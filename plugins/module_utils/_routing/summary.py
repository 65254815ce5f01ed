# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person reads at the end of a run: what was done, and where each model is routed.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_INTENTIONS = {"created": "to create", "updated": "to update", "deleted": "to delete"}
_HEADINGS = ("MODEL", "ROUTED TO", "MEMBERS (PRIORITY, WEIGHT)")


def summarize(
    plan: Mapping[str, Any],
    objects: Iterable[Mapping[str, Any]],
    *,
    check_mode: bool = False,
    unlisted: Sequence[Mapping[str, Any]] = (),
    kept: Sequence[Mapping[str, Any]] = (),
) -> str:
    """Return the summary of a run as text.

    :param plan: a plan of :func:`.plan.build_plan`.
    :param objects: ``objects`` of the result of module ``apim_llm_gateway``.
    :param check_mode: the run did nothing, so its actions are those that are still to do.
    :param unlisted: ``unlisted`` of that result.
    :param kept: ``kept`` of that result.
    """
    counts = Counter((str(item["action"]), str(item["kind"])) for item in objects)
    titles = _INTENTIONS if check_mode else {}
    lines = [
        f"{titles.get(action, action):9} {', '.join(_counted(kind, counts[action, kind]) for kind in kinds)}"
        for action, kinds in _kinds_by_action(counts).items()
    ]
    if unlisted:
        names = ", ".join(f"{item['kind']} {item['name']}" for item in unlisted)
        lines.append(f"not listed any more, and kept: {names}; llm_prune: true removes them")
    lines += [str(item["reason"]) for item in kept]
    warnings = [f"WARNING: {warning}" for warning in plan["warnings"]]
    return "\n".join([*lines, "", *_table(plan), *([""] if warnings else []), *warnings])


def _kinds_by_action(counts: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Return the kinds of each action, both in the order in which they first occur."""
    kinds: dict[str, list[str]] = {}
    for action, kind in counts:
        kinds.setdefault(action, []).append(kind)
    return kinds


def _counted(kind: str, count: int) -> str:
    if count == 1:
        return f"1 {kind}"
    return f"{count} {kind.removesuffix('y')}ies" if kind.endswith("policy") else f"{count} {kind}s"


def _table(plan: Mapping[str, Any]) -> list[str]:
    members = {pool["name"]: ", ".join(_member(member) for member in pool["members"]) for pool in plan["pools"]}
    rows = [_HEADINGS, *(row for model in plan["models"] for row in _rows(model, members))]
    widths = [max(len(row[column]) for row in rows) for column in range(2)]
    return [_row(row, widths) for row in rows]


def _rows(model: Mapping[str, Any], members: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """Return a row for each route of a model, in the order in which requests try them."""
    routes = [hop["route"] for hop in model["hops"]]
    return [
        ("" if position else model["name"], f"then {route}" if position else route, members.get(route, "-"))
        for position, route in enumerate(routes)
    ]


def _member(member: Mapping[str, Any]) -> str:
    return f"{member['backend']} ({member['priority']}, {member['weight']})"


def _row(row: Sequence[str], widths: Sequence[int]) -> str:
    return f"{row[0]:{widths[0]}}  {row[1]:{widths[1]}}  {row[2]}"
