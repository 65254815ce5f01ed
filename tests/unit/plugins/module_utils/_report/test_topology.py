# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The graph of routes."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._report.drawing import Path, Rect, Text
from ansible_collections.citadel.ai_gateway.plugins.module_utils._report.results import read_results
from ansible_collections.citadel.ai_gateway.plugins.module_utils._report.topology import failed_names, topology_of
from ansible_collections.citadel.ai_gateway.plugins.module_utils._report.topology_chart import topology_chart

from tests.unit.plugins.module_utils._report.examples import (
    POOL,
    PRIMARY,
    SECONDARY,
    bad,
    check,
    good,
    large,
    member,
    model,
    result,
)


def read(example: dict[str, Any]) -> dict[str, Any]:
    return read_results([example])[0]


def test_models_lead_by_routes_to_backends() -> None:
    graph = topology_of(read(good()))
    assert [node.names for node in graph.models] == [["gpt-4o"], ["gpt-4o-ptu"], ["gpt-4o-mini"], ["Phi-4"]]
    chain = [graph.routes[key] for key in graph.models[1].routes]
    assert [(route.names, route.pooled) for route in chain] == [(["aif-citadel-ptu"], False), ([POOL], True)]
    assert graph.models[0].routes == graph.models[1].routes[1:]
    assert list(graph.backends) == [PRIMARY, SECONDARY, "aif-citadel-ptu"]
    assert graph.backends[PRIMARY].host == "aif-primary.cognitiveservices.azure.com"


def test_what_failed_is_marked_and_comes_first() -> None:
    graph = topology_of(read(bad()))
    assert [(node.names[0], node.failed) for node in graph.models][:2] == [("Phi-4", True), ("gpt-4o", False)]
    assert {route.names[0] for route in graph.routes.values() if route.failed} == {POOL}
    assert not [backend for backend in graph.backends.values() if backend.failed]


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("gpt-4o", "gpt-4o by POST /chat", True),
        ("gpt-4o", "stream of gpt-4o.", True),
        ("gpt-4o", "gpt-4o-mini by POST /chat", False),
        ("gpt-4", "gpt-4.1 by POST /chat", False),
        ("gpt-4o", "my-gpt-4o by POST /chat", False),
        ("a+b (c)", "a+b (c) by POST /chat", True),
        (" ", "a b", False),
    ],
)
def test_checks_name_what_failed(name: str, text: str, *, found: bool) -> None:
    assert failed_names([check("models", text, "failed")], [name]) == ({name} if found else set())
    assert failed_names([check("models", text), check("access", text, "failed")], [name]) == set()


def test_models_of_large_services_are_folded_if_they_are_routed_alike() -> None:
    graph = topology_of(read(large(1, 40)[0]))
    assert [len(node.names) for node in graph.models] == [1, 1, 1, 10, 9, 9, 9]
    assert sorted(len(route.names) for route in graph.routes.values()) == [1, 1, 10, 10]
    chart = topology_chart(graph)
    assert chart
    labels = [mark for mark in chart.marks if isinstance(mark, Text) and mark.kind == "name"]
    assert "and 9 more" in labels[0].text
    nodes = [mark for mark in chart.marks if isinstance(mark, Rect) and mark.kind == "node"]
    assert nodes[0].title.count(", ") == 9


def test_the_chart_tells_failures_and_fallbacks_apart() -> None:
    chart = topology_chart(topology_of(read(bad())))
    assert chart
    kinds = [mark.kind for mark in chart.marks if isinstance(mark, Path)]
    assert sorted(kinds) == ["link"] * 7 + ["link failed"] * 3 + ["link fallback"]
    told = [mark.text for mark in chart.marks if isinstance(mark, Text)]
    assert "✕ Phi-4" in told
    assert f"✕ {POOL}" in told
    assert "priority 1 · weight 70" in told
    assert "gpt-4o-ptu: aif-citadel-ptu then gpt-4o-backend-pool" in chart.description


def test_links_begin_and_end_at_their_nodes() -> None:
    chart = topology_chart(topology_of(read(good())))
    assert chart
    nodes = [mark.box for mark in chart.marks if isinstance(mark, Rect)]
    for link in (mark for mark in chart.marks if isinstance(mark, Path)):
        start, end = link.data.removeprefix("M").split("C")
        (x1, y1), (x2, y2) = (float(each) for each in start.split()), (float(each) for each in end.split()[-2:])
        assert any(node.right == pytest.approx(x1) and node.top < y1 < node.bottom for node in nodes)
        assert any(node.left == pytest.approx(x2) and node.top < y2 < node.bottom for node in nodes)


def test_nodes_do_not_overlap() -> None:
    models = [model(f"m{number}", *(member(f"b{each}") for each in range(number + 1))) for number in range(14)]
    for example in (result(models=models), *large(1, 200)):
        chart = topology_chart(topology_of(read(example)))
        assert chart
        boxes = [mark.box for mark in chart.marks if isinstance(mark, Rect)]
        for number, one in enumerate(boxes):
            for other in boxes[number + 1 :]:
                assert (
                    one.right <= other.left
                    or other.right <= one.left
                    or one.bottom <= other.top
                    or other.bottom <= one.top
                )
