# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a service is what its inventory says, by what an onboarding in check mode would change."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.checks import FAILED, PASSED, Check
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.drift import judge_drift


def outcome(action: str, before: str = "", after: str = "", **more: Any) -> dict[str, Any]:
    title = "backend a"
    difference = {"before_header": title, "after_header": title, "before": before, "after": after}
    return {"objects": [{"kind": "backend", "name": "a", "action": action}], "diff": [difference], **more}


def judged(given: dict[str, Any]) -> Check:
    (check,) = judge_drift(given)
    assert check.group == "configuration"
    return check


def test_what_is_as_the_inventory_says_passes() -> None:
    check = judged(outcome("unchanged", diff=[]))
    assert (check.name, check.outcome) == ("backend a", PASSED)


@pytest.mark.parametrize(
    ("action", "message"),
    [
        ("created", "does not exist"),
        ("deleted", "is not in the inventory"),
        ("failed", "cannot be brought to what the inventory says"),
        ("skipped", "was not compared, because something before it failed"),
        ("of a later version", "of a later version"),
    ],
)
def test_what_differs_fails(action: str, message: str) -> None:
    check = judged(outcome(action, "a: 1", "a: 2"))
    assert (check.outcome, check.message) == (FAILED, message)
    assert "--check --diff" in check.remedy


def test_the_reason_of_a_failure_is_told() -> None:
    errors = [{"kind": "backend", "name": "a", "message": "the pool p uses it"}]
    assert judged(outcome("failed", errors=errors)).message.endswith(":\nthe pool p uses it")


def test_changed_lines_are_shown() -> None:
    check = judged(outcome("updated", "url: old\nkept: 1\n-- dashes\n", "url: new\nkept: 1\n"))
    assert check.message == "differs from the inventory:\n- url: old\n+ url: new\n- -- dashes"


def test_of_many_or_long_lines_a_part_is_shown() -> None:
    before, after = ("\n".join(f"{number} {text * 300}" for number in range(9)) for text in "ab")
    lines = judged(outcome("updated", before, after)).message.splitlines()
    assert lines[-1] == "and 10 more lines"
    assert len(lines) == 10
    assert max(map(len, lines)) == 160


@pytest.mark.parametrize("diff", [None, [], [{"prepared": "text"}], [{"before_header": "backend b"}]])
def test_a_difference_that_is_not_shown_is_still_one(diff: Any) -> None:
    assert judged(outcome("updated", diff=diff)).message == "differs from the inventory"


@pytest.mark.parametrize(("given", "message"), [({"msg": "no service"}, "no service"), ({}, "could not be compared")])
def test_a_comparison_that_failed_is_a_failed_check(given: dict[str, Any], message: str) -> None:
    check = judged({"failed": True, **given})
    assert (check.name, check.outcome) == ("the inventory", FAILED)
    assert message in check.message
