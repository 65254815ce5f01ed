# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The clients that people use, straight against the providers: openai and azure-ai-inference."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from azure.ai.inference import ChatCompletionsClient, EmbeddingsClient
from azure.ai.inference.models import UserMessage
from azure.core.credentials import AccessToken, AzureKeyCredential
from azure.core.exceptions import ResourceNotFoundError

from tests.emulator.providers.stand import (
    COGNITIVE,
    EXTERNAL,
    FOUNDRY,
    KEY,
    MACHINE_LEARNING,
    MESSAGES,
    OPENAI,
    SERVERLESS,
    VERSION,
    Stand,
)

GREETING: Any = [UserMessage("Hello!")]
SAID = "gpt-4o at model.openai.azure.com in East US has read 1 message(s)."


class FixedCredential:
    """A credential that holds one token, and asks for it under whatever scope the client wants."""

    def __init__(self, token: str) -> None:
        self._token = token
        self.scopes: list[str] = []

    def get_token(self, *scopes: str, **_options: Any) -> AccessToken:
        """Return the token."""
        self.scopes += scopes
        return AccessToken(self._token, 2**40)


@pytest.fixture
def azure(stand: Stand) -> Iterator[openai.AzureOpenAI]:
    """A client of Azure OpenAI with a key."""
    with openai.AzureOpenAI(
        azure_endpoint=f"https://{OPENAI}",
        api_key=KEY,
        api_version=VERSION,
        max_retries=0,
        http_client=openai.DefaultHttpxClient(verify=stand.context()),
    ) as client:
        yield client


def plain(stand: Stand, base_url: str, key: str = KEY) -> openai.OpenAI:
    """Return a client that speaks OpenAI's own shape."""
    http = openai.DefaultHttpxClient(verify=stand.context())
    return openai.OpenAI(base_url=base_url, api_key=key, max_retries=0, http_client=http)


def test_chat(azure: openai.AzureOpenAI) -> None:
    answer = azure.chat.completions.with_raw_response.create(model="gpt-4o", messages=MESSAGES)
    chat = answer.parse()
    assert chat.choices[0].message.content == SAID
    assert (chat.model, chat.choices[0].finish_reason) == ("gpt-4o", "stop")
    assert chat.usage is not None
    assert chat.usage.total_tokens == chat.usage.prompt_tokens + chat.usage.completion_tokens
    assert chat.usage.prompt_tokens == 9
    assert answer.headers["x-ms-region"] == "East US"
    assert answer.headers["x-ms-deployment-name"] == "gpt-4o"
    assert answer.headers["apim-request-id"]
    again = azure.chat.completions.with_raw_response.create(model="gpt-4o", messages=MESSAGES)
    for what in ("requests", "tokens"):
        name = f"x-ratelimit-remaining-{what}"
        assert 0 < int(again.headers[name]) < int(answer.headers[f"x-ratelimit-limit-{what}"])


def test_chat_stream_with_usage(azure: openai.AzureOpenAI) -> None:
    stream = azure.chat.completions.create(
        model="gpt-4o", messages=MESSAGES, stream=True, stream_options={"include_usage": True}
    )
    chunks = list(stream)
    assert not chunks[0].choices
    said = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert said == SAID
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert [chunk.usage for chunk in chunks[:-1]] == [None] * (len(chunks) - 1)
    assert chunks[-1].usage is not None
    assert (chunks[-1].choices, chunks[-1].usage.prompt_tokens) == ([], 9)


def test_a_limit_of_tokens_ends_the_answer(azure: openai.AzureOpenAI) -> None:
    chat = azure.chat.completions.create(model="gpt-4o", messages=MESSAGES, max_tokens=3)
    assert (chat.choices[0].message.content, chat.choices[0].finish_reason) == (
        "gpt-4o at model.openai.azure.com ",
        "length",
    )
    assert chat.usage is not None
    assert chat.usage.completion_tokens == 3


def test_chat_with_a_token(stand: Stand) -> None:
    client = openai.AzureOpenAI(
        azure_endpoint=f"https://{OPENAI}",
        azure_ad_token_provider=stand.token,
        api_version=VERSION,
        http_client=openai.DefaultHttpxClient(verify=stand.context()),
    )
    with client:
        assert client.chat.completions.create(model="gpt-4o", messages=MESSAGES).choices[0].message.content == SAID


def test_completions(azure: openai.AzureOpenAI) -> None:
    whole = azure.completions.create(model="gpt-35-turbo-instruct", prompt="Say something")
    streamed = azure.completions.create(model="gpt-35-turbo-instruct", prompt="Say something", stream=True)
    assert whole.choices[0].text == "gpt-35-turbo-instruct at model.openai.azure.com in East US has read a prompt."
    assert "".join(chunk.choices[0].text for chunk in streamed if chunk.choices) == whole.choices[0].text


def test_embeddings(azure: openai.AzureOpenAI) -> None:
    # The client asks for base64 unless it is told otherwise, and unpacks it.
    packed = azure.embeddings.create(model="embed", input=["one", "two"])
    plain_numbers = azure.embeddings.create(model="embed", input="two", encoding_format="float")
    one, two = (item.embedding for item in packed.data)
    assert len(one) == 1536
    assert one != two
    assert plain_numbers.data[0].embedding == pytest.approx(two, abs=1e-6)
    assert sum(value * value for value in two) == pytest.approx(1, abs=1e-4)
    assert packed.usage.total_tokens == 2
    assert len(azure.embeddings.create(model="embed", input="one", dimensions=64).data[0].embedding) == 64


def test_images(azure: openai.AzureOpenAI) -> None:
    image = azure.images.generate(model="dall-e-3", prompt="a harbour", response_format="b64_json").data
    assert image is not None
    assert base64.b64decode(image[0].b64_json or "").startswith(b"\x89PNG")
    links = azure.images.generate(model="dall-e-3", prompt="a harbour", n=2).data
    assert links is not None
    assert [link.url for link in links] == [f"https://{OPENAI}/images/generated.png"] * 2


def test_the_v1_shape(stand: Stand) -> None:
    stand.configure(OPENAI, deployments=["gpt-4o"])
    with plain(stand, f"https://{OPENAI}/openai/v1/") as client:
        assert client.chat.completions.create(model="gpt-4o", messages=MESSAGES).choices[0].message.content == SAID
        assert [model.id for model in client.models.list()] == ["gpt-4o"]
        assert client.models.retrieve("gpt-4o").id == "gpt-4o"
        with pytest.raises(openai.NotFoundError) as caught:
            client.chat.completions.create(model="gpt-5", messages=MESSAGES)
    assert caught.value.code == "DeploymentNotFound"


def test_responses(azure: openai.AzureOpenAI) -> None:
    whole = azure.responses.create(model="gpt-4o", input="Hello!")
    assert whole.output_text == "gpt-4o at model.openai.azure.com in East US has read an input."
    assert whole.usage is not None
    assert whole.usage.total_tokens == whole.usage.input_tokens + whole.usage.output_tokens
    events = list(azure.responses.create(model="gpt-4o", input="Hello!", stream=True))
    assert "".join(event.delta for event in events if event.type == "response.output_text.delta") == whole.output_text
    assert events[-1].type == "response.completed"
    assert events[-1].response.output_text == whole.output_text


def test_an_endpoint_outside_azure(stand: Stand) -> None:
    stand.configure(EXTERNAL, deployments=["small"])
    with plain(stand, f"https://{EXTERNAL}/v1") as client:
        stream = list(client.chat.completions.create(model="small", messages=MESSAGES, stream=True))
        assert stream[0].choices[0].delta.role == "assistant"
        assert [model.id for model in client.models.list()] == ["small"]
        with pytest.raises(openai.NotFoundError, match="The model `Small` does not exist"):
            client.chat.completions.create(model="Small", messages=MESSAGES)
    with plain(stand, f"https://{EXTERNAL}/v1", key="wrong") as client, pytest.raises(openai.AuthenticationError):
        client.models.list()


async def _chat_later(stand: Stand) -> str:
    http = openai.DefaultAsyncHttpxClient(verify=stand.context())
    # Asynchronous clients take the address from the name resolution, but not the port.
    _, port = stand.providers.address("https")
    async with openai.AsyncAzureOpenAI(
        azure_endpoint=f"https://{OPENAI}:{port}", api_key=KEY, api_version=VERSION, http_client=http
    ) as client:
        stream = await client.chat.completions.create(model="gpt-4o", messages=MESSAGES, stream=True)
        return "".join([chunk.choices[0].delta.content or "" async for chunk in stream if chunk.choices])


def test_an_asynchronous_client(stand: Stand) -> None:
    assert stand.run(_chat_later(stand)) == SAID


@pytest.mark.parametrize(
    ("endpoint", "scope", "audience"),
    [
        (f"https://{FOUNDRY}/models", f"{COGNITIVE}/.default", COGNITIVE),
        (f"https://{SERVERLESS}", f"{MACHINE_LEARNING}/.default", MACHINE_LEARNING),
    ],
)
def test_azure_ai_inference(stand: Stand, endpoint: str, scope: str, audience: str) -> None:
    credential = FixedCredential(stand.token(audience))
    for given in (AzureKeyCredential(KEY), credential):
        with ChatCompletionsClient(
            endpoint, given, credential_scopes=[scope], connection_verify=stand.bundle, retry_total=0
        ) as client:
            whole = client.complete(messages=GREETING, model="phi-4")
            streamed = client.complete(messages=GREETING, model="phi-4", stream=True)
            said = "".join(update.choices[0].delta.content or "" for update in streamed if update.choices)
            assert said == whole.choices[0].message.content
            assert whole.choices[0].message.content.startswith("phi-4 at ")
    assert credential.scopes[0] == scope


def test_azure_ai_inference_embeds_and_asks_for_information(stand: Stand) -> None:
    stand.configure(FOUNDRY, deployments=["embed"])
    options: Any = {"connection_verify": stand.bundle, "retry_total": 0}
    with EmbeddingsClient(f"https://{FOUNDRY}/models", AzureKeyCredential(KEY), **options) as client:
        assert len(client.embed(input=["one"], model="embed").data[0].embedding) == 1536
        with pytest.raises(ResourceNotFoundError) as caught:
            client.embed(input=["one"], model="other")
        assert caught.value.error is not None
        assert caught.value.error.code == "unknown_model"
    with ChatCompletionsClient(f"https://{SERVERLESS}", AzureKeyCredential(KEY), **options) as client:
        assert client.get_model_info().model_name == "project"
        # One model is behind the endpoint, so none has to be named.
        assert client.complete(messages=GREETING).model == "project"
