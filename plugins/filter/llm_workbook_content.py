# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter ``llm_workbook_content``: the shipped workbook, for an Application Insights resource."""

from __future__ import annotations

DOCUMENTATION = r"""
name: llm_workbook_content
short_description: Render the monitoring workbook of this collection
version_added: 1.0.0
author: citadel.ai_gateway contributors (@citadel)
description:
  - Returns the content of a workbook, made of the template and the queries in the folder C(monitoring) of this
    collection.
positional: _input
options:
  _input:
    description:
      - ARM id of the Application Insights resource that is asked where the workbook is opened without one, as from a
        link.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Show the content, to paste it into the advanced editor of a workbook
  vars:
    insights: >-
      /subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-citadel-governance-hub/providers/microsoft.insights/components/appi-citadel
  ansible.builtin.debug:
    msg: "{{ insights | citadel.ai_gateway.llm_workbook_content }}"
"""

RETURN = r"""
_value:
  description: The content, as the option O(citadel.ai_gateway.apim_llm_workbook#module:content) takes it.
  type: dict
"""

from collections.abc import Callable
from typing import Any


def llm_workbook_content(application_insights: str) -> dict[str, Any]:
    """Return the content of the workbook."""
    # Ansible loads every filter to find one, so what this one needs waits until it is called.
    from ansible_collections.citadel.ai_gateway.plugins.plugin_utils._workbook import render_workbook

    return render_workbook(application_insights)


class FilterModule:
    """Names the filter for Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters of this file by name."""
        return {"llm_workbook_content": llm_workbook_content}
