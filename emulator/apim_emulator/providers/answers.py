# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a model answers: the same for the same request, and naming the host, the deployment and the region.

Counts of tokens are estimates (a token is about four characters of text), as plausible as they are repeatable.
"""

from __future__ import annotations

import array
import base64
import hashlib
import math
import random
import re
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from apim_emulator.providers.asking import Asked
from apim_emulator.providers.families import Surface

JSON = "application/json"
EVENTS = "text/event-stream; charset=utf-8"
_DONE = b"data: [DONE]\n\n"
_WORDS = re.compile(r"\S+\s*")
_DIMENSIONS = 1536
_SAFE = {name: {"filtered": False, "severity": "safe"} for name in ("hate", "self_harm", "sexual", "violence")}
_FILTERED_PROMPT = [{"prompt_index": 0, "content_filter_results": _SAFE}]
_PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@dataclass(frozen=True, slots=True)
class Model:
    """Who answers: the deployment, at which host, in which region, over which surface."""

    deployment: str
    host: str
    region: str
    surface: Surface

    @property
    def filters(self) -> bool:
        """Tell whether the answers carry Azure OpenAI's content filter results."""
        return self.surface in (Surface.CLASSIC, Surface.V1)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer's media type, its body in the pieces in which it is sent, and the tokens that it cost."""

    media_type: str
    pieces: Sequence[bytes]
    tokens: int = 0


def answer(model: Model, asked: Asked) -> Reply:
    """Return the model's answer to a POST, of all operations but `responses`."""
    return _MAKERS[asked.operation](model, asked.body)


def _chat(model: Model, body: dict[str, Any]) -> Reply:
    messages = body["messages"]
    words, finish = spoken(model, f"{len(messages)} message(s)", body)
    usage = usage_of(3 + sum(4 + count_tokens(message.get("content")) for message in messages), words)
    head = _head("chatcmpl", model)
    if body.get("stream") is True:
        return _stream(model, {**head, "object": "chat.completion.chunk"}, _chat_deltas(words, finish), body, usage)
    choice: dict[str, Any] = {
        "index": 0,
        "finish_reason": finish,
        "logprobs": None,
        "message": {"role": "assistant", "content": "".join(words), "refusal": None},
    }
    return _completion(model, {**head, "object": "chat.completion"}, choice, usage)


def _chat_deltas(words: Sequence[str], finish: str) -> list[dict[str, Any]]:
    choices: list[dict[str, Any]] = [
        {"index": 0, "delta": {"role": "assistant", "content": "", "refusal": None}, "finish_reason": None}
    ]
    choices += [{"index": 0, "delta": {"content": word}, "finish_reason": None} for word in words]
    return [*choices, {"index": 0, "delta": {}, "finish_reason": finish}]


def _text_completion(model: Model, body: dict[str, Any]) -> Reply:
    words, finish = spoken(model, "a prompt", body)
    usage = usage_of(count_tokens(body["prompt"]), words)
    head = {**_head("cmpl", model), "object": "text_completion"}
    if body.get("stream") is True:
        choices: list[dict[str, Any]] = [
            {"index": 0, "text": word, "logprobs": None, "finish_reason": None} for word in words
        ]
        choices.append({"index": 0, "text": "", "logprobs": None, "finish_reason": finish})
        return _stream(model, head, choices, body, usage)
    return _completion(
        model, head, {"index": 0, "text": "".join(words), "logprobs": None, "finish_reason": finish}, usage
    )


def _completion(model: Model, head: dict[str, Any], choice: dict[str, Any], usage: dict[str, int]) -> Reply:
    filtered: dict[str, Any] = {}
    if model.filters:
        choice["content_filter_results"] = _SAFE
        filtered["prompt_filter_results"] = _FILTERED_PROMPT
    content = {**head, "choices": [choice], **filtered, "usage": usage}
    return Reply(JSON, (orjson.dumps(content),), usage["total_tokens"])


def _stream(
    model: Model, head: dict[str, Any], choices: list[dict[str, Any]], body: dict[str, Any], usage: dict[str, int]
) -> Reply:
    """Return the server-sent events of a completion: one per choice, then the usage if it was asked for."""
    options = body.get("stream_options")
    wanted = isinstance(options, dict) and options.get("include_usage") is True
    unknown: dict[str, Any] = {"usage": None} if wanted else {}
    events: list[dict[str, Any]] = []
    if model.filters:
        # Azure OpenAI first tells what it thinks of the prompt, in a chunk without choices.
        blank = {"id": "", "object": "", "created": 0, "model": "", "choices": []}
        events.append({**blank, "prompt_filter_results": _FILTERED_PROMPT, **unknown})
    events += [{**head, "choices": [choice], **unknown} for choice in choices]
    if wanted:
        events.append({**head, "choices": [], "usage": usage})
    pieces = [b"data: %b\n\n" % orjson.dumps(event) for event in events]
    return Reply(EVENTS, (*pieces, _DONE), usage["total_tokens"])


def _embeddings(model: Model, body: dict[str, Any]) -> Reply:
    given = body["input"]
    # A list of numbers is one text that the client has already cut into tokens.
    texts = [given] if isinstance(given, str) or isinstance(given[0], int) else given
    wanted = body.get("dimensions")
    size = wanted if isinstance(wanted, int) and 0 < wanted <= 2 * _DIMENSIONS else _DIMENSIONS
    packed = body.get("encoding_format") == "base64"
    data = []
    for index, text in enumerate(texts):
        vector = _vector(model.deployment, text, size)
        embedding = base64.b64encode(vector.tobytes()).decode("ascii") if packed else vector.tolist()
        data.append({"object": "embedding", "index": index, "embedding": embedding})
    count = sum(count_tokens(text) for text in texts)
    usage = {"prompt_tokens": count, "total_tokens": count}
    content = {"object": "list", "data": data, "model": model.deployment, "usage": usage}
    return Reply(JSON, (orjson.dumps(content),), count)


def _vector(deployment: str, text: Any, size: int) -> array.array[float]:
    """Return a vector of length one that depends on the deployment and the text only."""
    seed = hashlib.sha256(orjson.dumps([deployment, text])).digest()
    source = random.Random(seed)  # noqa: S311 - repeatable on purpose
    values = [source.uniform(-1, 1) for _ in range(size)]
    length = math.sqrt(sum(value * value for value in values))
    return array.array("f", [value / length for value in values])


def _images(model: Model, body: dict[str, Any]) -> Reply:
    wanted = body.get("n")
    count = wanted if isinstance(wanted, int) and 1 <= wanted <= 10 else 1
    prompt = f"An image by {model.deployment} at {model.host} in {model.region}."
    if body.get("response_format") == "b64_json":
        image = {"b64_json": base64.b64encode(_PIXEL).decode("ascii"), "revised_prompt": prompt}
    else:
        image = {"url": f"https://{model.host}/images/generated.png", "revised_prompt": prompt}
    return Reply(JSON, (orjson.dumps({"created": int(time.time()), "data": [image] * count}),))


_MAKERS: dict[str, Callable[[Model, dict[str, Any]], Reply]] = {
    "chat/completions": _chat,
    "completions": _text_completion,
    "embeddings": _embeddings,
    "images/embeddings": _embeddings,
    "images/generations": _images,
}


def _head(kind: str, model: Model) -> dict[str, Any]:
    return {"id": f"{kind}-{secrets.token_hex(14)}", "created": int(time.time()), "model": model.deployment}


def spoken(model: Model, what: str, body: Mapping[str, Any]) -> tuple[list[str], str]:
    """Return the words of an answer, no more than the body's limit of tokens, and why it ends there."""
    words = _WORDS.findall(f"{model.deployment} at {model.host} in {model.region} has read {what}.")
    limits = (body.get(name) for name in ("max_completion_tokens", "max_tokens", "max_output_tokens"))
    limit = next((limit for limit in limits if isinstance(limit, int) and limit > 0), len(words))
    return (words[:limit], "length") if limit < len(words) else (words, "stop")


def usage_of(prompt: int, words: Sequence[str]) -> dict[str, int]:
    """Return the tokens of a prompt and of the answer's words, as completions tell them."""
    return {"prompt_tokens": prompt, "completion_tokens": len(words), "total_tokens": prompt + len(words)}


def count_tokens(content: Any) -> int:
    """Return the estimated number of tokens in text, or in whatever else a message or an input holds."""
    count, waiting = 0, [content]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            count += (len(item) + 3) // 4
        elif isinstance(item, list):
            waiting += item
        elif isinstance(item, dict):
            waiting.append(item.get("text", item.get("content")))
        elif isinstance(item, int):
            # One token of a text that the client has cut into tokens itself.
            count += 1
    return count
