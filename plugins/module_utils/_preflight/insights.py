# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Application Insights resource that the workbook asks: whether it exists, and whether it may be read.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._preflight.findings import (
    DELAY,
    FAILED,
    INSIGHTS,
    PASSED,
    Finding,
    Unread,
)

_OPTION = "application_insights (llm_workbook.application_insights)"


@dataclass(frozen=True)
class Insights:
    """An Application Insights resource.

    :ivar resource_id: its ARM id.
    :ivar found: what ARM has there, None when nothing is.
    """

    resource_id: str
    found: Mapping[str, Any] | Unread | None

    @property
    def name(self) -> str:
        """The last part of its id."""
        return self.resource_id.rpartition("/")[2]


def judge_insights(insights: Insights) -> Finding:
    """Judge whether a workbook can be deployed for the resource."""
    found = insights.found
    if found is None:
        message = f"there is no Application Insights resource {insights.resource_id}"
        return Finding(INSIGHTS, insights.name, FAILED, message, f"create it, or correct {_OPTION}")
    if isinstance(found, Unread):
        message = f"{insights.resource_id} cannot be read: {found.reason}"
        remedy = f"grant the signed-in account the role Reader on it; {DELAY}" if found.status == 403 else ""
        return Finding(INSIGHTS, insights.name, FAILED, message, remedy or f"correct {_OPTION}")
    return Finding(INSIGHTS, insights.name, PASSED, f"exists in {found.get('location')}")
