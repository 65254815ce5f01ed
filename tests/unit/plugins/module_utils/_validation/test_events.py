# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Events of streams in the shapes in which providers send them."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.events import (
    ends_early,
    ends_stream,
    has_text,
)
from hypothesis import given
from hypothesis import strategies as st


def delta(**fields: Any) -> dict[str, Any]:
    return {"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": fields, "finish_reason": None}]}


@pytest.mark.parametrize(
    "event",
    [
        delta(content="one"),
        delta(role="assistant", content="one"),
        delta(content=None, refusal="I cannot"),
        delta(content=None, reasoning_content="Let me see"),
        {"object": "text_completion", "choices": [{"text": "one", "index": 0, "finish_reason": None}]},
        {"type": "response.output_text.delta", "delta": "one"},
        {"type": "response.reasoning_summary_text.delta", "delta": "First"},
    ],
)
def test_parts_of_an_answer_are_found(event: dict[str, Any]) -> None:
    assert has_text(event)


@pytest.mark.parametrize(
    "event",
    [
        {"choices": [], "prompt_filter_results": [{"prompt_index": 0}]},
        {"choices": [], "usage": {"total_tokens": 3}},
        {"choices": [{"delta": {}, "finish_reason": "stop"}], "usage": None},
        {"choices": [{"text": "", "finish_reason": "length"}]},
        {"choices": [{"content_filter_offsets": {}, "content_filter_results": {}}]},
        delta(role="assistant", content=""),
        {"type": "response.created", "response": {"output": []}},
        {"type": "response.output_text.done", "text": "one two"},
        {"type": "response.output_text.delta", "delta": ""},
    ],
)
def test_what_stands_around_them_is_none(event: dict[str, Any]) -> None:
    assert not has_text(event)


def test_the_limit_of_an_answer_is_found() -> None:
    assert ends_early({"choices": [{"delta": {}, "finish_reason": "length"}]})
    assert ends_early({"type": "response.incomplete"})
    assert not ends_early({"choices": [{"delta": {}, "finish_reason": "stop"}]})


def test_the_end_of_a_response_is_found() -> None:
    kinds = ("response.completed", "response.incomplete", "response.output_text.done", "response.failed")
    assert [ends_stream({"type": kind}) for kind in kinds] == [True, True, False, False]


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["choices", "delta", "content", "type", "text", "finish_reason"]), inner, max_size=3
        )
    ),
    max_leaves=12,
)


@given(JUNK)
def test_no_event_makes_it_fall(event: Any) -> None:
    assert {has_text(event), ends_early(event), ends_stream(event)} <= {True, False}
