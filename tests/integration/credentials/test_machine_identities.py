# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signing in without a secret of one's own: as the machine's managed identity, and as who uses the Azure CLI."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.integration.credentials.signing_in import Machine, proof, sign_in
from tests.integration.harness import IDENTITY_CLIENT_ID, SUBSCRIPTION, Azure

pytestmark = pytest.mark.gate

_ENDPOINT_VARIABLES = ("IDENTITY_ENDPOINT", "IDENTITY_HEADER")


def test_managed_identity_is_the_machines_or_the_named_one(machine: Machine) -> None:
    endpoint = {name: machine.known[name] for name in _ENDPOINT_VARIABLES}

    own, named, unknown = machine.run(
        sign_in("the machine's", environment=endpoint, auth_source="msi"),
        sign_in("named", environment=endpoint, auth_source="msi", client_id=IDENTITY_CLIENT_ID),
        sign_in("unknown", environment=endpoint, auth_source="msi", client_id="99999999-0000-0000-0000-000000000000"),
    )

    assert [step.result.get("msg") for step in (own, named) if step.failed] == []
    assert proof(own) == "managed identity of the machine"
    assert proof(named) == f"managed identity {IDENTITY_CLIENT_ID}"
    assert "AuthenticationFailed" in unknown.message
    assert unknown.arm == []


@pytest.fixture
def token(azure: Azure, client: dict[str, Any]) -> str:
    """An access token for ARM, as az has one for who is signed in."""
    cloud = azure.environment["AZURE_CLOUD_ENVIRONMENT"]
    form = {
        "grant_type": "client_credentials",
        "client_id": client["client_id"],
        "client_secret": client["secret"],
        "scope": f"{cloud}/.default",
    }
    answer = requests.post(
        f"{cloud}/{client['tenant']}/oauth2/v2.0/token",
        data=form,
        verify=azure.environment["SSL_CERT_FILE"],
        timeout=30,
    )
    answer.raise_for_status()
    return str(answer.json()["access_token"])


def az(token: str, log: Path) -> str:
    """Return a script that answers as az does when somebody is signed in, and notes what it is asked.

    The real az is too large to be installed for a test. What the modules rely on is its documented command line and
    output, by which azure-identity asks it too: `az account get-access-token` and `az account show`.
    """
    answer = {
        "accessToken": token,
        "expiresOn": time.strftime("%Y-%m-%d %H:%M:%S.000000", time.localtime(time.time() + 3600)),
        "expires_on": int(time.time()) + 3600,
        "subscription": SUBSCRIPTION,
        "tenant": "11111111-1111-1111-1111-111111111111",
        "tokenType": "Bearer",
    }
    return (
        f"echo \"$@\" >> '{log}'\n"
        f"case \"$1 $2\" in\n  'account get-access-token') cat <<'END'\n{json.dumps(answer)}\nEND\n;;\n"
        f"  'account show') echo {SUBSCRIPTION} ;;\n  *) exit 2 ;;\nesac"
    )


def test_the_account_of_the_azure_cli_is_used_when_nothing_else_is_given(
    machine: Machine, token: str, tmp_path: Path
) -> None:
    log = tmp_path / "az.log"
    machine.install("az", az(token, log))

    auto, asked_for, subscription, with_tenant = machine.run(
        sign_in("auto"),
        sign_in("asked for", auth_source="cli", environment={"AZURE_CLIENT_ID": "somebody", "AZURE_SECRET": "else"}),
        sign_in("its subscription", auth_source="cli", subscription_id=""),
        sign_in("tenant", auth_source="cli", tenant="11111111-1111-1111-1111-111111111111"),
    )

    steps = (auto, asked_for, subscription, with_tenant)
    assert [step.result.get("msg") for step in steps if step.failed] == []
    assert not [request for step in steps for request in step.requests if request.plane == "login"]
    assert subscription.result["gateway"]["id"].startswith(f"/subscriptions/{SUBSCRIPTION}/")
    calls = log.read_text(encoding="utf-8").splitlines()
    tokens = [call for call in calls if call.startswith("account get-access-token")]
    assert len(tokens) == 4
    assert all(f"--resource {machine.cloud}" in call for call in tokens)
    assert [("--tenant" in call) for call in tokens] == [False, False, False, True]
    assert [call for call in calls if call not in tokens] == ["account show --query id --output tsv"]
    assert token not in machine.output


def test_an_azure_cli_that_nobody_is_signed_in_to_is_told(machine: Machine) -> None:
    machine.install("az", "echo \"ERROR: Please run 'az login' to setup account.\" >&2\nexit 1")

    (step,) = machine.run(sign_in("signed out"))

    assert "az login" in step.message
    assert step.arm == []


def test_no_credentials_and_no_azure_cli_are_told(machine: Machine) -> None:
    auto, asked_for = machine.run(sign_in("auto"), sign_in("asked for", auth_source="cli"))

    for step in (auto, asked_for):
        assert "there is no az on the PATH: install it and run az login, or give other credentials" in step.message
        assert "AZURE_TENANT, AZURE_CLIENT_ID and AZURE_SECRET" in step.message
        assert step.requests == []
