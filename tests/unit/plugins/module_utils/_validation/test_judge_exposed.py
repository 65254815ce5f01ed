# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""APIs whose answers hand credentials to clients."""

from __future__ import annotations

from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.checks import FAILED
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.judge_exposed import judge_exposed


def test_each_api_is_told_once_with_all_places() -> None:
    found = list(judge_exposed({"b": {"the body"}, "a": {"the body", "header x-debug-auth"}}))
    assert [(check.group, check.name, check.outcome) for check in found] == [
        ("secrets", "answers of API a", FAILED),
        ("secrets", "answers of API b", FAILED),
    ]
    assert found[0].message == "they hand a credential to whoever asks: header x-debug-auth, the body"
    assert "rotate the credential" in found[0].remedy


def test_apis_that_hand_out_nothing_are_not_told() -> None:
    assert not list(judge_exposed({}))
