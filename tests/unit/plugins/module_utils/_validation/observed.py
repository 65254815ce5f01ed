# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a gateway answered, and plans by which that is judged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.observations import Attempt, Observation
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.questions import Question, question

API = {"name": "universal-llm-api", "path": "models", "type": "openai"}
INFERENCE = {"name": "inference-api", "path": "inference", "type": "models-inference"}
AZURE = {"name": "azure-openai-api", "path": "openai", "type": "azure-openai"}
CONTENT = {"choices": [{"message": {"content": "ready"}}]}


def chat(model: str = "gpt-4o") -> Question:
    """A chat with a model by the Universal LLM API."""
    return question(API, model, "chat", {})


def url_of(plan: dict[str, Any], backend: str) -> str:
    """The URL of a backend of a plan."""
    return next(str(each["url"]) for each in plan["backends"] if each["name"] == backend)


def sent(plan: dict[str, Any], backend: str, status: int | None = 200, **fields: Any) -> Attempt:
    """A request to a backend of a plan, as a trace tells of it."""
    return Attempt(f"{url_of(plan, backend)}/chat/completions", status, **fields)


def answer(attempts: Sequence[Attempt] | None = None, /, **fields: Any) -> Observation:
    """The right answer to a chat with gpt-4o, which other fields may spoil."""
    given = {"question": chat(), "status": 200, "content": CONTENT, "duration_ms": 10.0, **fields}
    return Observation(attempts=None if attempts is None else list(attempts), **given)
