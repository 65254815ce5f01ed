# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers that come token by token."""

from __future__ import annotations

import asyncio
import ssl
import time

import openai
import pytest

from tests.gateway.conftest import Onboard
from tests.gateway.gateway import HELLO, Gateway
from tests.integration.inventory import backend

TOKEN_DELAY_MS = 60


@pytest.fixture(scope="module")
def gateway(onboard: Onboard) -> Gateway:
    """A pool of two, so that a retry would have somewhere to go."""
    return onboard(*(backend(f"stream-{number}", "gpt-4o", priority=number) for number in (1, 2)))


def _slow(gateway: Gateway, **behaviour: int) -> None:
    gateway.provider("stream-1.openai.azure.com", token_delay_ms=TOKEN_DELAY_MS, **behaviour)


def test_the_first_token_comes_before_the_last_is_sent(gateway: Gateway) -> None:
    _slow(gateway)
    stream = gateway.openai.chat.completions.create(model="gpt-4o", messages=HELLO, stream=True)
    came = [time.time() for chunk in stream if chunk.choices and chunk.choices[0].delta.content]
    sent = gateway.only("provider")
    ended = sent["time"] + sent["duration_ms"] / 1000
    assert sent["outcome"] == "answered"
    tokens = len(came)
    assert tokens >= 8
    # What was buffered would come at once when the provider had ended.
    assert ended - came[0] > (tokens - 2) * TOKEN_DELAY_MS / 1000
    assert ended - came[tokens // 2] > (tokens // 2 - 2) * TOKEN_DELAY_MS / 1000


def test_the_asynchronous_client_streams(gateway: Gateway) -> None:
    _slow(gateway)

    async def read() -> tuple[str, float]:
        trust = openai.DefaultAsyncHttpxClient(verify=ssl.create_default_context(cafile=gateway.bundle))
        async with openai.AsyncOpenAI(
            base_url=f"{gateway.url}/models",
            api_key="unused",
            default_headers={"api-key": gateway.key},
            http_client=trust,
        ) as client:
            stream = await client.chat.completions.create(model="gpt-4o", messages=HELLO, stream=True)
            said, first = "", 0.0
            async for chunk in stream:
                first = first or time.time()
                said += (chunk.choices[0].delta.content or "") if chunk.choices else ""
            return said, first

    said, first = asyncio.run(read())
    assert said == "gpt-4o at stream-1.openai.azure.com in Sweden Central has read 1 message(s)."
    sent = gateway.only("provider")
    assert first < sent["time"] + sent["duration_ms"] / 1000 - 3 * TOKEN_DELAY_MS / 1000


def test_a_failure_after_the_first_byte_is_not_retried(gateway: Gateway) -> None:
    _slow(gateway, cut_after=4)
    stream = gateway.openai.chat.completions.create(model="gpt-4o", messages=HELLO, stream=True)
    next(stream)
    with pytest.raises(openai.APIConnectionError):
        list(stream)
    assert gateway.only("provider")["outcome"] == "cut"


def test_a_failure_before_the_first_byte_is_retried(gateway: Gateway) -> None:
    gateway.provider("stream-1.openai.azure.com", status=503)
    stream = gateway.openai.chat.completions.create(model="gpt-4o", messages=HELLO, stream=True)
    said = "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)
    assert said.startswith("gpt-4o at stream-2.")


def test_usage_of_a_stream_is_counted(gateway: Gateway) -> None:
    stream = gateway.openai.chat.completions.create(
        model="gpt-4o", messages=HELLO, stream=True, stream_options={"include_usage": True}
    )
    usage = list(stream)[-1].usage
    assert usage is not None
    (metric,) = gateway.only("gateway")["metrics"]
    assert metric["totalTokens"] == usage.total_tokens
