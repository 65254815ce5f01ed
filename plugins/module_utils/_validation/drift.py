# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judges whether a service is what its inventory says, by what an onboarding would change.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.checks import Check, failed, passed

_WORDS = {
    "created": "does not exist",
    "deleted": "is not in the inventory",
    "updated": "differs from the inventory",
    "failed": "cannot be brought to what the inventory says",
    "skipped": "was not compared, because something before it failed",
}
_REMEDY = "run playbooks/onboard.yml for this inventory, with --check --diff to see all of it first"
_MOST_LINES, _LONGEST_LINE = 8, 160


def judge_drift(outcome: Mapping[str, Any]) -> Iterator[Check]:
    """Yield a check for each object of the inventory.

    :param outcome: result of module ``apim_llm_gateway`` in check mode and diff mode; without ``objects`` when it
        failed before it could compare.
    """
    if "objects" not in outcome:
        message = str(outcome.get("msg") or "the service could not be compared with the inventory")
        yield failed("configuration", "the inventory", message, "repair what the message names, and validate again")
        return
    differences = {each.get("before_header"): each for each in outcome.get("diff") or ()}
    reasons = {f"{each['kind']} {each['name']}": str(each["message"]) for each in outcome.get("errors") or ()}
    for each in outcome["objects"]:
        title = f"{each['kind']} {each['name']}"
        if each["action"] == "unchanged":
            yield passed("configuration", title)
        else:
            told = _WORDS.get(each["action"], each["action"])
            changes = _changes(differences.get(title)) if each["action"] == "updated" else []
            changes += [reasons[title]] if title in reasons else []
            yield failed("configuration", title, "\n".join([told + (":" if changes else ""), *changes]), _REMEDY)


def _changes(difference: Mapping[str, str] | None) -> list[str]:
    """Return the lines that differ: ``-`` for what the service has, ``+`` for what the inventory says."""
    if difference is None:
        return []
    before, after = difference["before"].splitlines(), difference["after"].splitlines()
    lines = list(difflib.unified_diff(before, after, lineterm="", n=0))[2:]
    changed = [f"{line[0]} {line[1:].strip()}"[:_LONGEST_LINE] for line in lines if line.startswith(("+", "-"))]
    more = len(changed) - _MOST_LINES
    return [*changed[:_MOST_LINES], *([f"and {more} more lines"] if more > 0 else [])]
