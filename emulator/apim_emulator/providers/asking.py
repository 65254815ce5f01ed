# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""From an HTTP request to what is asked of a model: operation, deployment and body, checked as real ones do."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from apim_emulator.providers.errors import Dialect, openai_error
from apim_emulator.providers.families import Place, Surface

_DATED_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}(-preview)?")
_V1_VERSIONS = frozenset((None, "preview", "v1"))


@dataclass(frozen=True, slots=True)
class Asked:
    """A valid request: what to do, with which deployment (empty where none is named), and the JSON body."""

    operation: str
    deployment: str
    body: dict[str, Any]


def _list_of_messages(dialect: Dialect, body: Mapping[str, Any]) -> None:
    messages = body.get("messages")
    if messages is None:
        raise dialect.missing_parameter("messages")
    if not isinstance(messages, list) or not messages or not all(isinstance(item, dict) for item in messages):
        raise dialect.wrong_type("messages", "an array of objects, with at least one")
    for index, message in enumerate(messages):
        if not isinstance(message.get("role"), str):
            raise dialect.missing_parameter(f"messages[{index}].role")


def _text(name: str) -> Callable[[Dialect, Mapping[str, Any]], None]:
    """Return a check that the body's member `name` is text, or a list that is not empty."""

    def check(dialect: Dialect, body: Mapping[str, Any]) -> None:
        value = body.get(name)
        if value is None:
            raise dialect.missing_parameter(name)
        if not isinstance(value, str | list) or not value:
            raise dialect.wrong_type(name, "a string, or an array with at least one item")

    return check


def _input(dialect: Dialect, body: Mapping[str, Any]) -> None:
    _text("input")(dialect, body)
    if isinstance(body["input"], list) and not all(isinstance(item, dict) for item in body["input"]):
        raise dialect.wrong_type("input", "a string, or an array of objects")


_CHECKS: dict[str, Callable[[Dialect, Mapping[str, Any]], None]] = {
    "chat/completions": _list_of_messages,
    "completions": _text("prompt"),
    "embeddings": _text("input"),
    "images/embeddings": _text("input"),
    "images/generations": _text("prompt"),
    "responses": _input,
}
_INFERENCE = frozenset(_CHECKS) - {"responses"}
_OPENAI = frozenset(_CHECKS) - {"images/embeddings"}
_POSTS = {
    Surface.CLASSIC: _OPENAI,
    Surface.V1: _OPENAI,
    Surface.MODELS: _INFERENCE,
    Surface.SERVERLESS: _INFERENCE,
    Surface.EXTERNAL: _OPENAI,
}
_GETS = {
    Surface.CLASSIC: frozenset(("deployments", "models")),
    Surface.V1: frozenset(("models",)),
    Surface.MODELS: frozenset(("info",)),
    Surface.SERVERLESS: frozenset(("info",)),
    Surface.EXTERNAL: frozenset(("models",)),
}


def operation_of(place: Place, dialect: Dialect) -> tuple[str, str]:
    """Return operation and, of one item of a list, its name (else empty). Raises Refused: no such path or method."""
    name = place.operation
    if name in _POSTS[place.surface] and (place.surface is not Surface.CLASSIC or _names_its_model(place)):
        if dialect.method != "POST":
            raise dialect.wrong_method()
        return name, ""
    listed, _, item = name.partition("/")
    if place.deployment is not None or listed not in _GETS[place.surface] or (item and listed == "info"):
        raise dialect.not_found()
    if dialect.method != "GET":
        raise dialect.wrong_method()
    return listed, item


def _names_its_model(place: Place) -> bool:
    # Of the classic operations only responses takes the deployment from the body.
    return (place.operation == "responses") == (place.deployment is None)


def check_version(surface: Surface, version: str | None, dialect: Dialect) -> None:
    """Raise Refused unless the api-version fits the surface: a date where it is required, none or `preview` for v1."""
    if surface is Surface.EXTERNAL:
        return
    if surface is Surface.V1:
        if version not in _V1_VERSIONS:
            raise dialect.wrong_version()
    elif version is None or not _DATED_VERSION.fullmatch(version):
        raise dialect.wrong_version()


def read_body(content: bytes) -> dict[str, Any] | None:
    """Return the JSON object in a body, or None when there is none."""
    try:
        body = orjson.loads(content)
    except orjson.JSONDecodeError:
        return None
    return body if isinstance(body, dict) else None


def model_of(body: Mapping[str, Any] | None) -> str | None:
    """Return the model that a body names."""
    model = body.get("model") if body is not None else None
    return model if isinstance(model, str) and model else None


def metadata_of(body: Mapping[str, Any]) -> dict[str, str]:
    """Return the metadata of something that is to be kept. Raises Refused: not an object of texts."""
    metadata = body.get("metadata") or {}
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise openai_error(
            400, "Invalid type for 'metadata': expected an object of strings.", "invalid_type", "metadata"
        )
    return metadata


def check_body(
    place: Place, operation: str, media_type: str, body: dict[str, Any] | None, dialect: Dialect
) -> dict[str, Any]:
    """Return the body of a POST. Raises Refused: not JSON, or without what the operation needs."""
    if media_type != "application/json":
        raise dialect.wrong_media_type(media_type)
    if body is None:
        raise dialect.not_json()
    if place.deployment is None and model_of(body) is None and place.surface is not Surface.SERVERLESS:
        raise dialect.no_model()
    _CHECKS[operation](dialect, body)
    return body
