# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The responses API: one message as an answer, as a whole or as its events, and what is kept of it."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from apim_emulator.providers.answers import EVENTS, JSON, Model, Reply, count_tokens, spoken, usage_of
from apim_emulator.providers.asking import metadata_of
from apim_emulator.providers.errors import openai_error
from apim_emulator.providers.objects import Objects, StoredObject


def check_request(body: Mapping[str, Any], host: str, objects: Objects) -> None:
    """Raise Refused for a previous response that the host does not have, and for a background one that is not kept."""
    previous = body.get("previous_response_id")
    if previous is not None and (not isinstance(previous, str) or objects.get(host, "responses", previous) is None):
        text = f"Previous response with id '{previous}' not found."
        raise openai_error(400, text, "previous_response_not_found", "previous_response_id")
    if body.get("background") is True and body.get("store") is False:
        raise openai_error(400, "Background responses require 'store' to be true.", "invalid_value", "background")


def respond(model: Model, body: Mapping[str, Any]) -> tuple[StoredObject, Reply]:
    """Return the response to a POST: what the provider may keep, and what it answers.

    One that runs in the background is queued at first, and done when it is next asked for.
    """
    words, finish = spoken(model, "an input", body)
    message, part = _message("".join(words))
    started = _started(model, body)
    is_whole = finish == "stop"
    done = {
        **started,
        "status": "completed" if is_whole else "incomplete",
        "incomplete_details": None if is_whole else {"reason": "max_output_tokens"},
        "output": [message],
        "usage": _usage(body, words),
    }
    tokens = done["usage"]["total_tokens"]
    items = _input_items(body["input"])
    if body.get("stream") is True:
        pieces = _events(started, done, message, part, words)
        return StoredObject("responses", done, items), Reply(EVENTS, pieces, tokens)
    if started["background"]:
        queued = {**started, "status": "queued"}
        return StoredObject("responses", queued, items, done), Reply(JSON, (orjson.dumps(queued),), tokens)
    return StoredObject("responses", done, items), Reply(JSON, (orjson.dumps(done),), tokens)


def _started(model: Model, body: Mapping[str, Any]) -> dict[str, Any]:
    instructions, limit = body.get("instructions"), body.get("max_output_tokens")
    return {
        "id": f"resp_{secrets.token_hex(24)}",
        "object": "response",
        "created_at": int(time.time()),
        "status": "in_progress",
        "background": body.get("background") is True,
        "error": None,
        "incomplete_details": None,
        "instructions": instructions if isinstance(instructions, str) else None,
        "max_output_tokens": limit if isinstance(limit, int) else None,
        "metadata": metadata_of(body),
        "model": model.deployment,
        "output": [],
        "parallel_tool_calls": True,
        "previous_response_id": body.get("previous_response_id"),
        "store": body.get("store") is not False,
        "temperature": 1.0,
        "text": {"format": {"type": "text"}},
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "truncation": "disabled",
        "usage": None,
    }


def _message(text: str) -> tuple[dict[str, Any], dict[str, Any]]:
    part = {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
    identity = f"msg_{secrets.token_hex(24)}"
    return {"id": identity, "type": "message", "role": "assistant", "status": "completed", "content": [part]}, part


def _usage(body: Mapping[str, Any], words: Sequence[str]) -> dict[str, Any]:
    counted = usage_of(count_tokens(body["input"]), words)
    return {
        "input_tokens": counted["prompt_tokens"],
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": counted["completion_tokens"],
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": counted["total_tokens"],
    }


def _input_items(given: Any) -> bytes:
    """Return the items of an input as they are listed, as JSON: text as a message of the user, each item with an id."""
    items = [{"role": "user", "content": given}] if isinstance(given, str) else given
    try:
        return orjson.dumps([_input_item(item) for item in items])
    except orjson.JSONEncodeError as error:
        raise openai_error(400, "The input is nested too deeply.", "invalid_value", "input") from error


def _input_item(item: Mapping[str, Any]) -> dict[str, Any]:
    kind = item.get("type", "message")
    if kind != "message":
        return {"id": f"item_{secrets.token_hex(24)}", **item}
    content = item.get("content")
    if isinstance(content, str):
        text = "output_text" if item.get("role") == "assistant" else "input_text"
        content = [{"type": text, "text": content}]
    identity = f"msg_{secrets.token_hex(24)}"
    return {"id": identity, "type": kind, "status": "completed", **item, "content": content}


def _events(
    started: dict[str, Any], done: dict[str, Any], message: dict[str, Any], part: dict[str, Any], words: Sequence[str]
) -> list[bytes]:
    """Return the server-sent events of a response."""
    place = {"item_id": message["id"], "output_index": 0, "content_index": 0}
    added = {**message, "status": "in_progress", "content": []}
    events: list[tuple[str, dict[str, Any]]] = [
        ("response.created", {"response": started}),
        ("response.in_progress", {"response": started}),
        ("response.output_item.added", {"output_index": 0, "item": added}),
        ("response.content_part.added", {**place, "part": {**part, "text": ""}}),
        *(("response.output_text.delta", {**place, "delta": word, "logprobs": []}) for word in words),
        ("response.output_text.done", {**place, "text": part["text"], "logprobs": []}),
        ("response.content_part.done", {**place, "part": part}),
        ("response.output_item.done", {"output_index": 0, "item": message}),
        (f"response.{done['status']}", {"response": done}),
    ]
    return [
        b"event: %b\ndata: %b\n\n" % (name.encode(), orjson.dumps({"type": name, "sequence_number": number, **data}))
        for number, (name, data) in enumerate(events)
    ]
