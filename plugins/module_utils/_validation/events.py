# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the events of streams hold: parts of an answer, or what stands around them.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# Members of a delta that hold what a model writes: its answer, why it gives none, and what some show of its thinking.
_WRITTEN = ("content", "refusal", "reasoning_content", "reasoning")
# Why a chat ended, and how a response did, when the request allowed no longer answer (OpenAI's API reference).
_TOO_LONG, _INCOMPLETE = "length", "response.incomplete"


def has_text(event: Any) -> bool:
    """Tell whether an event holds a part of an answer, in the shapes of chats, completions and responses.

    Azure OpenAI's first event has no choices but what filters say of the prompt; the last one may hold usage alone.
    """
    if not isinstance(event, Mapping):
        return False
    if str(event.get("type", "")).endswith(".delta"):
        return _is_text(event.get("delta"))
    return any(_is_part(choice) for choice in _choices(event))


def ends_early(event: Any) -> bool:
    """Tell whether an event says that the answer reached the limit of its request."""
    if not isinstance(event, Mapping):
        return False
    is_cut = any(choice.get("finish_reason") == _TOO_LONG for choice in _choices(event))
    return is_cut or event.get("type") == _INCOMPLETE


def ends_stream(event: Any) -> bool:
    """Tell whether an event is the last one of a response, whose streams have no ``[DONE]``."""
    return isinstance(event, Mapping) and event.get("type") in ("response.completed", _INCOMPLETE)


def _choices(event: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    choices = event.get("choices")
    return [each for each in choices if isinstance(each, Mapping)] if isinstance(choices, list) else []


def _is_part(choice: Mapping[str, Any]) -> bool:
    delta = choice.get("delta")
    written = [delta.get(name) for name in _WRITTEN] if isinstance(delta, Mapping) else []
    return any(_is_text(each) for each in [*written, choice.get("text")])


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)
