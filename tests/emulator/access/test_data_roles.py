# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a role assignment means for requests that a gateway sends with its managed identity."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from tests.emulator.access.land import FOUNDRY, IDENTITY, OPENAI, OPENAI_USER, SUB, USER, Land
from tests.emulator.gateway.site import Site

OPENAI_CHAT = "https://aoai-east.openai.azure.com/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21"
FOUNDRY_HOST = "foundry-custom.services.ai.azure.com"
FOUNDRY_OPENAI = f"https://{FOUNDRY_HOST}/openai/deployments/chat/chat/completions?api-version=2024-10-21"
FOUNDRY_MODELS = f"https://{FOUNDRY_HOST}/models/chat/completions?api-version=2024-05-01-preview"
CHAT = "Microsoft.CognitiveServices/accounts/OpenAI/deployments/chat/completions/action"
GROUP = f"{SUB}/resourceGroups/rg-models"

# The policy that sends on to the URL in a header, with a token of the gateway's identity or with a key.
POLICY = (
    '<choose><when condition="@(context.Request.Headers.ContainsKey("x-key"))">'
    '<set-header name="api-key" exists-action="override"><value>some-key</value></set-header></when><otherwise>'
    '<set-header name="api-key" exists-action="delete" />'
    '<authentication-managed-identity client-id="22222222-2222-2222-2222-222222222222"'
    ' resource="https://cognitiveservices.azure.com" /></otherwise></choose>'
    '<set-backend-service base-url="@(context.Request.Headers.GetValueOrDefault("x-to"))" />'
    '<rewrite-uri template="@(context.Request.Headers.GetValueOrDefault("x-path"))"'
    ' copy-unmatched-params="false" />'
)


class Door:
    """A gateway that asks a URL with its identity."""

    def __init__(self, land: Land) -> None:
        self._site = Site(land.azure)
        self._site.policy(inbound=POLICY)

    def ask(self, url: str, **headers: str) -> requests.Response:
        """POST a chat request."""
        origin, _, path = url.removeprefix("https://").partition("/")
        own = {"api-key": self._site.key, "x-to": f"https://{origin}", "x-path": f"/{path}", **headers}
        return self._site.ask(body={"model": "Phi-4"}, headers=own)


@pytest.fixture
def door(land: Land) -> Iterator[Door]:
    """A gateway in a service that is empty again afterwards."""
    yield Door(land)
    land.azure.clean()


def denied(answer: requests.Response) -> str:
    """Return the message of a refusal for want of a role."""
    assert answer.status_code == 401, answer.text
    error = answer.json()["error"]
    assert error["code"] == "PermissionDenied"
    return str(error["message"])


def test_a_role_lets_pass(door: Door) -> None:
    assert door.ask(OPENAI_CHAT).status_code == 200


def test_without_a_role(door: Door) -> None:
    assert denied(door.ask(FOUNDRY_OPENAI)) == (
        f"The principal `{IDENTITY}` lacks the required data action `{CHAT}` to perform "
        "`POST /openai/deployments/{deployment-id}/chat/completions` operation."
    )


def test_changes_hold_at_once(land: Land, door: Door) -> None:
    assert door.ask(OPENAI_CHAT).status_code == 200
    land.unassign(OPENAI, OPENAI_USER)
    denied(door.ask(OPENAI_CHAT))
    assert land.assign(OPENAI, OPENAI_USER).status_code == 201
    assert door.ask(OPENAI_CHAT).status_code == 200


@pytest.mark.parametrize("scope", [FOUNDRY, GROUP, SUB])
def test_a_role_above_holds_below(land: Land, door: Door, scope: str) -> None:
    assert land.assign(scope, USER).status_code == 201
    assert door.ask(FOUNDRY_OPENAI).status_code == 200


@pytest.mark.parametrize("scope", [f"{FOUNDRY}/deployments/chat", OPENAI, f"{SUB}/resourceGroups/rg-open"])
def test_a_role_elsewhere_does_not(land: Land, door: Door, scope: str) -> None:
    assert land.assign(scope, USER).status_code == 201
    denied(door.ask(FOUNDRY_OPENAI))


@pytest.mark.parametrize(
    "role",
    [
        "25fbc0a9-bd7c-42a3-aa1a-3b75d497ee68",
        "acdd72a7-3385-48ef-bd42-f606fba81ae7",
        "b24988ac-6180-42a0-ab88-20f7382dd24c",
        "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
    ],
)
def test_roles_that_manage_do_not_ask_models(land: Land, door: Door, role: str) -> None:
    assert land.assign(FOUNDRY, role).status_code == 201
    denied(door.ask(FOUNDRY_OPENAI))


@pytest.mark.parametrize(
    ("role", "lets_pass"),
    [
        (USER, True),
        ("64702f94-c441-49e6-a78b-ef80e0188fee", True),
        (OPENAI_USER, False),
        ("a001fd3d-188f-4b5d-821b-7da978bf7442", False),
    ],
)
def test_model_inference_needs_more_than_a_role_of_openai(
    land: Land, door: Door, role: str, *, lets_pass: bool
) -> None:
    assert land.assign(FOUNDRY, role).status_code == 201
    answer = door.ask(FOUNDRY_MODELS)
    if lets_pass:
        assert answer.status_code == 200
    else:
        message = denied(answer)
        assert "`Microsoft.CognitiveServices/accounts/MaaS/chat/completions/action`" in message
        assert "`POST /models/chat/completions`" in message


def test_a_custom_role(land: Land, door: Door) -> None:
    path = f"{SUB}/providers/Microsoft.Authorization/roleDefinitions"
    listed = land.azure.arm("GET", path, version="2022-04-01", params={"$filter": "roleName eq 'Chat only'"}).json()
    assert land.assign(FOUNDRY, listed["value"][0]["name"]).status_code == 201
    assert door.ask(FOUNDRY_OPENAI).status_code == 200
    denied(door.ask(FOUNDRY_OPENAI.replace("chat/completions", "embeddings")))


def test_a_host_of_no_account_takes_any_identity(door: Door) -> None:
    assert door.ask(OPENAI_CHAT.replace("aoai-east", "of-nobody")).status_code == 200


def test_an_account_may_take_no_keys(land: Land, door: Door) -> None:
    for host in ("aoai-east.openai.azure.com", "foundry-custom.openai.azure.com"):
        land.azure.admin("PUT", f"providers/{host}", json={"api_keys": ["some-key"]})
    try:
        refused = door.ask(OPENAI_CHAT, **{"x-key": "yes"})
        assert (refused.status_code, refused.json()["error"]["code"]) == (403, "AuthenticationTypeDisabled")
        taken = OPENAI_CHAT.replace("aoai-east", "foundry-custom").replace("gpt-4o", "chat")
        assert door.ask(taken, **{"x-key": "yes"}).status_code == 200
    finally:
        for host in ("aoai-east.openai.azure.com", "foundry-custom.openai.azure.com"):
            land.azure.admin("DELETE", f"providers/{host}")


def test_deployments_of_an_account_are_those_of_its_hosts(land: Land, door: Door) -> None:
    assert land.assign(FOUNDRY, USER).status_code == 201
    answer = door.ask(FOUNDRY_OPENAI.replace("deployments/chat/", "deployments/none/"))
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "DeploymentNotFound")
