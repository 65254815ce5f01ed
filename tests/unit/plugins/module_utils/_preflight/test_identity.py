# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The managed identity: there, attached, and whose roles count."""

from __future__ import annotations

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._preflight.findings import Unread
from ansible_collections.citadel.ai_gateway.plugins.module_utils._preflight.identity import (
    Identity,
    judge_identity,
    principal_of,
)

from tests.unit.plugins.module_utils._preflight.facts import CLIENT_ID, IDENTITY_ID, PRINCIPAL, service

FOUND = {"properties": {"clientId": CLIENT_ID, "principalId": PRINCIPAL}}
NAMED = Identity("id-apim", resource_id=IDENTITY_ID, found=FOUND)
ABSENT = Identity("id-apim", resource_id=IDENTITY_ID)
KNOWN = Identity(CLIENT_ID, client_id=CLIENT_ID)


@pytest.mark.parametrize("identity", [NAMED, KNOWN, Identity(CLIENT_ID, client_id=CLIENT_ID.upper())])
@pytest.mark.parametrize("attached", [IDENTITY_ID, IDENTITY_ID.lower()])
def test_an_attached_identity_passes(identity: Identity, attached: str) -> None:
    found = judge_identity(service(attached), identity, ["a"])
    assert (found.check, found.subject, found.outcome) == ("identity", identity.name, "passed")
    assert principal_of(service(attached), identity) == PRINCIPAL


@pytest.mark.parametrize("attached", [[], [f"{IDENTITY_ID}-2"]])
def test_an_identity_that_is_not_attached_fails_and_its_roles_are_known(attached: list[str]) -> None:
    found = judge_identity(service(*attached), NAMED, ["a"])
    assert (found.outcome, found.message.split(",")[0]) == ("failed", "is not attached to the service")
    assert "Managed identities" in found.remedy
    assert principal_of(service(*attached), NAMED) == PRINCIPAL


def test_a_client_id_that_no_attached_identity_has_fails_and_tells_nothing_else() -> None:
    found = judge_identity(service(), KNOWN, ["a"])
    assert found.outcome == "failed"
    assert "or correct managed_identity (apim_managed_identity)" in found.remedy
    assert principal_of(service(), KNOWN) == ""


def test_an_identity_that_is_gone_fails_though_the_service_still_lists_it() -> None:
    found = judge_identity(service(IDENTITY_ID), ABSENT, ["a"])
    assert (found.outcome, found.message) == ("failed", f"there is no managed identity {IDENTITY_ID}")


def test_an_identity_that_may_not_be_read_fails_for_the_onboarding_reads_it_too() -> None:
    unread = Identity("id-apim", resource_id=IDENTITY_ID, found=Unread("HTTP 403 AuthorizationFailed: no", 403))
    found = judge_identity(service(IDENTITY_ID), unread, ["a"])
    assert found.outcome == "failed"
    assert "cannot be read: HTTP 403 AuthorizationFailed: no" in found.message
    assert "the role Reader" in found.remedy
    assert principal_of(service(IDENTITY_ID), unread) == PRINCIPAL


def test_an_identity_in_a_group_that_does_not_exist_fails() -> None:
    unread = Identity("id-apim", resource_id=IDENTITY_ID, found=Unread("HTTP 404 ResourceGroupNotFound: no", 404))
    found = judge_identity(service(IDENTITY_ID), unread, ["a"])
    assert (found.outcome, found.remedy) == ("failed", "correct managed_identity (apim_managed_identity)")


def test_no_identity_is_right_where_none_is_shown() -> None:
    assert judge_identity(service(), None, []).outcome == "skipped"
    found = judge_identity(service(), None, ["a", "b"])
    assert found.outcome == "failed"
    assert "shall be shown to a, b, and none is given" in found.message


@pytest.mark.parametrize("bare", [{}, {"identity": None}, {"identity": {"userAssignedIdentities": None}}])
def test_a_service_without_identities_has_none_attached(bare: dict[str, object]) -> None:
    assert judge_identity(bare, NAMED, ["a"]).outcome == "failed"
