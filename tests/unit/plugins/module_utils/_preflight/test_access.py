# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Roles on the accounts behind endpoints, from what ARM tells to findings."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._preflight.access import Access, judge_role
from ansible_collections.citadel.ai_gateway.plugins.module_utils._preflight.findings import Unread

from tests.unit.plugins.module_utils._preflight.facts import (
    GROUP,
    PRINCIPAL,
    SUBSCRIPTION,
    account,
    assignment,
    definition,
    target,
)

AOAI = account("aoai")
OPENAI = target("https://aoai.openai.azure.com")
FOUNDRY = target("https://aoai.cognitiveservices.azure.com", "ai-foundry")
REFUSED = Unread("HTTP 403 AuthorizationFailed: no", 403)


def access(*roles: dict[str, Any], **changes: Any) -> Access:
    """The identity has these roles on the account."""
    wanted: dict[str, Any] = {
        "principal": PRINCIPAL,
        "subscription_id": SUBSCRIPTION,
        "accounts": [AOAI],
        "assignments": {AOAI["id"]: [assignment(AOAI["id"], each["name"].lower()) for each in roles]},
        "definitions": {each["name"].lower(): each for each in roles},
    }
    return Access(**{**wanted, **changes})


def test_the_role_of_the_documents_passes() -> None:
    found = judge_role(OPENAI, access(definition("Cognitive Services OpenAI User")))
    assert (found.check, found.subject, found.outcome) == ("role", "b", "passed")
    assert found.message == f"Cognitive Services OpenAI User on {AOAI['id']}"
    assert judge_role(FOUNDRY, access(definition("Cognitive Services User"))).outcome == "passed"


def test_one_of_several_roles_is_enough() -> None:
    roles = access(definition("Owner"), definition("Azure AI Developer"))
    assert judge_role(FOUNDRY, roles).outcome == "passed"


def test_no_role_fails_with_the_command_that_helps() -> None:
    found = judge_role(OPENAI, access())
    assert found.outcome == "failed"
    assert found.message == f"the managed identity has no role on {AOAI['id']} that allows requests to its models"
    assert f"--assignee-object-id {PRINCIPAL} " in found.remedy
    assert f"--role 'Cognitive Services OpenAI User' --scope {AOAI['id']}" in found.remedy


def test_roles_that_do_not_help_are_named() -> None:
    one = judge_role(FOUNDRY, access(definition("Cognitive Services OpenAI User")))
    assert (one.outcome, one.message.partition("; ")[2]) == (
        "failed",
        "Cognitive Services OpenAI User there does not",
    )
    assert "--role 'Cognitive Services User'" in one.remedy
    two = judge_role(OPENAI, access(definition("Owner"), definition("Cognitive Services Contributor")))
    assert two.message.endswith("; Cognitive Services Contributor, Owner there do not")


def test_a_role_below_the_account_is_none() -> None:
    user = definition("Cognitive Services User")
    project = {AOAI["id"]: [assignment(f"{AOAI['id']}/projects/p", user["name"].lower())]}
    assert judge_role(FOUNDRY, access(user, assignments=project)).outcome == "failed"
    above = {AOAI["id"]: [assignment(GROUP, user["name"].lower())]}
    assert judge_role(FOUNDRY, access(user, assignments=above)).message == f"Cognitive Services User on {GROUP}"


def test_a_role_that_was_deleted_is_none() -> None:
    user = definition("Cognitive Services User")
    assert judge_role(FOUNDRY, access(user, definitions={user["name"].lower(): None})).outcome == "failed"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"accounts": REFUSED}, f"the accounts of subscription {SUBSCRIPTION} cannot be listed: HTTP 403 "),
        (
            {"accounts": []},
            f"no account in subscription {SUBSCRIPTION} that the signed-in account may read has its host",
        ),
        ({"accounts": [AOAI, {**AOAI, "id": "two"}]}, "2 accounts share its host, "),
        ({"principal": ""}, "the identity is not known"),
        ({"assignments": {AOAI["id"]: REFUSED}}, f"role assignments on {AOAI['id']} cannot be read: HTTP 403 "),
        ({"definitions": {"owner": REFUSED}}, "the role definition owner cannot be read: HTTP 403 "),
    ],
)
def test_what_cannot_be_read_is_skipped_with_a_way_to_check(changes: dict[str, Any], message: str) -> None:
    found = judge_role(OPENAI, access(definition("Owner"), **changes))
    assert found.outcome == "skipped"
    assert found.message.startswith(f"needs 'Cognitive Services OpenAI User', but {message}")
    assert "az role assignment list" in found.remedy


def test_a_role_that_allows_passes_though_another_cannot_be_read() -> None:
    both = access(definition("Owner"), definition("Cognitive Services User"))
    assert judge_role(
        OPENAI, Access(**{**vars(both), "definitions": {**both.definitions, "owner": REFUSED}})
    ).outcome == ("passed")


@pytest.mark.parametrize("scheme", ["api_key", "token"])
def test_backends_with_credentials_need_no_role(scheme: str) -> None:
    found = judge_role(target("https://aoai.openai.azure.com", auth_scheme=scheme), access())
    assert (found.outcome, found.message) == ("skipped", f"it is called with credentials of its own ({scheme})")


@pytest.mark.parametrize(
    ("endpoint", "kind"),
    [("https://m.swedencentral.models.ai.azure.com", "ai-foundry"), ("https://llm.contoso.com/v1", "external")],
)
def test_hosts_that_are_no_accounts_are_skipped(endpoint: str, kind: str) -> None:
    found = judge_role(target(endpoint, kind), access())
    assert found.outcome == "skipped"
    assert "is not an account of Cognitive Services" in found.message
