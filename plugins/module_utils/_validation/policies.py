# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks into policies as ARM shows them in format ``rawxml``.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.policy_xml import PolicyXml


def elements_of(text: str) -> Iterator[Element]:
    """Yield every element below the wrapper of a policy or fragment; none of a text that is none."""
    for child in PolicyXml(text, "rawxml").children():
        yield from child.element.iter()
