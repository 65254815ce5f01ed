# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What roles allow: wildcards and exclusions, the built-in roles, and where an assignment holds."""

from __future__ import annotations

from functools import cache

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._preflight.roles import (
    allows,
    allows_requests,
    applies,
    definition_of,
)
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.plugins.module_utils._preflight.facts import GROUP, SUBSCRIPTION, assignment, definition

CHAT = "Microsoft.CognitiveServices/accounts/OpenAI/deployments/chat/completions/action"
ACCOUNT = f"{GROUP}/providers/Microsoft.CognitiveServices/accounts/aoai"

# Few letters, so that patterns match often; what regular expressions and shells read as special is among them.
_TEXTS = st.text("aB/.[?+", max_size=8)
_PATTERNS = st.text("aB/.[?+*", max_size=8)


def matches(pattern: str, text: str) -> bool:
    """Whether a pattern matches, said letter by letter instead of by a regular expression."""

    @cache
    def rest(i: int, j: int) -> bool:
        if i == len(pattern):
            return j == len(text)
        if pattern[i] == "*":
            return rest(i + 1, j) or (j < len(text) and rest(i, j + 1))
        return j < len(text) and pattern[i].lower() == text[j].lower() and rest(i + 1, j + 1)

    return rest(0, 0)


@given(_PATTERNS, _TEXTS)
def test_a_star_stands_for_any_text_and_nothing_else_is_special(pattern: str, text: str) -> None:
    assert allows({"dataActions": [pattern]}, text) == matches(pattern, text)


@given(_TEXTS, st.data())
def test_an_action_with_parts_replaced_by_stars_allows_it(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    assert allows({"dataActions": ["other", f"{text[:start]}*{text[end:]}".swapcase()]}, text)


@given(st.lists(_PATTERNS), st.lists(_PATTERNS), _TEXTS)
def test_what_is_taken_away_is_not_allowed(granted: list[str], taken: list[str], text: str) -> None:
    expected = any(matches(each, text) for each in granted) and not any(matches(each, text) for each in taken)
    assert allows({"dataActions": granted, "notDataActions": taken}, text) == expected


def test_actions_of_the_control_plane_allow_no_request() -> None:
    assert not allows({"actions": ["*"]}, CHAT)
    assert not allows({"actions": ["*"], "dataActions": None, "notDataActions": None}, CHAT)


def test_what_one_permission_takes_away_another_may_give() -> None:
    role = definition("Custom", "*", without=("*/OpenAI/*",))
    assert not allows_requests(role, "azure-openai")
    role["properties"]["permissions"].append({"dataActions": [CHAT]})
    assert allows_requests(role, "azure-openai")


@pytest.mark.parametrize(
    ("role", "openai", "foundry"),
    [
        ("Cognitive Services OpenAI User", True, False),
        ("Cognitive Services OpenAI Contributor", True, False),
        ("Cognitive Services User", True, True),
        ("Azure AI Developer", True, True),
        ("Owner", False, False),
        ("Cognitive Services Contributor", False, False),
    ],
)
def test_built_in_roles(role: str, openai: bool, foundry: bool) -> None:
    assert allows_requests(definition(role), "azure-openai") == openai
    assert allows_requests(definition(role), "ai-foundry") == foundry


@pytest.mark.parametrize(
    ("action", "family"),
    [
        (CHAT, "azure-openai"),
        ("Microsoft.CognitiveServices/accounts/OpenAI/deployments/embeddings/action", "azure-openai"),
        ("microsoft.cognitiveservices/accounts/openai/responses/*", "azure-openai"),
        ("Microsoft.CognitiveServices/accounts/MaaS/*", "ai-foundry"),
        ("Microsoft.CognitiveServices/accounts/MaaS/*/action", "ai-foundry"),
    ],
)
def test_a_role_for_one_kind_of_request_is_enough(action: str, family: str) -> None:
    assert allows_requests(definition("Custom", action), family)
    assert not allows_requests(definition("Custom", "Microsoft.CognitiveServices/accounts/OpenAI/*/read"), family)


def test_a_role_without_permissions_allows_nothing() -> None:
    assert not allows_requests({"properties": {}}, "azure-openai")


@pytest.mark.parametrize(
    ("scope", "holds"),
    [
        (ACCOUNT, True),
        (ACCOUNT.upper(), True),
        (GROUP, True),
        (f"/subscriptions/{SUBSCRIPTION}", True),
        ("/providers/Microsoft.Management/managementGroups/contoso", True),
        ("/", True),
        (f"{ACCOUNT}/projects/one", False),
        (f"{ACCOUNT}-2", False),
        (f"{GROUP}-2", False),
        ("/subscriptions/99999999-9999-9999-9999-999999999999", False),
    ],
)
def test_an_assignment_holds_at_its_scope_and_below(scope: str, holds: bool) -> None:
    assert applies(assignment(scope, "r"), ACCOUNT) == holds


def test_the_role_of_an_assignment_is_known_by_its_guid() -> None:
    assert definition_of(assignment(ACCOUNT, "5E0BD9BD-7B93")) == "5e0bd9bd-7b93"
    above = {"properties": {"roleDefinitionId": "/providers/Microsoft.Authorization/roleDefinitions/A1"}}
    assert definition_of(above) == "a1"
