# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Chart: what the members of each pool served, beside what their weights stand for.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._report import amounts
from ansible_collections.citadel.ai_gateway.plugins.module_utils._report.chance import likely_range
from ansible_collections.citadel.ai_gateway.plugins.module_utils._report.drawing import (
    MOST_ROWS,
    Drawing,
    Mark,
    Rect,
    line,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._report.frame import AXIS, Frame
from ansible_collections.citadel.ai_gateway.plugins.module_utils._report.scale import Scale, axis, linear
from ansible_collections.citadel.ai_gateway.plugins.module_utils._report.text import plural

_HEADING = 24
_PLOT = 24
_GAP = 12
_BAR = 12
_FIGURES = 190


def shares_chart(shares: Sequence[dict[str, Any]], width: float) -> Drawing | None:
    """Return the chart for a page of the given width; None if there is nothing to draw.

    Failed pools come first. Of more members than can be seen only the first are drawn.
    """
    drawn = _drawn(shares)
    if not drawn:
        return None
    frame = Frame(width, _FIGURES)
    scale = linear(100, frame.left, frame.length)
    marks: list[Mark] = []
    top = 0.0
    for share in drawn:
        marks += frame.label(top, _HEADING, share["pool"], _verdict(share), "strong")
        top += _HEADING
        for member in share["members"]:
            marks += _member(frame, scale, top, share, member)
            top += frame.row(_PLOT)
        top += _GAP
    bottom = top - _GAP / 2
    description = "; ".join(_told(share) for share in drawn)
    grid = axis(scale, _HEADING, bottom, "%", width)
    return Drawing("Shares of traffic by backend", description, width, bottom + AXIS, [*grid, *marks])


def _drawn(shares: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the pools that are drawn, failed ones first."""
    drawn: list[dict[str, Any]] = []
    rows = 0
    for share in sorted(shares, key=lambda each: each["outcome"] != "failed"):
        rows += len(share["members"])
        if share["members"] and (rows <= MOST_ROWS or not drawn):
            drawn.append({**share, "members": share["members"][:MOST_ROWS]})
    return drawn


def _verdict(share: dict[str, Any]) -> str:
    p_value = amounts.p_value(share["p_value"])
    relation = "p" if p_value.startswith("<") else "p ="
    return f"{share['outcome']}, {relation} {p_value}" if share["p_value"] is not None else str(share["outcome"])


def _member(frame: Frame, scale: Scale, top: float, share: dict[str, Any], member: dict[str, Any]) -> Iterator[Mark]:
    measured = 100 * amounts.served_share(member["served"], share["requests"])
    expected = f"{100 * member['expected']:.1f} %"
    figures = f"{measured:.1f} % ({expected})" if frame.stacked else f"{measured:.1f} %, expected {expected}"
    yield from frame.label(top, _PLOT, member["backend"], figures)
    top += frame.offset
    low, high = (scale.at(100 * bound) for bound in likely_range(share["requests"], member["expected"]))
    yield Rect(low, top + 3, high - low, _PLOT - 6, "band")
    kind = "bar failed" if share["outcome"] == "failed" else "bar"
    title = f"{member['backend']}: {_served(share, member)}"
    yield Rect(scale.start, top + (_PLOT - _BAR) / 2, scale.at(measured) - scale.start, _BAR, kind, title, 1)
    x = scale.at(100 * member["expected"])
    yield line(x, top + 2, x, top + _PLOT - 2, "expected", f"expected: {expected}")


def _served(share: dict[str, Any], member: dict[str, Any]) -> str:
    measured = amounts.percent(amounts.served_share(member["served"], share["requests"]))
    requests = plural(share["requests"], "request")
    return f"{member['served']:,} of {requests}, {measured}, expected {amounts.percent(member['expected'])}"


def _told(share: dict[str, Any]) -> str:
    members = ", ".join(f"{member['backend']} served {_served(share, member)}" for member in share["members"])
    return f"{share['pool']} {share['outcome']}: {members}"
