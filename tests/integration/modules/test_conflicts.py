# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What other objects of the service are in the way of is told before the first write, all of it at once."""

from __future__ import annotations

from typing import Any

from tests.integration.harness import Service
from tests.integration.modules import sdk
from tests.integration.modules.steps import Gateway, task

_CHAT = {"post": {"operationId": "chat", "responses": {"200": {"description": "Done."}}}}
_DEFINITION = {"openapi": "3.0.1", "info": {"title": "T", "version": "1"}, "paths": {"/chat": _CHAT}}


def put_api(service: Service, name: str, path: str, description: str = "") -> None:
    """Make an API with an operation POST /Chat by hand."""
    api = {"displayName": name, "path": path, "protocols": ["https"], "description": description}
    place, client = service.place, service.azure.sdk
    client.api.begin_create_or_update(*place, name, {"properties": api}, polling_interval=0).result()
    operation = {"displayName": "By hand", "method": "POST", "urlTemplate": "/Chat"}
    client.api_operation.create_or_update(*place, name, "by-hand", {"properties": operation})


def test_everything_in_the_way_is_named_at_once(gateway: Gateway) -> None:
    service = gateway.service
    sdk.put_named_value(service, "held", value="1", displayName="aoai-credential")
    sdk.put_named_value(service, "crowd", value="1", tags=[f"t{number}" for number in range(32)])
    put_api(service, "taken", "Models")
    put_api(service, "own", "own", "[owner: platform]")
    gateway.azure.forget()
    wanted: dict[str, Any] = {
        "owner": "platform",
        "adopt": True,
        "named_values": [{"name": "aoai-credential", "secret_value": "new-key"}, {"name": "crowd", "value": "1"}],
        "apis": [
            {"name": "new", "path": "models", "products": ["nowhere"]},
            {"name": "own", "path": "own", "definition": _DEFINITION},
        ],
    }

    check, run = gateway.attempt(
        task("apim_llm_gateway", "check", check=True, **wanted), task("apim_llm_gateway", "run", **wanted)
    )

    rename, remove = "give that one another display name, or remove it first", "remove that operation first"
    assert check.message == run.message
    assert run.message.splitlines() == [
        "Nothing was written:",
        "  - named_values[1] (crowd): tags: has 33 with those of its owners; ARM takes 32",
        "  - API new: its path 'models' is that of the API taken; give it another (path), or remove that API first",
        f"  - named value aoai-credential: its display name is that of the named value held; {rename}",
        "  - API new: there is no product 'nowhere'; create it first, or take it out of products",
        f"  - API operation own/chat: POST /chat is what the operation by-hand of the API answers; {remove}",
    ]
    assert check.writes == run.writes == []


def test_what_has_its_place_already_and_what_goes_first_are_in_nobodys_way(gateway: Gateway) -> None:
    service = gateway.service
    put_api(service, "own", "own", "[owner: platform]")
    operation = {"displayName": "Mine", "method": "POST", "urlTemplate": "/chat", "description": "[owner: platform]"}
    service.azure.sdk.api_operation.delete(*service.place, "own", "by-hand", "*")
    service.azure.sdk.api_operation.create_or_update(*service.place, "own", "mine", {"properties": operation})

    (step,) = gateway.attempt(
        task("apim_llm_gateway", owner="platform", apis=[{"name": "own", "path": "/OWN/", "definition": _DEFINITION}])
    )

    assert step.writes[-2:] == ["DELETE apis/own/operations/mine", "PUT apis/own/operations/chat"]
