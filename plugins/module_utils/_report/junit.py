# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Results of a validation as JUnit XML, in the form that Azure DevOps, GitLab and Jenkins have in common.

Only elements and attributes that the schemas of both Ant and Jenkins' xUnit plugin know, in the order that Ant's wants.
PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

from ansible_collections.citadel.ai_gateway.plugins.module_utils._report.text import one_line

_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'


def validation_junit(results: Sequence[dict[str, Any]], name: str) -> str:
    """Return results as the text of a JUnit XML file: a suite for each service, a case for each check.

    :param results: of :func:`.results.read_results`.
    :param name: of the whole run.
    """
    root = ET.Element("testsuites", {"name": one_line(name), **_totals(results)})
    for number, result in enumerate(results):
        root.append(_suite(result, number))
    ET.indent(root)
    return f"{_DECLARATION}{ET.tostring(root, encoding='unicode')}\n"


def _totals(results: Sequence[dict[str, Any]]) -> dict[str, str]:
    counts = Counter(check["outcome"] for result in results for check in result["checks"])
    return {
        "tests": str(counts.total()),
        "failures": str(counts["failed"]),
        "errors": "0",
        "time": _seconds(sum(result["duration_s"] for result in results)),
    }


def _suite(result: dict[str, Any], number: int) -> ET.Element:
    counts = Counter(check["outcome"] for check in result["checks"])
    suite = ET.Element(
        "testsuite",
        {
            "name": one_line(result["service"]),
            "id": str(number),
            "package": one_line(result["service"]),
            "hostname": _host(result["gateway_url"]),
            **_timestamp(result["started"]),
            "tests": str(counts.total()),
            "failures": str(counts["failed"]),
            "errors": "0",
            "skipped": str(counts["skipped"]),
            "time": _seconds(result["duration_s"]),
        },
    )
    properties = ET.SubElement(suite, "properties")
    for name, value in _properties(result).items():
        ET.SubElement(properties, "property", {"name": name, "value": value})
    suite.extend(_case(check, result["service"]) for check in result["checks"])
    ET.SubElement(suite, "system-out").text = ""
    ET.SubElement(suite, "system-err").text = ""
    return suite


def _timestamp(started: datetime | None) -> dict[str, str]:
    """Return the time in UTC without a zone, as the schema of Ant wants it; nothing if nothing was started."""
    return {"timestamp": started.replace(tzinfo=None).isoformat(timespec="seconds")} if started else {}


def _properties(result: dict[str, Any]) -> dict[str, str]:
    texts = {name: one_line(result[name]) for name in ("resource_group", "gateway_url", "sku", "location")}
    counts = {f"calls.{name}": str(count) for name, count in result["calls"].items()}
    return {name: value for name, value in {**texts, **counts}.items() if value}


def _case(check: dict[str, Any], service: str) -> ET.Element:
    """Return the case of a check.

    Its class is the group, after the service: GitLab and Azure DevOps tell cases apart by class and name only, and
    services have checks alike. Jenkins shows what stands before the dot as a package.
    """
    case = ET.Element(
        "testcase",
        {
            "classname": f"{one_line(service)}.{check['group']}",
            "name": one_line(check["name"]),
            "time": _seconds(check["duration_s"]),
        },
    )
    if check["outcome"] == "skipped":
        ET.SubElement(case, "skipped", {"message": one_line(check["message"])})
    if check["outcome"] == "failed":
        remedy = f"Remedy: {check['remedy']}" if check["remedy"] else ""
        failure = ET.SubElement(case, "failure", {"message": one_line(check["message"]), "type": "validation"})
        failure.text = "\n".join(line for line in (check["message"], remedy) if line)
    return case


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or "unknown"
    except ValueError:
        return "unknown"


def _seconds(value: float) -> str:
    return f"{value:.3f}"
