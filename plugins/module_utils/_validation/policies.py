# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks into policies as ARM shows them.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element

from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.policy_xml import PolicyXml

_COMMENT = re.compile(r"<!--(.*?)-->", re.DOTALL)


@dataclass(frozen=True)
class Document:
    """A policy or fragment.

    :ivar format: ``rawxml``, or ``xml``, in which lists of ARM have fragments.
    """

    text: str
    format: str = "rawxml"

    @property
    def fault(self) -> str:
        """Why it cannot be read; empty when it can. It holds nothing of the document."""
        return "it is not well-formed" if PolicyXml(self.text, self.format).fault() else ""

    def children(self) -> list[Element]:
        """Return the elements below the wrapper; none of a document that cannot be read."""
        return [child.element for child in PolicyXml(self.text, self.format).children]

    def comments(self) -> list[str]:
        """Return the comments between its elements, which ARM keeps; also of a document that cannot be read."""
        return _COMMENT.findall(self.text)


def document_of(properties: Mapping[str, Any]) -> Document:
    """Return the document in the ``properties`` of a policy or fragment."""
    return Document(str(properties.get("value") or ""), str(properties.get("format") or "xml"))
