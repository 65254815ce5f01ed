# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a gateway is asked: a request for each model in the shape of each API, and for what it must refuse.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote

from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.model_options import ModelOptions

#: Types of APIs: the model in the body, the same as model inference has it, the model in the path.
OPENAI, MODELS_INFERENCE, AZURE_OPENAI = "openai", "models-inference", "azure-openai"
API_TYPES = (OPENAI, MODELS_INFERENCE, AZURE_OPENAI)

# Capability of a model -> path of the operation that uses it, in the body-shaped APIs.
_OPERATIONS = {
    "chat": "/chat/completions",
    "completions": "/completions",
    "embeddings": "/embeddings",
    "images": "/images/generations",
    "responses": "/responses",
}
# Types of APIs that lack one of these operations (policies/apis/*.json).
_LACKING = {MODELS_INFERENCE: ("responses",)}
# In the Azure OpenAI API these name the model in the body, the others in the path.
_BODY_ONLY = ("responses",)
# Types of APIs with operations on what accounts store, and the header that names the account (README, Stored objects).
_WITH_STORED_OBJECTS = (OPENAI, AZURE_OPENAI)
_BACKEND = "x-llm-backend"
# Characters that no path of an operation can carry (README, The APIs).
_NOT_IN_A_PATH = frozenset("\\/?#{}")

_LEFT_OUT = "llm_validation_models leaves it out (skip)"
_AUDIO_ONLY = (
    "by its name it refuses chats without audio: give it chat_options with modalities and audio in "
    "llm_validation_models, or capabilities without audio in the inventory"
)
_PROMPT = "Reply with the one word: ready"
# An answer that takes a while to write, and that filters of Azure OpenAI let go in several pieces. Of a short one
# nobody can tell that it was held back.
_LONG_PROMPT = "Write the numbers from 1 to 200 as digits with spaces between them, and nothing else"
#: The api-version that clients of the Azure OpenAI API send.
API_VERSION = "2024-10-21"
#: A name that no inventory is expected to list.
UNKNOWN_MODEL = "a model that nobody serves"


@dataclass(frozen=True)
class Question:
    """One request to a gateway.

    :ivar model: public name of the model that is asked for; empty where the request is for no model.
    :ivar api: name of the API, such as ``universal-llm-api``.
    :ivar operation: what people call the request, such as ``POST /models/chat/completions``.
    :ivar path: below the gateway's URL, with its query.
    :ivar refused: the gateway is expected to refuse it.
    :ivar headers: those that it has of its own.
    """

    model: str
    api: str
    operation: str
    method: str
    path: str
    body: Mapping[str, Any] | None = None
    capability: str = ""
    streams: bool = False
    refused: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def costs(self) -> bool:
        """Whether an LLM answers it."""
        return self.method == "POST" and not self.refused

    @property
    def title(self) -> str:
        """What the request is called in results."""
        return f"{self.model} by {self.operation}" if self.model else self.operation


@dataclass(frozen=True)
class Unasked:
    """A model that an API cannot be asked for, and why."""

    model: str
    api: str
    reason: str


@dataclass
class Questions:
    """Everything that is asked of every model, and what cannot be."""

    asked: list[Question] = field(default_factory=list)
    unasked: list[Unasked] = field(default_factory=list)


def questions_of(plan: Mapping[str, Any], apis: Sequence[Mapping[str, Any]], options: ModelOptions) -> Questions:
    """Return a question for each model by each operation of each API that the model can do.

    :param plan: a plan of the filter ``llm_routing_plan``.
    :param apis: ``name``, ``path`` and ``type`` (one of API_TYPES) of each API.
    :param options: how models are asked.
    """
    found = Questions()
    for api in apis:
        for model in plan["models"]:
            if options.skips(model["name"]):
                found.unasked.append(Unasked(model["name"], api["name"], _LEFT_OUT))
            else:
                _add(found, api, model, options)
    return found


def _add(found: Questions, api: Mapping[str, Any], model: Mapping[str, Any], options: ModelOptions) -> None:
    name, title = model["name"], f"the API at /{api['path']}"
    known = capabilities_of(model)
    lacking = _LACKING.get(api["type"], ())
    usable = [each for each in _OPERATIONS if each in known and each not in lacking]
    if "chat" in usable and options.needs_audio(model):
        usable.remove("chat")
        found.unasked.append(Unasked(name, api["name"], _AUDIO_ONLY))
    elif not usable:
        reason = f"{title} has no operation for what it can do ({', '.join(sorted(known)) or 'nothing'})"
        found.unasked.append(Unasked(name, api["name"], reason))
    for capability in usable:
        if api["type"] == AZURE_OPENAI and capability not in _BODY_ONLY and set(name) & _NOT_IN_A_PATH:
            found.unasked.append(Unasked(name, api["name"], f"its name cannot stand in a path of {title}"))
            continue
        found.asked.append(question(api, name, capability, options.chat_options(name)))


def capabilities_of(model: Mapping[str, Any]) -> set[str]:
    """Return what the deployments of a model can do, together; an entry of ``models`` of a plan."""
    return {each for deployment in model["deployments"] for each in deployment["capabilities"]}


def question(
    api: Mapping[str, Any], model: str, capability: str, chat_options: Mapping[str, Any], *, streams: bool = False
) -> Question:
    """Return the request that uses one capability of a model by one API."""
    base, operation = f"/{api['path']}", _OPERATIONS[capability]
    body = _body(capability, chat_options)
    shown, query = operation, ""
    if api["type"] == AZURE_OPENAI and capability not in _BODY_ONLY:
        shown, operation = f"/deployments/...{operation}", f"/deployments/{quote(model, safe='')}{operation}"
        query = f"?api-version={API_VERSION}"
    else:
        body = {"model": model, **body}
        query = f"?api-version={API_VERSION}" if api["type"] == AZURE_OPENAI else ""
    if streams:
        body = {**body, **_body(capability, chat_options, _LONG_PROMPT), "stream": True}
    return Question(
        model=model,
        api=api["name"],
        operation=f"POST {base}{shown}",
        method="POST",
        path=f"{base}{operation}{query}",
        body=body,
        capability=capability,
        streams=streams,
    )


def _body(capability: str, chat_options: Mapping[str, Any], prompt: str = _PROMPT) -> dict[str, Any]:
    match capability:
        case "chat":
            return {"messages": [{"role": "user", "content": prompt}], **chat_options}
        case "completions" | "images":
            return {"prompt": prompt}
        case _:
            return {"input": prompt}


def streaming_questions(
    plan: Mapping[str, Any], apis: Sequence[Mapping[str, Any]], options: ModelOptions
) -> Iterator[Question]:
    """Yield a chat with each model that can chat, as a stream, by the first API that can name it."""
    for model in plan["models"]:
        name = model["name"]
        if "chat" in capabilities_of(model) and not options.skips(name) and not options.needs_audio(model):
            able = (api for api in apis if api["type"] != AZURE_OPENAI or not set(name) & _NOT_IN_A_PATH)
            api = next(able, None)
            if api is not None:
                yield question(api, name, "chat", options.chat_options(name), streams=True)


def repeated_question(questions: Sequence[Question], model: str) -> Question | None:
    """Return the cheapest of the questions for a model, to be asked many times; None when there is none."""
    own = [each for each in questions if each.model == model and each.capability != "images"]
    return min(own, key=lambda each: list(_OPERATIONS).index(each.capability), default=None)


def listing_questions(apis: Sequence[Mapping[str, Any]]) -> list[Question]:
    """Return the request for the list of deployments of each API."""
    return [_get(api, "/deployments", "/deployments") for api in apis]


def entry_question(api: Mapping[str, Any], model: str) -> Question:
    """Return the request for one entry of an API's list."""
    return _get(api, f"/deployments/{quote(model, safe='')}", "/deployments/...", model)


def _get(api: Mapping[str, Any], path: str, shown: str, model: str = "") -> Question:
    base = f"/{api['path']}"
    query = f"?api-version={API_VERSION}" if api["type"] == AZURE_OPENAI else ""
    return Question(model, api["name"], f"GET {base}{shown}", "GET", f"{base}{path}{query}")


def account_question(apis: Sequence[Mapping[str, Any]], account: str) -> Question | None:
    """Return the request for what one account stores, which no LLM answers; None when no API has such requests."""
    able = next((api for api in apis if api["type"] in _WITH_STORED_OBJECTS), None)
    return replace(_get(able, "/files", "/files"), headers={_BACKEND: account}) if able else None


def unknown_questions(apis: Sequence[Mapping[str, Any]]) -> list[Question]:
    """Return a chat with a model that nobody serves, by each API; no LLM answers it."""
    return [replace(question(api, UNKNOWN_MODEL, "chat", {}), refused=True) for api in apis]
