# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter llm_workbook_content: the shipped workbook, for one Application Insights resource."""

from __future__ import annotations

from ansible_collections.citadel.ai_gateway.plugins.filter import llm_workbook_content as door
from ansible_collections.citadel.ai_gateway.plugins.plugin_utils._workbook import render_workbook

COMPONENT = "/subscriptions/0/resourceGroups/rg/providers/microsoft.insights/components/appi"


def test_ansible_finds_the_filter_by_its_name() -> None:
    assert door.FilterModule().filters() == {"llm_workbook_content": door.llm_workbook_content}


def test_the_filter_returns_the_workbook_of_the_folder_monitoring() -> None:
    content = door.llm_workbook_content(COMPONENT)
    assert content == render_workbook(COMPONENT)
    assert content["fallbackResourceIds"] == [COMPONENT]
