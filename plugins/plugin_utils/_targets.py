# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the policies must know of each route beyond its type, written as exceptions from what is usual.

Most routes of a large inventory are alike, so a policy that names only the others stays small. PRIVATE to the
citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

_AZURE_TYPES = ("azure-openai", "ai-foundry")
_TYPES = (*_AZURE_TYPES, "external")
# What the package's own policy retries, for pools that a hub has beside this inventory.
_USUAL_RETRIES = 2


class Target(NamedTuple):
    """How a request to a route is made, see ``routes`` of a plan."""

    family: str
    token_audience: str
    retries: int


def usual_targets(routes: Sequence[Mapping[str, Any]]) -> dict[str, Target]:
    """Return the target of each type of pool: what pools have that are not in the plan, and most of those that are.

    :param routes: ``routes`` of a plan.
    """
    audience = _most_common(
        (route["token_audience"] for route in routes if route["family"] in _AZURE_TYPES and route["token_audience"]), ""
    )
    return {
        kind: Target(
            family=kind,
            token_audience=audience if kind in _AZURE_TYPES else "",
            retries=_most_common(
                (route["retries"] for route in routes if route["type"] == kind and route["pooled"]), _USUAL_RETRIES
            ),
        )
        for kind in _TYPES
    }


def unusual_targets(routes: Sequence[Mapping[str, Any]]) -> dict[Target, list[str]]:
    """Return target -> names of the routes (lower case) that have it and are not as usual for their type."""
    usual = usual_targets(routes)
    unusual: dict[Target, list[str]] = {}
    for route in routes:
        target = Target(route["family"], route["token_audience"], route["retries"])
        if target != usual[route["type"]]:
            unusual.setdefault(target, []).append(route["name"].lower())
    return unusual


def _most_common(values: Iterable[Any], otherwise: Any) -> Any:
    """Return the value that occurs most often, the least of several."""
    counts = Counter(values)
    return min(counts, key=lambda value: (-counts[value], value)) if counts else otherwise
