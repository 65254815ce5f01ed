# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The order in which wanted objects are written, where that of their kinds would send a token to a stranger.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ansible_collections.citadel.ai_gateway.plugins.module_utils._changes import UPDATED, Change


def with_late_changes(stages: Sequence[Sequence[Change]]) -> list[list[Change]]:
    """Return the stages, with changes that must wait for the policies in stages of their own behind all others.

    Policies authenticate requests to a backend or pool by its name. When a name goes over from the managed identity to
    another way, and requests to it go somewhere new, that place must not get the token which the old policies still
    add: the policies lose the token first, and gateways see that before the rest is written. In the other direction the
    usual order does the same.
    """
    updates = [change for stage in stages for change in stage if change.decide() == UPDATED]
    tokens: dict[str, bool] = {}
    for change in updates:
        tokens |= change.resource.token_changes(change.before or {}, change.after or {})
    if all(tokens.values()):
        return [list(stage) for stage in stages]
    for change in updates:
        change.late = _goes_elsewhere(change) and not _gets_token(change, tokens)
    now = [[change for change in stage if not change.late] for stage in stages]
    late = [[change for change in stage if change.late] for stage in stages]
    return [*now, *filter(None, late)]


def _goes_elsewhere(change: Change) -> bool:
    """Tell whether requests to an object will reach what they did not reach before."""
    resource = change.resource
    return bool(resource.destinations(change.after or {}) - resource.destinations(change.before or {}))


def _gets_token(change: Change, tokens: Mapping[str, bool]) -> bool:
    """Backends of single deployments have no name in the policies; they count as the account that loses its token."""
    return tokens.get(change.name.lower(), False)
