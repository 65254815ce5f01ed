# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shipped policy library: the templates in the collection's folder ``policies``.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import jinja2
from ansible_collections.citadel.ai_gateway.plugins.plugin_utils._csharp import csharp_literal
from ansible_collections.citadel.ai_gateway.plugins.plugin_utils._targets import unusual_targets, usual_targets

_POLICIES = Path(__file__).resolve().parents[2] / "policies"

# In the order in which an API's policy includes them; the last one belongs into GET /deployments.
FRAGMENTS = {
    "set-llm-requested-model": "Finds the model that a request asks for",
    "set-backend-pools": "Lists the pools and backends that serve the requested model",
    "set-target-backend-pool": "Chooses the pool or backend, of those that the caller may use",
    "set-backend-authorization": "Authenticates to the chosen backend and sends the request there",
    "set-llm-usage": "Emits the token usage as metrics",
    "get-available-models": "Lists the models that the gateway serves",
}


@lru_cache(maxsize=1)
def _environment() -> jinja2.Environment:
    """Return the environment of the templates, with the settings of Ansible's template module."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_POLICIES),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701  # the target is C# in XML, for which csharp_literal escapes
    )
    environment.filters["citadel.ai_gateway.csharp_literal"] = csharp_literal
    return environment


def render_fragments(plan: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return the policy fragments of a routing plan, each with ``name``, ``description`` and ``value`` (rawxml).

    :param plan: a plan of the filter ``llm_routing_plan``.
    """
    variables = {
        "llm_routing_plan": plan,
        "llm_usual_targets": usual_targets(plan["routes"]),
        "llm_unusual_targets": unusual_targets(plan["routes"]),
    }
    return [
        {
            "name": name,
            "description": description,
            "value": _environment().get_template(f"{name}.xml.j2").render(variables),
        }
        for name, description in FRAGMENTS.items()
    ]
