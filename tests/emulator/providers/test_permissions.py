# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which data action a request needs, and how refusals call the operation."""

from __future__ import annotations

import pytest
from apim_emulator.providers.asking import operation_of
from apim_emulator.providers.errors import Dialect
from apim_emulator.providers.families import azure_family, locate
from apim_emulator.providers.permissions import needed
from apim_emulator.providers.stored import stored_call

HOST = "foundry.services.ai.azure.com"


@pytest.mark.parametrize(
    ("method", "path", "action", "operation"),
    [
        (
            "POST",
            "/openai/deployments/d/chat/completions",
            "OpenAI/deployments/chat/completions/action",
            "/openai/deployments/{deployment-id}/chat/completions",
        ),
        (
            "POST",
            "/openai/deployments/d/embeddings",
            "OpenAI/deployments/embeddings/action",
            "/openai/deployments/{deployment-id}/embeddings",
        ),
        (
            "POST",
            "/openai/deployments/d/images/generations",
            "OpenAI/images/generations/action",
            "/openai/deployments/{deployment-id}/images/generations",
        ),
        (
            "POST",
            "/openai/v1/chat/completions",
            "OpenAI/deployments/chat/completions/action",
            "/openai/v1/chat/completions",
        ),
        ("POST", "/openai/responses", "OpenAI/responses/write", "/openai/responses"),
        ("POST", "/openai/v1/responses", "OpenAI/responses/write", "/openai/v1/responses"),
        ("GET", "/openai/v1/responses/r", "OpenAI/responses/read", "/openai/v1/responses/{response_id}"),
        ("DELETE", "/openai/v1/responses/r", "OpenAI/responses/delete", "/openai/v1/responses/{response_id}"),
        ("POST", "/openai/v1/files", "OpenAI/files/write", "/openai/v1/files"),
        ("GET", "/openai/files/f/content", "OpenAI/files/read", "/openai/files/{file-id}/content"),
        ("POST", "/openai/v1/batches/b/cancel", "OpenAI/batch-jobs/write", "/openai/v1/batches/{batch-id}/cancel"),
        ("GET", "/openai/v1/models", "OpenAI/models/read", "/openai/v1/models"),
        ("GET", "/openai/models/m", "OpenAI/models/read", "/openai/models/{model-id}"),
        ("POST", "/models/chat/completions", "MaaS/chat/completions/action", "/models/chat/completions"),
        ("POST", "/models/images/embeddings", "MaaS/images/embeddings/action", "/models/images/embeddings"),
        ("GET", "/models/info", "MaaS/info/read", "/models/info"),
    ],
)
def test_what_a_request_needs(method: str, path: str, action: str, operation: str) -> None:
    family = azure_family(HOST)
    assert family is not None
    place = locate(family, "", path)
    assert place is not None
    dialect = Dialect(place.surface, method, path)
    stored = stored_call(place, dialect)
    need = needed(place, stored.kind if stored else operation_of(place, dialect)[0], method)
    assert need.action == f"Microsoft.CognitiveServices/accounts/{action}"
    assert need.operation == f"{method} {operation}"
