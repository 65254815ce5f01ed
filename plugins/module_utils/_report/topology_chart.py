# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Chart: models on the left, the pools and backends that they are routed to on the right.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._report.drawing import (
    MOST_ROWS,
    WIDE,
    Box,
    Drawing,
    Mark,
    Path,
    Rect,
    fitted,
    place,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._report.stack import stack
from ansible_collections.citadel.ai_gateway.plugins.module_utils._report.topology import (
    BackendNode,
    ModelNode,
    RouteNode,
    Topology,
)

_NODE = 230
_COLUMNS = (1, (WIDE - _NODE) / 2, WIDE - _NODE - 1)
_HEADING = 26
_MODEL, _ROUTE, _BACKEND = 30, 28, 46
_MEMBER = 18
_GAP = 10
_PADDING = 10


def topology_chart(graph: Topology) -> Drawing | None:
    """Return the chart; None without models. Of more models than can be seen only the first are drawn."""
    models = graph.models[:MOST_ROWS]
    if not models:
        return None
    used = dict.fromkeys(key for model in models for key in model.routes)
    routes = {key: graph.routes[key] for key in used}
    names = dict.fromkeys(member["backend"] for route in routes.values() for member in route.members)
    backends = {name: graph.backends[name] for name in names}
    boxes = _layout(models, routes, backends)
    marks: list[Mark] = [
        fitted(x, 14, text, "heading", _NODE)
        for x, text in zip(_COLUMNS, ("Models", "Routes", "Backends"), strict=True)
    ]
    marks += _model_links(models, boxes)
    marks += _member_links(routes, boxes)
    for number, model in enumerate(models):
        marks += _model(model, boxes["model", str(number)])
    for key, route in routes.items():
        marks += _route(route, boxes["route", key])
    for name, backend in backends.items():
        marks += _backend(backend, boxes["backend", name])
    height = max(box.bottom for box in boxes.values()) + 2
    return Drawing("Routes of models to backends", _told(models, routes), WIDE, height, marks)


def _layout(
    models: Sequence[ModelNode], routes: Mapping[str, RouteNode], backends: Mapping[str, BackendNode]
) -> dict[tuple[str, str], Box]:
    """Return the boxes of all nodes: routes one below the other, the others beside what they are linked with."""
    heights = [_ROUTE + _MEMBER * len(route.members) if route.pooled else _ROUTE for route in routes.values()]
    total = max(_total(heights), _total([_MODEL] * len(models)), _total([_BACKEND] * len(backends)))
    start = (total - _total(heights)) / 2
    tops = stack([start] * len(heights), heights, _GAP, total)
    middles = {key: top + height / 2 for key, top, height in zip(routes, tops, heights, strict=True)}
    boxes = {("route", key): _box(1, top, height) for key, top, height in zip(routes, tops, heights, strict=True)}
    wished = [_mean([middles[key] for key in model.routes[:1]], total / 2) - _MODEL / 2 for model in models]
    tops = stack(wished, [_MODEL] * len(models), _GAP, total)
    boxes |= {("model", str(number)): _box(0, top, _MODEL) for number, top in enumerate(tops)}
    links = {
        name: [middles[key] for key, route in routes.items() for member in route.members if member["backend"] == name]
        for name in backends
    }
    wished = [_mean(links[name], 0) - _BACKEND / 2 for name in backends]
    tops = stack(wished, [_BACKEND] * len(backends), _GAP, total)
    return boxes | {("backend", name): _box(2, top, _BACKEND) for name, top in zip(backends, tops, strict=True)}


def _box(column: int, top: float, height: float) -> Box:
    return Box(_COLUMNS[column], _HEADING + top, _COLUMNS[column] + _NODE, _HEADING + top + height)


def _total(heights: Sequence[float]) -> float:
    return sum(heights) + _GAP * (len(heights) - 1)


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _model_links(models: Sequence[ModelNode], boxes: Mapping[tuple[str, str], Box]) -> Iterator[Mark]:
    for number, model in enumerate(models):
        source = boxes["model", str(number)]
        for position, key in enumerate(model.routes):
            target = boxes["route", key]
            # Chains of routes leave a model one below the other, in their order.
            y = source.top + _MODEL * (position + 1) / (len(model.routes) + 1)
            kind = "link" + (" fallback" if position else "") + (" failed" if model.failed else "")
            yield _curve(source.right, y, target.left, target.top + _ROUTE / 2, kind)


def _member_links(routes: Mapping[str, RouteNode], boxes: Mapping[tuple[str, str], Box]) -> Iterator[Mark]:
    ends = [member["backend"] for route in routes.values() for member in route.members]
    arrived: dict[str, int] = {}
    for key, route in routes.items():
        source = boxes["route", key]
        for position, member in enumerate(route.members):
            name = member["backend"]
            target = boxes["backend", name]
            arrived[name] = arrived.get(name, 0) + 1
            y = target.top + _BACKEND * arrived[name] / (ends.count(name) + 1)
            start = source.top + _ROUTE / 2 + (_MEMBER * position + _ROUTE / 2 + 4 if route.pooled else 0)
            yield _curve(source.right, start, target.left, y, "link failed" if route.failed else "link")


def _curve(x1: float, y1: float, x2: float, y2: float, kind: str) -> Path:
    middle = place((x1 + x2) / 2)
    data = f"M{place(x1)} {place(y1)}C{middle} {place(y1)} {middle} {place(y2)} {place(x2)} {place(y2)}"
    return Path(data, Box(x1, min(y1, y2), x2, max(y1, y2)), kind)


def _model(model: ModelNode, box: Box) -> Iterator[Mark]:
    aliases = f" (aliases: {', '.join(model.aliases)})" if model.aliases else ""
    yield _outline(box, failed=model.failed, title=f"{', '.join(model.names)}{aliases}")
    yield _name(_joined(model.names), box, failed=model.failed)


def _route(route: RouteNode, box: Box) -> Iterator[Mark]:
    title = ", ".join(route.names)
    if not route.pooled:
        # A route to one backend needs no box: the line passes by its name.
        yield Rect(box.left, box.top, _NODE, _ROUTE, "node single", title, 14)
        yield fitted(box.left + _NODE / 2, box.top + 18, title, "quiet", _NODE - 4 * _PADDING, anchor="middle", size=11)
        return
    yield _outline(box, failed=route.failed, title=title)
    yield _name(_joined(route.names), box, failed=route.failed)
    for position, member in enumerate(route.members):
        text = f"priority {member['priority']} · weight {member['weight']:,}"
        y = box.top + _ROUTE + _MEMBER * position + 12
        yield fitted(box.right - _PADDING, y, text, "note", _NODE - 2 * _PADDING, anchor="end", size=11)


def _backend(backend: BackendNode, box: Box) -> Iterator[Mark]:
    yield _outline(box, failed=backend.failed, title=f"{backend.name} {backend.host}")
    yield _name(backend.name, box, failed=backend.failed)
    yield fitted(box.left + _PADDING, box.top + 36, backend.host, "quiet", _NODE - 2 * _PADDING, size=11)


def _outline(box: Box, *, failed: bool, title: str) -> Rect:
    kind = "node failed" if failed else "node"
    return Rect(box.left, box.top, box.right - box.left, box.bottom - box.top, kind, title, 4)


def _name(text: str, box: Box, *, failed: bool) -> Mark:
    kind = "name failed" if failed else "name"
    return fitted(box.left + _PADDING, box.top + 19, f"✕ {text}" if failed else text, kind, _NODE - 2 * _PADDING)


def _joined(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1:,} more"


def _told(models: Sequence[ModelNode], routes: Mapping[str, Any]) -> str:
    return "; ".join(
        f"{', '.join(model.names)}: {' then '.join(', '.join(routes[key].names) for key in model.routes) or 'no route'}"
        f"{', failed' if model.failed else ''}"
        for model in models
    )
