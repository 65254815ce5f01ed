# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shipped workbook: the template in the collection's folder ``monitoring``, with the queries that lie beside it.

Each query is written once, in a file that can be run as it is. In the workbook the values at its head come from the
workbook's parameters. PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

_MONITORING = Path(__file__).resolve().parents[2] / "monitoring"

# What a query's ``let`` statements of these names are in the workbook. A parameter that is not set is an empty text.
_PARAMETERS = {
    "start": "{TimeRange:start}",
    "end": "{TimeRange:end}",
    "grain": "{TimeRange:grain}",
    "gateways": "dynamic([{Gateway}])",
}
_LET = re.compile(rf"^let ({'|'.join(_PARAMETERS)}) = .*;$", re.MULTILINE)
_LICENCE = re.compile(r"\A(// SPDX-.*\n)+//\n")


def render_workbook(application_insights: str) -> dict[str, Any]:
    """Return the content of the workbook, as Azure keeps it in ``serializedData``.

    :param application_insights: ARM id of the Application Insights resource that is asked where the workbook is opened
        without one, as from a link.
    """
    template = json.loads((_MONITORING / "workbook.template.json").read_text(encoding="utf-8"))
    content: dict[str, Any] = _with_queries(template)
    return {**content, "fallbackResourceIds": [application_insights]}


def render_arm_template() -> dict[str, Any]:
    """Return an ARM template that deploys the workbook, for those who do not use this collection."""
    source = "[parameters('workbookSourceId')]"
    return {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "parameters": {
            "workbookSourceId": _parameter("ARM id of the Application Insights resource that the APIs report to."),
            "displayName": _parameter("Name that people see, unique in the resource group.", "LLM gateway"),
            "location": _parameter("Azure region of the workbook.", "[resourceGroup().location]"),
            # Another deployment finds the workbook by it, where newGuid() would make a second one.
            "workbookId": _parameter(
                "Name of the workbook in ARM, a GUID.",
                "[guid(resourceGroup().id, parameters('workbookSourceId'), parameters('displayName'))]",
            ),
        },
        "variables": {"workbook": render_workbook(source)},
        "resources": [
            {
                "type": "Microsoft.Insights/workbooks",
                "apiVersion": "2022-04-01",
                "name": "[parameters('workbookId')]",
                "location": "[parameters('location')]",
                "kind": "shared",
                "properties": {
                    "displayName": "[parameters('displayName')]",
                    "serializedData": "[string(variables('workbook'))]",
                    "category": "workbook",
                    "sourceId": source,
                    "version": "Notebook/1.0",
                },
            }
        ],
        "outputs": {
            "workbookId": {
                "type": "string",
                "value": "[resourceId('Microsoft.Insights/workbooks', parameters('workbookId'))]",
            }
        },
    }


def _parameter(description: str, default: str | None = None) -> dict[str, Any]:
    given = {} if default is None else {"defaultValue": default}
    return {"type": "string", **given, "metadata": {"description": description}}


def _with_queries(value: Any) -> Any:
    """Return a part of the template in which the text of a query stands for ``{"file": its name}``."""
    if isinstance(value, list):
        return [_with_queries(item) for item in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"file"}:
        return _query(value["file"])
    return {name: _with_queries(item) for name, item in value.items()}


def _query(name: str) -> str:
    text = (_MONITORING / "queries" / name).read_text(encoding="utf-8")
    return _LET.sub(lambda match: f"let {match[1]} = {_PARAMETERS[match[1]]};", _LICENCE.sub("", text))
