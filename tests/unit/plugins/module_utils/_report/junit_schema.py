# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules that the common schemas of JUnit XML share: Ant's and that of Jenkins' xUnit plugin.

A document that keeps these is one that both accept, and with them Azure DevOps, GitLab and Jenkins.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple
from xml.etree import ElementTree as ET

_COUNT = r"\d+"
_SECONDS = r"\d+(\.\d+)?"
_TEXT = r"(?s).*"
_NAME = r"(?s).+"


class Rule(NamedTuple):
    """What an element may hold.

    :ivar required: patterns of the attributes that it must have.
    :ivar optional: patterns of those that it may have.
    :ivar children: the sequence of its children's names, each followed by a comma, as a pattern.
    """

    required: dict[str, str]
    optional: dict[str, str]
    children: str


_FAILURE = Rule({"type": _NAME}, {"message": _TEXT}, "")
RULES = {
    "testsuites": Rule(
        {},
        {"name": _TEXT, "time": _SECONDS, "tests": _COUNT, "failures": _COUNT, "errors": _COUNT},
        "(testsuite,)*",
    ),
    "testsuite": Rule(
        {
            "name": _TEXT,
            "tests": _COUNT,
            "failures": _COUNT,
            "errors": _COUNT,
            "time": _SECONDS,
            "hostname": _NAME,
            "id": _COUNT,
            "package": _TEXT,
        },
        # Ant demands a timestamp, its readers do not: there is none where nothing ran.
        {"skipped": _COUNT, "timestamp": r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}"},
        "properties,(testcase,)*system-out,system-err,",
    ),
    "properties": Rule({}, {}, "(property,)*"),
    "property": Rule({"name": _NAME, "value": _TEXT}, {}, ""),
    "testcase": Rule({"name": _TEXT, "classname": _TEXT, "time": _SECONDS}, {}, "((skipped|error|failure),)?"),
    "skipped": Rule({}, {"message": _TEXT}, ""),
    "error": _FAILURE,
    "failure": _FAILURE,
    "system-out": Rule({}, {}, ""),
    "system-err": Rule({}, {}, ""),
}


def violations(document: str) -> list[str]:
    """What of a document breaks a rule.

    :raises xml.etree.ElementTree.ParseError: if it is no XML.
    """
    root = ET.fromstring(document.encode("utf-8"))
    return [*([] if root.tag == "testsuites" else [f"the root is {root.tag}"]), *_violations(root)]


def _violations(element: ET.Element) -> Iterator[str]:
    rule = RULES.get(element.tag)
    if rule is None:
        yield f"{element.tag} is unknown"
        return
    patterns = rule.required | rule.optional
    yield from (f"{element.tag} lacks {name}" for name in rule.required.keys() - element.keys())
    yield from (f"{element.tag} cannot have {name}" for name in element.keys() - patterns.keys())
    for name in patterns.keys() & element.keys():
        if not re.fullmatch(patterns[name], element.attrib[name]):
            yield f"{element.tag} has {name}={element.attrib[name]!r}"
    if not re.fullmatch(rule.children, "".join(f"{child.tag}," for child in element)):
        yield f"{element.tag} holds {[child.tag for child in element]}"
    for child in element:
        yield from _violations(child)
