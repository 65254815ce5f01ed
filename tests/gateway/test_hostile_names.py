# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Models whose names would break XML, C#, JSON, named values or templates if they were not written as literals."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest

from tests.gateway.conftest import Onboard
from tests.gateway.gateway import HELLO, Gateway, error_of
from tests.gateway.hub import Hub, policies
from tests.integration.inventory import Unsafe, backend

NAMES = [
    "it's",
    'quoted "twice"',
    '"; } return "x"; {',
    '" + context.Subscription.Key + "',
    "back\\slash",
    "\\",
    "\\u0041\\n",
    "]]>",
    "<![CDATA[",
    "</set-variable>",
    "<!-- comment -->",
    "a & b",
    "&amp;&lt;",
    "{{uami-client-id}}",
    "{{no such value}}",
    "{{ '{{' }} {% raw %}",
    "@(1 + 1)",
    "@{ return 1; }",
    '$"{1}"',
    "INDEX POOLTYPE MODELS",
    "//comment",
    "/* comment",
    "模型-模型",
    "modèle Straße",
    "🤖",
    # A letter whose lower case is younger than some .NET.
    "\u13a0",
    "org/model:tag",
    "percent%20%2F",
    # No comma: allowedModels separates names by commas, so that an inventory cannot have one in a name.
    "semi;colon",
    "x" * 256,
    "é" * 256,
]
# The names that may be one segment of a path, where an account of Azure OpenAI has them.
DEPLOYED = [f"deployed {name}"[:256] for name in NAMES if not set(name) & set("/\\?#%")]


@pytest.fixture(scope="module")
def gateway(onboard: Onboard) -> Gateway:
    """Each name as a pool of two providers that take it in the body, and each that can be one as a deployment."""
    bodies = [
        backend(
            f"body-{number}",
            *map(Unsafe, NAMES),
            backend_type="ai-foundry",
            endpoint=f"https://body-{number}.services.ai.azure.com",
            priority=number,
        )
        for number in (1, 2)
    ]
    return onboard(
        *bodies, backend("path", *map(Unsafe, DEPLOYED)), llm_azure_openai_api={"deploy": True, "path": "openai"}
    )


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_requested_by_its_name(gateway: Gateway, name: str) -> None:
    response = gateway.ask(body=name)
    assert response.status_code == 200, response.text
    reached = gateway.only("provider")
    assert (
        reached["url"] == "https://body-1.services.ai.azure.com/models/chat/completions?api-version=2024-05-01-preview"
    )
    assert json.loads(reached["body"]) == {"model": name, "messages": HELLO}
    assert response.json()["model"] == name


@pytest.mark.parametrize("name", DEPLOYED, ids=range(len(DEPLOYED)))
def test_deployed_by_its_name(gateway: Gateway, name: str) -> None:
    response = gateway.ask(body=name)
    assert response.status_code == 200, response.text
    assert gateway.only("provider")["deployment"] == name


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_requested_in_the_path(gateway: Gateway, name: str) -> None:
    response = gateway.ask(f"/openai/deployments/{quote(name, safe='')}/chat/completions", {"messages": HELLO})
    if set(name) & set("\\?#{}"):
        # These could begin a query or a template where a path is rewritten.
        assert error_of(response) == (400, "invalid_request")
        assert gateway.log("provider") == []
    else:
        assert response.status_code == 200, response.text
        assert json.loads(gateway.only("provider")["body"]) == {"model": name, "messages": HELLO}


def test_all_are_listed(gateway: Gateway) -> None:
    listed = gateway.ask("/models/deployments", method="GET").json()["value"]
    assert {entry["name"] for entry in listed} == {*NAMES, *DEPLOYED}
    message = gateway.ask(body="not there").json()["error"]["message"]
    assert [name for name in NAMES if name not in message] == []


def test_products_can_name_them(gateway: Gateway) -> None:
    apis = [api.name for api in gateway.azure.sdk.api.list_by_service(*gateway.service.place)]
    key = Hub(gateway.service).product(
        "one-pool", policies('<set-variable name="allowedBackendPools" value="path" />'), *apis
    )
    assert error_of(gateway.ask(body="back\\slash", headers={"api-key": key})) == (403, "backend_pool_access_forbidden")
    assert gateway.ask(body="deployed a & b", headers={"api-key": key}).status_code == 200
