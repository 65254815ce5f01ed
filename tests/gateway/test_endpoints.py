# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which URL a provider gets, for each family of endpoints, however the inventory spells the endpoint."""

from __future__ import annotations

from typing import Any

import pytest

from tests.gateway.conftest import Onboard
from tests.gateway.gateway import CHAT, HELLO, Gateway
from tests.integration.inventory import backend

# Family: type, host, spellings of the endpoint's path, and the chat URL below the host, `{}` for the model.
FAMILIES: dict[str, tuple[str, str, tuple[str, ...], str]] = {
    "account": (
        "azure-openai",
        "account.openai.azure.com",
        ("", "/", "/openai", "/openai/", "/openai/v1", "/openai/v1/"),
        "/openai/deployments/{}/chat/completions?api-version=2024-10-21",
    ),
    "foundry": (
        "ai-foundry",
        "foundry.cognitiveservices.azure.com",
        ("", "/", "/models", "/models/", "/openai"),
        "/models/chat/completions?api-version=2024-05-01-preview",
    ),
    "project": (
        "ai-foundry",
        "project.services.ai.azure.com",
        ("", "/", "/models", "/models/"),
        "/models/chat/completions?api-version=2024-05-01-preview",
    ),
    "serverless": (
        "ai-foundry",
        "my-foundry-project.eastus.models.ai.azure.com",
        ("", "/"),
        "/chat/completions?api-version=2024-05-01-preview",
    ),
    "compute": (
        "ai-foundry",
        "compute.westus.inference.ml.azure.com",
        ("", "/"),
        "/chat/completions?api-version=2024-05-01-preview",
    ),
    "external": ("external", "api.externalprovider.com", ("/v1", "/v1/"), "/v1/chat/completions"),
}
SPELLINGS = [(family, index) for family, (_, _, paths, _) in FAMILIES.items() for index in range(len(paths))]
VERSION = "2025-01-01-preview"


def _backend(family: str, index: int) -> dict[str, Any]:
    kind, host, paths, _ = FAMILIES[family]
    scheme = "api_key" if kind == "external" else "managed_identity"
    name = f"{family}-{index}"
    return backend(name, name, backend_type=kind, endpoint=f"https://{host}{paths[index]}", auth_scheme=scheme)


@pytest.fixture(scope="module")
def gateway(onboard: Onboard) -> Gateway:
    """One model for each spelling of each family, and both APIs."""
    return onboard(
        *(_backend(*spelling) for spelling in SPELLINGS), llm_azure_openai_api={"deploy": True, "path": "openai"}
    )


@pytest.fixture(autouse=True)
def _external_provider(gateway: Gateway, _calm_providers: None) -> None:
    """Let the external host exist; those of Azure always do."""
    gateway.provider(FAMILIES["external"][1])


def _expected(family: str, index: int) -> str:
    _, host, _, url = FAMILIES[family]
    return f"https://{host}{url.format(f'{family}-{index}')}"


@pytest.mark.parametrize(("family", "index"), SPELLINGS)
def test_every_spelling_gives_the_same_request(gateway: Gateway, family: str, index: int) -> None:
    assert gateway.ask(body=f"{family}-{index}").status_code == 200
    reached = gateway.only("provider")
    assert reached["url"] == _expected(family, index)
    assert reached["status"] == 200


@pytest.mark.parametrize("family", FAMILIES)
def test_the_shape_of_azure_openai_reaches_every_family(gateway: Gateway, family: str) -> None:
    response = gateway.azure_openai.chat.completions.create(model=f"{family}-0", messages=HELLO)
    assert response.choices[0].message.content
    assert gateway.only("provider")["url"] == _expected(family, 0)


@pytest.mark.parametrize("family", ["account", "foundry", "serverless"])
def test_a_version_that_the_client_names_stays(gateway: Gateway, family: str) -> None:
    assert gateway.ask(f"{CHAT}?api-version={VERSION}&trace=1", f"{family}-0").status_code == 200
    reached = gateway.only("provider")
    assert reached["api_version"] == VERSION
    assert "trace=1" in reached["url"]


@pytest.mark.parametrize(
    ("path", "body", "urls"),
    [
        (
            "embeddings",
            {"input": "one"},
            {"account": "/openai/deployments/account-0/embeddings?", "foundry": "/models/embeddings?"},
        ),
        (
            "images/generations",
            {"prompt": "a bridge"},
            {
                "account": "/openai/deployments/account-0/images/generations?",
                "foundry": "/openai/deployments/foundry-0/images/generations?",
            },
        ),
        (
            "completions",
            {"prompt": "Once"},
            {
                "account": "/openai/deployments/account-0/completions?",
                "foundry": "/openai/deployments/foundry-0/completions?",
                "external": "/v1/completions",
            },
        ),
    ],
)
def test_other_operations(gateway: Gateway, path: str, body: dict[str, Any], urls: dict[str, str]) -> None:
    for family, url in urls.items():
        gateway.azure.forget()
        answer = gateway.ask(f"/models/{path}", {"model": f"{family}-0", **body})
        assert answer.status_code == 200, answer.text
        assert gateway.only("provider")["url"].partition(FAMILIES[family][1])[2].startswith(url)
