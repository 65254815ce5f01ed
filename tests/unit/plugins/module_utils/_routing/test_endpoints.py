# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Endpoints as portals show them: what stands for an account is taken, what leads to no place is refused."""

from __future__ import annotations

import pytest

from tests.unit.plugins.module_utils._routing.inventories import backend, external, only_problem, plan_of

ACCOUNT = "https://a.services.ai.azure.com"


@pytest.mark.parametrize("kind", ["ai-foundry", "azure-openai"])
@pytest.mark.parametrize("suffix", ["", "/", "/openai/v1", "/openai"])
@pytest.mark.parametrize("host", [ACCOUNT, "https://a.cognitiveservices.azure.com"])
def test_a_project_is_its_account(host: str, suffix: str, kind: str) -> None:
    written = backend("b", endpoint=f"{host}/api/projects/team-1{suffix}", backend_type=kind)
    assert plan_of(written) == plan_of(backend("b", endpoint=host, backend_type=kind))


@pytest.mark.parametrize(
    ("kind", "endpoint", "fault", "remedy"),
    [
        ("azure-openai", f"{ACCOUNT}/models", "a path that no account", ACCOUNT),
        ("ai-foundry", f"{ACCOUNT}/api/projects", "a path that no account", ACCOUNT),
        ("ai-foundry", f"{ACCOUNT}/api/projects/p/agents", "a path that no account", ACCOUNT),
        ("ai-foundry", f"{ACCOUNT}/models/chat/completions?api-version=2024-05-01-preview", "an operation", ACCOUNT),
        ("azure-openai", "https://a.openai.azure.com/openai/deployments/gpt-4o", "a deployment", "https://a.openai.azure.com"),
        (
            "azure-openai",
            "https://a.openai.azure.us/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21",
            "a deployment",
            "https://a.openai.azure.us",
        ),
        ("azure-openai", "https://g.example/aoai/openai/deployments/x", "a deployment", "https://g.example/aoai"),
        ("ai-foundry", "https://a.eastus.models.ai.azure.com/chat/completions", "an operation", "https://a.eastus.models.ai.azure.com"),
        ("external", "https://api.openai.com/v1/chat/completions", "an operation", "https://api.openai.com/v1"),
        ("external", "https://api.openai.com/v1/responses/", "an operation", "https://api.openai.com/v1"),
        ("external", "https://api.example/v1/Embeddings", "an operation", "https://api.example/v1"),
        ("external", "https://api.example/v1/completions?key=1", "an operation", "https://api.example/v1"),
    ],
)  # fmt: skip
def test_an_endpoint_that_leads_nowhere_is_refused(kind: str, endpoint: str, fault: str, remedy: str) -> None:
    fields = {} if kind != "external" else {"auth_scheme": "api_key"}
    problem = only_problem(backend("b", backend_type=kind, endpoint=endpoint, **fields))
    assert problem.path == "llm_backends[0].endpoint"
    assert fault in problem.message
    assert problem.remedy == f"write {remedy}"


@pytest.mark.parametrize(
    ("kind", "endpoint"),
    [
        ("external", "https://api.example/api/v2"),
        ("external", "https://gateway.example/openai/deployments/gpt-4o"),
        ("external", "https://a.openai.azure.com/openai/v1"),
        ("external", "https://gateway.example/completions/v1"),
        ("azure-openai", "https://gateway.example/aoai"),
        ("ai-foundry", "https://gateway.example/api/projects/p"),
        ("ai-foundry", "https://a.eastus.models.ai.azure.com/v1"),
    ],
)
def test_a_path_that_serves_stays(kind: str, endpoint: str) -> None:
    item = (
        external("b", endpoint=endpoint) if kind == "external" else backend("b", backend_type=kind, endpoint=endpoint)
    )
    assert plan_of(item)["backends"][0]["url"] == endpoint
