# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One fragment of the shipped policy library at a time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.plugin_utils import _policies

FRAGMENTS = tuple(sorted(_policies.FRAGMENTS))


def render(fragment_id: str, plan: Mapping[str, Any]) -> str:
    """Return the text of a fragment for a routing plan."""
    return next(each["value"] for each in _policies.render_fragments(plan) if each["name"] == fragment_id)
