# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which references to Key Vault a service has an identity for."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.identities import Identities

ONE, OTHER = "0f3c9a52-8c4e-4a4b-9f4e-1d2c3b4a5f60", "1f3c9a52-8c4e-4a4b-9f4e-1d2c3b4a5f60"


def attached(*client_ids: str | None, kind: str = "UserAssigned") -> dict[str, Any]:
    """The identities of a service, as ARM returns them."""
    return {"type": kind, "userAssignedIdentities": {f"/id/{each}": {"clientId": each} for each in client_ids}}


def value(client_id: str | None) -> dict[str, Any]:
    """A named value that refers to a secret."""
    return {"name": "key", "key_vault": {"secret_identifier": "https://v/secrets/s", "identity_client_id": client_id}}


@pytest.mark.parametrize(
    ("identity", "client_id"),
    [
        ({"type": "SystemAssigned"}, None),
        ({"type": "systemassigned, UserAssigned", "userAssignedIdentities": None}, None),
        (attached(OTHER, ONE), ONE),
        (attached(ONE.upper()), ONE),
        (attached(ONE), ONE.upper()),
        (attached(OTHER, None), ONE),
    ],
    ids=["its own", "both", "one of two", "capitals there", "capitals given", "one without a client id"],
)
def test_what_the_service_can_read_is_no_problem(identity: dict[str, Any], client_id: str | None) -> None:
    assert Identities.of(identity).unreadable([value(client_id)]) == []


@pytest.mark.parametrize(
    "identity", [None, {}, {"type": "None"}, attached(ONE), {"userAssignedIdentities": {"/i": None}}]
)
def test_a_service_without_an_identity_of_its_own_reads_nothing_by_it(identity: dict[str, Any] | None) -> None:
    (problem,) = Identities.of(identity).unreadable([value(None)])
    assert problem.startswith("named_values[0] (key): key_vault: the service has no identity of its own")
    assert "give apim_managed_identity" in problem


@pytest.mark.parametrize("identity", [None, {"type": "SystemAssigned"}, attached(OTHER)])
def test_an_identity_that_is_not_attached_is_named(identity: dict[str, Any] | None) -> None:
    (problem,) = Identities.of(identity).unreadable([{"name": "plain", "value": "v"}, value(ONE)])
    assert problem.startswith(
        f"named_values[1] (key): key_vault: the identity {ONE} that shall read it is not attached"
    )


def test_values_without_a_key_vault_need_no_identity() -> None:
    named_values: list[dict[str, Any]] = [
        {"name": "plain", "value": "v"},
        {"name": "secret", "secret_value": "s", "key_vault": None},
    ]
    assert Identities.of(None).unreadable(named_values) == []
