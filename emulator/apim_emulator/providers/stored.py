# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calls on what a provider keeps: read, list, cancel and delete responses, files and batches, in OpenAI's shapes."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import orjson

from apim_emulator.providers.answers import JSON, Reply
from apim_emulator.providers.asking import read_body
from apim_emulator.providers.errors import Dialect, Refused, openai_error
from apim_emulator.providers.families import Place, Surface
from apim_emulator.providers.objects import Kind, Objects, StoredObject
from apim_emulator.providers.uploads import uploaded_file, wanted_batch

BYTES = "application/octet-stream"
_PAGE = 20
_LIMIT = re.compile(r"[0-9]{1,6}")
_MOST_LISTED = {"responses": 100, "files": 10_000, "batches": 100}
_SINGULAR = {"responses": "response", "files": "file", "batches": "batch"}
_CANCELLABLE = frozenset(("validating", "in_progress", "finalizing"))

# Per kind: what follows it in the path, with * for an id, and the methods there.
_PATHS: dict[str, dict[str, frozenset[str]]] = {
    "responses": {
        "*": frozenset(("GET", "DELETE")),
        "*/cancel": frozenset(("POST",)),
        "*/input_items": frozenset(("GET",)),
    },
    "files": {
        "": frozenset(("GET", "POST")),
        "*": frozenset(("GET", "DELETE")),
        "*/content": frozenset(("GET",)),
    },
    "batches": {
        "": frozenset(("GET", "POST")),
        "*": frozenset(("GET",)),
        "*/cancel": frozenset(("POST",)),
    },
}


@dataclass(frozen=True, slots=True)
class StoredCall:
    """What is asked of a provider's objects: method and shape of the path (with * for `identity`)."""

    kind: Kind
    method: str
    shape: str
    identity: str


@dataclass(frozen=True, slots=True)
class Given:
    """The rest of a request: query parameters, the Content-Type header and the body."""

    query: Mapping[str, str]
    content_type: str
    content: bytes


def stored_call(place: Place, dialect: Dialect) -> StoredCall | None:
    """Return the call on stored objects that a path names, or None when it is of something else.

    Raises Refused when the path does not take the method.
    """
    kind, _, rest = place.operation.partition("/")
    identity, slash, part = rest.partition("/")
    shape = f"*{slash}{part}" if identity else ""
    methods = _PATHS.get(kind, {}).get(shape)
    if methods is None or place.deployment is not None or place.surface is Surface.MODELS:
        return None
    if dialect.method not in methods:
        raise dialect.wrong_method()
    return StoredCall(cast(Kind, kind), dialect.method, shape, identity)


def perform(call: StoredCall, host: str, objects: Objects, given: Given, dialect: Dialect) -> Reply:
    """Do what is asked and return the answer. Raises Refused."""
    if not call.identity:
        if call.method == "POST":
            return _create(call.kind, host, objects, given, dialect)
        return _page([item.body for item in objects.of(host, call.kind)], given.query, _MOST_LISTED[call.kind])
    item = objects.get(host, call.kind, call.identity)
    if item is None:
        raise _missing(call)
    if call.method == "DELETE":
        objects.remove(host, call.kind, call.identity)
        return _json({"id": item.id, "object": _SINGULAR[call.kind], "deleted": True})
    if call.shape == "*/content":
        return Reply(BYTES, (item.content,))
    if call.shape == "*/input_items":
        return _page(orjson.loads(item.content), given.query, _MOST_LISTED[call.kind])
    changed = _CANCEL[call.kind](item) if call.shape == "*/cancel" else _seen(item, given.query)
    if changed is not item:
        objects.put(host, changed)
    return _json(changed.body)


def _create(kind: Kind, host: str, objects: Objects, given: Given, dialect: Dialect) -> Reply:
    if kind == "files":
        item = uploaded_file(given.content_type, given.content, dialect)
    else:
        body = read_body(given.content)
        if body is None:
            raise dialect.not_json()
        item = wanted_batch(body, lambda identity: objects.get(host, "files", identity) is not None, dialect)
    objects.put(host, item)
    return _json(item.body)


def _seen(item: StoredObject, query: Mapping[str, str]) -> StoredObject:
    """Return what the object is, now that it is asked for."""
    if query.get("stream") == "true":
        raise openai_error(400, "The embedded Azure streams no stored response.", "unsupported_value", "stream")
    return item if item.later is None else replace(item, body=item.later, later=None)


def _cancelled_response(item: StoredObject) -> StoredObject:
    if not item.body["background"]:
        raise openai_error(400, "Cannot cancel a synchronous response.", None)
    return item if item.later is None else replace(item, body={**item.body, "status": "cancelled"}, later=None)


def _cancelled_batch(item: StoredObject) -> StoredObject:
    status = item.body["status"]
    if status in _CANCELLABLE:
        return replace(item, body={**item.body, "status": "cancelling", "cancelling_at": int(time.time())})
    if status != "cancelling":
        raise openai_error(409, f"Cannot cancel a batch with status '{status}'.", None)
    return item


_CANCEL: dict[str, Callable[[StoredObject], StoredObject]] = {
    "responses": _cancelled_response,
    "batches": _cancelled_batch,
}


def _page(newest_last: Sequence[dict[str, Any]], query: Mapping[str, str], most: int) -> Reply:
    """Return a page of a list: newest first unless `order` is asc, after the item `after`, `limit` of them."""
    order, limit, after = query.get("order", "desc"), query.get("limit", str(_PAGE)), query.get("after")
    if order not in ("asc", "desc"):
        raise openai_error(400, f"Invalid value: '{order}'. Supported values are: 'asc' and 'desc'.", None, "order")
    if not _LIMIT.fullmatch(limit) or not 1 <= int(limit) <= most:
        raise openai_error(400, f"Invalid 'limit': expected an integer from 1 to {most}.", None, "limit")
    items = list(newest_last if order == "asc" else reversed(newest_last))
    if after is not None:
        places = [index for index, item in enumerate(items) if item["id"] == after]
        items = items[places[0] + 1 :] if places else []
    page = items[: int(limit)]
    ends = {"first_id": page[0]["id"], "last_id": page[-1]["id"]} if page else {"first_id": None, "last_id": None}
    return _json({"object": "list", "data": page, **ends, "has_more": len(items) > len(page)})


def _missing(call: StoredCall) -> Refused:
    if call.kind == "files":
        return openai_error(404, f"No such File object: {call.identity}", None, "id")
    if call.kind == "batches":
        return openai_error(404, f"No batch found with id '{call.identity}'.", None)
    return openai_error(404, f"Response with id '{call.identity}' not found.", None)


def _json(content: dict[str, Any]) -> Reply:
    return Reply(JSON, (orjson.dumps(content),))
