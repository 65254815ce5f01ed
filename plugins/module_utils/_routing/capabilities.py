# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What models can do, told by the families of their names, where an inventory does not say it.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.fields import Fields

CHAT, COMPLETIONS, EMBEDDINGS, IMAGES = "chat", "completions", "embeddings", "images"
RESPONSES, AUDIO, REALTIME, RERANK = "responses", "audio", "realtime", "rerank"
MODERATIONS, VIDEO = "moderations", "video"

_CAPABILITY = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,59}")
_REMEDY = f"list what the model can do, such as {CHAT}, {COMPLETIONS}, {EMBEDDINGS}, {IMAGES}, {RESPONSES} or {AUDIO}"


class _Family(NamedTuple):
    """Models whose names match, what they can do, and why."""

    names: re.Pattern[str]
    capabilities: tuple[str, ...]
    reason: str


def _family(names: str, capabilities: tuple[str, ...], reason: str) -> _Family:
    return _Family(re.compile(names), capabilities, reason)


# The first that matches a name without regard to case counts; what none matches is a chat model. Whether a chat model
# takes responses too depends on its version and region, so that only an inventory can tell.
_FAMILIES = (
    _family(r"rerank", (RERANK,), "Cohere and others: orders documents, has no chat"),
    _family(r"moderation", (MODERATIONS,), "of OpenAI and Mistral: classifies texts, has no chat"),
    _family(r"embed|(^|/)(bge|gte|e5)-", (EMBEDDINGS,), "text-embedding-*, Cohere embed, mistral-embed, open ones"),
    _family(r"^(text|code)-(search|similarity)-", (EMBEDDINGS,), "the first ones of OpenAI"),
    _family(r"(^|[-/])(sora|veo|stable-video)(?![a-z])", (VIDEO,), "text to video only"),
    _family(
        r"dall-?e|gpt-image|(^|[-/])imagen(?![a-z])|flux|stable-(diffusion|image)", (IMAGES,), "text to image only"
    ),
    _family(r"realtime", (REALTIME,), "speaks over a WebSocket only"),
    _family(r"whisper|transcribe|(^|[-/])tts(-|$)", (AUDIO,), "speech to text, or text to speech"),
    _family(r"gpt-.*audio", (CHAT, AUDIO), "chat that hears and speaks"),
    _family(r"codex|deep-research|computer-use|^(o[13]|gpt-5[0-9.]*)-pro", (RESPONSES,), "offered by that API only"),
    _family(r"^gpt-3\.?5-turbo-instruct", (COMPLETIONS,), "the last one for the API before chat"),
    _family(r"^((text|code)-)?(ada|babbage|curie|davinci|cushman)(-\d{3}|:|$)", (COMPLETIONS,), "the API before chat"),
    _family(r"^(gpt-|chatgpt|o\d|model-router)", (CHAT,), "of OpenAI, whatever its deployment is called"),
)


def read_capabilities(fields: Fields) -> tuple[str, ...] | None:
    """Return the capabilities that an entry of a model gives, None for none, with faults noted.

    :param fields: the entry's fields; ``capabilities`` is read.
    """
    texts = fields.texts("capabilities", _REMEDY)
    if texts is None:
        return None
    for index, text in enumerate(texts):
        if text and not _CAPABILITY.fullmatch(text):
            fields.refuse(f"capabilities[{index}]", "is not the name of a capability", _REMEDY)
    return tuple(dict.fromkeys(texts))


def capabilities_of(*names: str) -> tuple[str, ...]:
    """Return what a model can do by the first of its names that tells a family; chat when none does.

    :param names: its public name, the deployment's name.
    """
    families = (family for name in names for family in _FAMILIES if family.names.search(name.lower()))
    return next((family.capabilities for family in families), (CHAT,))
