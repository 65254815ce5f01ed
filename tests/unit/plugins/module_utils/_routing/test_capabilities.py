# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What models can do."""

from __future__ import annotations

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.capabilities import capabilities_of

from tests.unit.plugins.module_utils._routing.inventories import backend, plan_of


@pytest.mark.parametrize(
    ("capabilities", "names"),
    [
        ("chat", "gpt-4o GPT-4o-mini gpt-4.1-nano gpt-5 gpt-5-mini o1 o3 o3-mini o4-mini model-router"),
        ("chat", "gpt-35-turbo gpt-3.5-turbo-16k o1-mini o1-preview DeepSeek-R1 DeepSeek-V3 Llama-3.3-70B-Instruct"),
        ("chat", "Mistral-Large-2411 mistral-small Ministral-3B Phi-4 Phi-4-mini-instruct Cohere-command-r grok-3"),
        ("chat", "AI21-Jamba-1.5 something-unknown claude-sonnet-4"),
        ("chat", "adapter ada-assistant gpt-4o-ada curieux soraya imagenet-labels"),
        ("responses", "gpt-5-codex codex-mini o3-pro o1-pro gpt-5-pro o3-deep-research computer-use-preview"),
        ("completions", "gpt-35-turbo-instruct gpt-3.5-turbo-instruct-0914 davinci-002 babbage-002"),
        ("completions", "text-davinci-003 text-ada-001 ada curie code-davinci-002 code-cushman-001 davinci:ft-team"),
        ("embeddings", "text-embedding-3-large text-embedding-ada-002 Cohere-embed-v3-english embed-v-4-0 bge-m3"),
        ("embeddings", "text-search-ada-doc-001 text-similarity-davinci-001 code-search-babbage-code-001"),
        ("moderations", "text-moderation-latest omni-moderation mistral-moderation-2411"),
        ("video", "sora sora-2 Sora-2-pro veo-3.1-generate google/veo3 stable-video-diffusion"),
        ("images", "imagen-4.0-generate imagen3 google/imagen-4 chatgpt-image-latest"),
        ("images", "dall-e-3 dalle3 gpt-image-1 FLUX.1-Kontext-pro Stable-Diffusion-3.5-Large Stable-Image-Core"),
        ("audio", "whisper whisper-1 tts tts-1-hd gpt-4o-transcribe gpt-4o-mini-tts gpt-4o-transcribe-diarize"),
        ("chat audio", "gpt-4o-audio-preview gpt-audio"),
        ("realtime", "gpt-4o-realtime-preview gpt-realtime"),
        ("rerank", "Cohere-rerank-v4.0-pro rerank-english-v3.0"),
    ],
)
def test_the_family_of_a_name_tells_what_a_model_can_do(capabilities: str, names: str) -> None:
    assert {name: " ".join(capabilities_of(name)) for name in names.split()} == dict.fromkeys(
        names.split(), capabilities
    )


def test_a_deployment_tells_the_family_where_the_public_name_does_not() -> None:
    assert capabilities_of("search", "text-embedding-3-small") == ("embeddings",)
    assert capabilities_of("gpt-4o", "embeddings-of-team") == ("chat",)


def test_the_inventory_goes_over_what_names_tell() -> None:
    models = ({"name": "gpt-4o", "capabilities": ["chat", "vision", "chat"]}, {"name": "whisper", "capabilities": []})
    plan = plan_of(backend("a", *models), backend("b", "gpt-4o"))
    assert [[each["capabilities"] for each in model["deployments"]] for model in plan["models"]] == [
        [["chat", "vision"], ["chat"]],
        [[]],
    ]
