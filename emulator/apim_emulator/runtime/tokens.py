# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many tokens a request and its response cost: from the provider's own count, else an estimate."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import orjson

_CHARACTERS_PER_TOKEN = 4
"""The usual rule of thumb for English text."""

_MAX_DOCUMENT = 16 * 1024 * 1024
"""A response that is no event stream is kept up to this size, to read the count at its end."""

_TEXT_MEMBERS = frozenset({"content", "prompt", "input"})
_EVENT = b"data:"


@dataclass(frozen=True)
class Usage:
    """Tokens of a prompt and of its completion; estimated unless the provider counted them."""

    prompt: int
    completion: int
    estimated: bool


class TokenMeter:
    """A `BodyWatcher`: reads the count out of a completion as it passes, and reports it once."""

    def __init__(self, request: bytes | None, content_type: str, report: Callable[[Usage], None]) -> None:
        """request: the body that was forwarded; content_type: of the response."""
        self._request = request
        self._streams = content_type.lower().startswith("text/event-stream")
        self._report: Callable[[Usage], None] | None = report
        self._buffer = bytearray()
        self._counted: tuple[int, int] | None = None
        self._characters = 0

    def feed(self, chunk: bytes) -> None:
        """Look at the next bytes."""
        if len(self._buffer) + len(chunk) <= _MAX_DOCUMENT:
            self._buffer += chunk
        if self._streams and b"\n" in chunk:
            lines = self._buffer.split(b"\n")
            self._buffer = lines.pop()
            for line in lines:
                if line.startswith(_EVENT):
                    self._read(bytes(line[len(_EVENT) :]))

    def close(self) -> None:
        """Report; a second call does nothing."""
        report, self._report = self._report, None
        if report is None:
            return
        if not self._streams:
            self._read(bytes(self._buffer))
        if self._counted is not None:
            report(Usage(*self._counted, estimated=False))
        else:
            prompt = estimate_prompt(self._request)
            report(Usage(prompt, _tokens(self._characters), estimated=True))

    def _read(self, data: bytes) -> None:
        try:
            document = orjson.loads(data)
        except orjson.JSONDecodeError:
            return
        if not isinstance(document, dict):
            return
        # The responses API tells its count inside the event that ends the stream.
        whole = document.get("response")
        usage = (whole if isinstance(whole, dict) else document).get("usage")
        if isinstance(usage, dict):
            self._counted = (
                _number(usage, "prompt_tokens", "input_tokens"),
                _number(usage, "completion_tokens", "output_tokens"),
            )
        for choice in document.get("choices") or ():
            self._characters += sum(map(len, _texts(choice, inside=True)))


def estimate_prompt(body: bytes | None) -> int:
    """Tokens of the texts in a request's body; 0 when it is no JSON."""
    try:
        return _tokens(sum(map(len, _texts(orjson.loads(body or b""), inside=False))))
    except orjson.JSONDecodeError:
        return 0


def _texts(value: Any, *, inside: bool) -> Iterator[str]:
    if isinstance(value, str):
        if inside:
            yield value
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item, inside=inside)
    elif isinstance(value, dict):
        for name, member in value.items():
            yield from _texts(member, inside=inside or name in _TEXT_MEMBERS)


def _tokens(characters: int) -> int:
    return -(-characters // _CHARACTERS_PER_TOKEN)


def _number(usage: dict[str, Any], *names: str) -> int:
    return next((usage[name] for name in names if isinstance(usage.get(name), int)), 0)
