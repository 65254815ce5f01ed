# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an inventory says of how its models are validated: of all of them, and of single ones.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.capabilities import (
    AUDIO,
    CHAT,
    capabilities_of,
)

SKIP, CHAT_OPTIONS, MAX_P95 = "skip", "chat_options", "max_p95_ms"
_FIELDS = (SKIP, CHAT_OPTIONS, MAX_P95)
#: What a limit of the latency can be, in milliseconds.
LONGEST_P95 = 3_600_000
# Members of the body of a chat that tell what is asked, and so are not for options.
_OWN_MEMBERS = ("model", "stream")
_MOST_NAMES = 5


@dataclass(frozen=True)
class ModelOptions:
    """How models are asked and judged.

    :ivar common: further members of the body of each chat.
    :ivar limit_ms: what the 95th percentile of the latency may be; 0 for no limit.
    :ivar models: ``skip``, ``chat_options`` and ``max_p95_ms`` of single models, each of which may be missing.
    """

    common: Mapping[str, Any] = field(default_factory=dict)
    limit_ms: int = 0
    models: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def skips(self, model: str) -> bool:
        """Tell whether a model is left out."""
        return bool(self._own(model).get(SKIP))

    def chat_options(self, model: str) -> dict[str, Any]:
        """Return further members of a chat with a model: its own over the common ones, without those that are null."""
        own = self._own(model).get(CHAT_OPTIONS) or {}
        return {name: value for name, value in {**self.common, **own}.items() if value is not None}

    def max_p95_ms(self, model: str) -> int:
        """Return what the 95th percentile of a model's latency may be, in milliseconds; 0 for no limit."""
        own = self._own(model).get(MAX_P95)
        return self.limit_ms if own is None else int(own)

    def needs_audio(self, model: Mapping[str, Any]) -> bool:
        """Tell whether a model refuses chats of text alone, and no options of its own say how to ask it.

        Its name tells, as long as its inventory gives it the capabilities that names of this family have.

        :param model: an entry of ``models`` of a plan.
        """
        return not self._own(model["name"]).get(CHAT_OPTIONS) and all(
            set(each["capabilities"]) == {CHAT, AUDIO} == set(capabilities_of(each["name"], each["deployment"]))
            for each in model["deployments"]
        )

    def _own(self, model: str) -> Mapping[str, Any]:
        return self.models.get(model) or {}


def model_problems(models: Any, name: str, plan: Mapping[str, Any]) -> Iterator[str]:
    """Yield a sentence for each option of models that cannot be used.

    :param models: model to its options, whatever was given.
    :param name: what the mapping is called, for the path of a problem.
    """
    if not isinstance(models, Mapping):
        yield f"{name} is no mapping: write a mapping of names of models to their options"
        return
    known = [model["name"] for model in plan["models"]]
    aliases = {alias: model["name"] for model in plan["models"] for alias in model["aliases"]}
    for model, options in models.items():
        path = f"{name}.{model}"
        if model not in known:
            yield f"{path}: the inventory has no model of that name: {_hint(str(model), known, aliases)}"
        if not isinstance(options, Mapping):
            yield f"{path} is no mapping: write {', '.join(_FIELDS)} below it"
            continue
        yield from _field_problems(options, path)


def _field_problems(options: Mapping[str, Any], path: str) -> Iterator[str]:
    for name in options:
        if name not in _FIELDS:
            yield f"{path}.{name}: there is no such option: write {', '.join(_FIELDS)}"
    if not isinstance(options.get(SKIP, False), bool):
        yield f"{path}.{SKIP} is {options[SKIP]!r}: write true or false"
    limit = options.get(MAX_P95, 0)
    if not isinstance(limit, int) or isinstance(limit, bool) or not 0 <= limit <= LONGEST_P95:
        yield f"{path}.{MAX_P95} is {limit!r}: write a number from 0 to {LONGEST_P95}"
    yield from chat_problems(options.get(CHAT_OPTIONS, {}), f"{path}.{CHAT_OPTIONS}")


def _hint(model: str, known: Sequence[str], aliases: Mapping[str, str]) -> str:
    """Return what to write instead of a name that no model has."""
    if model in aliases:
        return f"it is an alias of {aliases[model]}, write that"
    similar = difflib.get_close_matches(model, known, 1, 0.6)
    if similar:
        return f"did you mean {similar[0]}?"
    more = f" and {len(known) - _MOST_NAMES} more" if len(known) > _MOST_NAMES else ""
    return f"it has {', '.join(known[:_MOST_NAMES])}{more}" if known else "it has no models"


def chat_problems(options: Any, name: str) -> Iterator[str]:
    """Yield a sentence for each reason for which options of chats cannot be used.

    :param name: what they are called.
    """
    if not isinstance(options, Mapping):
        yield f"{name} is no mapping: write members of the body of a chat, such as max_completion_tokens"
        return
    for member in _OWN_MEMBERS:
        if member in options:
            yield f"{name} has {member}, which each request sets by itself: leave it out"
    try:
        json.dumps(options, allow_nan=False)
    except (TypeError, ValueError) as error:
        yield f"{name} cannot be sent as JSON ({error}): write texts, numbers, lists and mappings"
