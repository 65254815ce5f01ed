# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Renders the shipped fragments as the template lookup of Ansible does, without starting Ansible."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2
from ansible_collections.citadel.ai_gateway.plugins.filter.csharp_literal import csharp_literal

POLICIES = Path(__file__).parents[3] / "policies"
FRAGMENTS = (
    "get-available-models",
    "set-backend-authorization",
    "set-backend-pools",
    "set-llm-requested-model",
    "set-llm-usage",
    "set-target-backend-pool",
)
TOKEN_AUDIENCE = "https://cognitiveservices.azure.com"

# The settings in which Ansible's templates differ from Jinja's defaults.
_ENVIRONMENT = jinja2.Environment(
    loader=jinja2.FileSystemLoader(POLICIES),
    trim_blocks=True,
    keep_trailing_newline=True,
    undefined=jinja2.StrictUndefined,
)
_ENVIRONMENT.filters["citadel.ai_gateway.csharp_literal"] = csharp_literal


def render(fragment_id: str, plan: Mapping[str, Any], audience: str = TOKEN_AUDIENCE) -> str:
    """Return the text of a fragment for a routing plan."""
    template = _ENVIRONMENT.get_template(f"{fragment_id}.xml.j2")
    return template.render(llm_routing_plan=plan, llm_token_audience=audience)
