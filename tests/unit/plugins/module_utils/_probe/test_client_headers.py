# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Headers that go with every request, and the token among them."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.client import ArmClient
from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.errors import AuthenticationFailed
from ansible_collections.citadel.ai_gateway.plugins.module_utils._probe.client_headers import ClientHeaders

from tests.unit.plugins.module_utils._azure.azure_server import TOKEN, Answer, AzureServer, S

Connect = Callable[..., ArmClient]


def test_without_an_audience_there_is_no_token(arm: AzureServer, connect: Connect) -> None:
    arm.on("GET", f"{S}/apis", Answer(body={"value": []}))
    client = connect()
    assert ClientHeaders(client, {"x-team": "ci"}, "")() == {"x-team": "ci"}
    client.list(f"{S}/apis")
    assert [each.path for each in arm.arm_requests()] == [f"{S}/apis"]


@pytest.mark.parametrize("audience", ["api://llm", "api://llm/", "api://llm/.default"])
def test_the_signed_in_account_gets_a_token_for_the_audience(arm: AzureServer, connect: Connect, audience: str) -> None:
    headers = ClientHeaders(connect(), {"x-team": "ci"}, audience)
    assert [headers(), headers()] == [{"x-team": "ci", "Authorization": f"Bearer {TOKEN}"}] * 2
    assert arm.token_request.form["scope"] == "api://llm/.default"


def test_a_token_is_renewed_before_it_expires(
    arm: AzureServer, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = ClientHeaders(connect(), {}, "api://llm")
    arm.serve_token(Answer(body={"token_type": "Bearer", "expires_in": 3600, "access_token": "another"}))
    first, now = headers(), time.time()
    monkeypatch.setattr(time, "time", lambda: now + 3310)
    assert [first, headers()] == [{"Authorization": f"Bearer {TOKEN}"}, {"Authorization": "Bearer another"}]


def test_an_audience_that_gives_no_token_is_told(arm: AzureServer, connect: Connect) -> None:
    client = connect()
    ClientHeaders(client, {}, "api://known")()
    refusal = {"error": "invalid_resource", "error_description": "AADSTS500011: no such resource."}
    arm.serve_token(Answer(400, refusal))
    with pytest.raises(AuthenticationFailed, match="AADSTS500011") as caught:
        ClientHeaders(client, {}, "api://nobody")()
    assert "get a token for" in str(caught.value)
    assert "api://nobody" in str(caught.value)
