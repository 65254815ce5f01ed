# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The workbook is made of the queries, and of nothing else; the ARM template that ships is what they render to."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.citadel.ai_gateway.plugins.plugin_utils._workbook import render_arm_template, render_workbook

from tests.meta.checkout import ROOT, files

MONITORING = ROOT / "monitoring"
COMPONENT = "/subscriptions/0/resourceGroups/rg/providers/microsoft.insights/components/appi"
# It asks a Log Analytics workspace, which the workbook does not.
ELSEWHERE = {"breaker-openings-gateway-logs.kql"}
PARAMETER_LETS = {
    "start": "let start = {TimeRange:start};",
    "end": "let end = {TimeRange:end};",
    "grain": "let grain = {TimeRange:grain};",
    "gateways": "let gateways = dynamic([{Gateway}]);",
}


def texts(value: Any) -> Iterator[str]:
    """Every text inside a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from (text for item in value.values() for text in texts(item))
    elif isinstance(value, list):
        yield from (text for item in value for text in texts(item))


def queries(content: dict[str, Any]) -> list[dict[str, Any]]:
    """Everything in a workbook that holds a query."""
    parts = [item["content"] for item in content["items"]]
    return [each for part in parts for each in (part, *part.get("parameters", [])) if "query" in each]


def question(text: str) -> str:
    """The first line of a query's comment that is not about its licence."""
    return next(line for line in text.splitlines() if line.endswith("?"))


def result_columns(path: Path) -> list[str]:
    """The columns that a query's comment lists."""
    return re.findall(r"^//   (\w+) +(?:string|datetime|real|long) ", path.read_text(encoding="utf-8"), re.MULTILINE)


def query_files() -> list[Path]:
    return files("monitoring/queries", "*.kql")


def test_the_committed_arm_template_is_what_the_queries_render_to() -> None:
    committed = (MONITORING / "workbook.json").read_text(encoding="utf-8")
    assert committed == json.dumps(render_arm_template(), indent=2) + "\n", "run python tools/workbook.py"


def test_every_query_is_in_the_workbook_once() -> None:
    shown = [question(each["query"]) for each in queries(render_workbook(COMPONENT))]
    assert sorted(shown) == sorted(question(path.read_text()) for path in query_files() if path.name not in ELSEWHERE)


@pytest.mark.parametrize("path", query_files(), ids=lambda path: path.stem)
def test_a_query_begins_with_what_the_workbook_sets(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    names = re.findall(r"^let (\w+) = [^|\n]*;$", text, re.MULTILINE)
    assert names[:2] == ["start", "end"]
    assert set(names) <= PARAMETER_LETS.keys()
    if path.name in ELSEWHERE:
        return
    (shown,) = [each for each in queries(render_workbook(COMPONENT)) if question(each["query"]) == question(text)]
    lines = shown["query"].splitlines()
    assert {PARAMETER_LETS[name] for name in names} <= set(lines)
    assert "SPDX" not in shown["query"]
    own = [line for line in text.splitlines() if not line.startswith("// SPDX")][1:]
    assert [line for line in lines if "{" not in line] == [
        line for line in own if not re.match(rf"let ({'|'.join(PARAMETER_LETS)}) = ", line)
    ]


def test_charts_show_columns_of_their_queries() -> None:
    by_question = {question(path.read_text()): path for path in query_files()}
    for each in queries(render_workbook(COMPONENT)):
        columns = result_columns(by_question[question(each["query"])])
        settings = each.get("chartSettings", {})
        used = [settings.get("xAxis"), settings.get("group"), *settings.get("yAxis", [])]
        assert {name for name in used if name} <= set(columns)
        assert (each.get("visualization") == "timechart") == bool(settings)


def test_only_parameters_that_the_workbook_has_are_referred_to() -> None:
    content = render_workbook(COMPONENT)
    (parameters,) = [item["content"]["parameters"] for item in content["items"] if item["type"] == 9]
    referred = {name for text in texts(content) for name in re.findall(r"\{(\w+)(?::\w+)?\}", text)}
    assert referred == {each["name"] for each in parameters} == {"TimeRange", "Gateway"}
    assert {each["timeContextFromParameter"] for each in queries(content)} == {"TimeRange"}


def test_items_have_names_of_their_own() -> None:
    names = [item["name"] for item in render_workbook(COMPONENT)["items"]]
    assert len(set(names)) == len(names)


def test_the_workbook_asks_the_resource_that_it_is_for() -> None:
    assert render_workbook(COMPONENT)["fallbackResourceIds"] == [COMPONENT]


def test_nothing_in_the_arm_template_is_taken_for_an_expression_but_what_is_one() -> None:
    template = render_arm_template()
    expressions = [text for text in texts(template) if text.startswith("[")]
    assert len(expressions) == 9
    for text in expressions:
        assert re.fullmatch(r"\[(parameters|guid|resourceGroup|string|resourceId)\(.*\)(\.location)?\]", text)
    named = {name for text in expressions for name in re.findall(r"parameters\('(\w+)'\)", text)}
    assert named == set(template["parameters"])
