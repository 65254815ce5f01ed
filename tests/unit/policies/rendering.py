# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One fragment of the shipped policy library at a time."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.plugin_utils import _policies

POLICIES = Path(__file__).parents[3] / "policies"
FRAGMENTS = tuple(sorted(_policies.FRAGMENTS))
TOKEN_AUDIENCE = _policies.TOKEN_AUDIENCE


def render(fragment_id: str, plan: Mapping[str, Any], audience: str = TOKEN_AUDIENCE) -> str:
    """Return the text of a fragment for a routing plan."""
    return next(each["value"] for each in _policies.render_fragments(plan, audience) if each["name"] == fragment_id)
