# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The clients that people use, as the guide's usage examples use them: only host and key are others."""

from __future__ import annotations

import json
import subprocess

import openai
import pytest
from azure.ai.inference import ChatCompletionsClient, EmbeddingsClient
from azure.ai.inference.models import UserMessage

from tests.gateway.conftest import Onboard
from tests.gateway.gateway import CHAT, HELLO, Gateway
from tests.integration.inventory import backend

BACKENDS = (
    backend(
        "foundry-east-us",
        {"name": "gpt-4o", "sku": "GlobalStandard", "capacity": 50, "model_version": "2024-11-20"},
        "text-embedding-3-large",
        "gpt-35-turbo-instruct",
        backend_type="ai-foundry",
        endpoint="https://foundry-east-us.cognitiveservices.azure.com/",
    ),
    backend("openai-sweden", "gpt-4o", "dall-e-3", {"name": "text-embedding-ada-002", "retirement_date": "2027-04-14"}),
)


@pytest.fixture(scope="module")
def gateway(onboard: Onboard) -> Gateway:
    """Both APIs of the collection."""
    return onboard(*BACKENDS, llm_azure_openai_api={"deploy": True, "path": "openai"})


@pytest.fixture(scope="module")
def inference(onboard: Onboard) -> Gateway:
    """The Universal LLM API in its other type, where the guide puts it."""
    return onboard(*BACKENDS, llm_universal_api={"deploy": True, "path": "inference", "type": "models-inference"})


def test_azure_openai_sdk(gateway: Gateway) -> None:
    response = gateway.azure_openai.chat.completions.create(
        model="gpt-4o", messages=[{"role": "user", "content": "Hello!"}]
    )
    assert "gpt-4o at " in str(response.choices[0].message.content)
    embedded = gateway.azure_openai.embeddings.create(model="text-embedding-ada-002", input=["one", "two"])
    assert len(embedded.data) == 2
    drawn = gateway.azure_openai.images.generate(model="dall-e-3", prompt="a bridge")
    assert drawn.data


def test_azure_openai_sdk_streaming(gateway: Gateway) -> None:
    stream = gateway.azure_openai.chat.completions.create(model="gpt-4o", messages=HELLO, stream=True)
    said = "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)
    assert said.startswith("gpt-4o at ")
    assert said.endswith("has read 1 message(s).")


def test_curl(gateway: Gateway) -> None:
    body = '{\n    "model": "gpt-4o",\n    "messages": [{"role": "user", "content": "Hello!"}]\n  }'
    command = ["curl", "--silent", "--show-error", "--cacert", gateway.bundle, "-X", "POST"]
    command += [gateway.url + CHAT, "-H", "Content-Type: application/json", "-H", f"api-key: {gateway.key}", "-d", body]
    finished = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    assert "gpt-4o at " in json.loads(finished.stdout)["choices"][0]["message"]["content"]


def test_openai_sdk(gateway: Gateway) -> None:
    client = gateway.openai
    assert "gpt-4o at " in str(
        client.chat.completions.create(model="gpt-4o", messages=HELLO).choices[0].message.content
    )
    stream = client.chat.completions.create(
        model="gpt-4o", messages=HELLO, stream=True, stream_options={"include_usage": True}
    )
    chunks = list(stream)
    assert len(chunks) > 3
    assert chunks[-1].usage is not None
    assert client.embeddings.create(model="text-embedding-3-large", input="one").data[0].embedding
    assert client.completions.create(model="gpt-35-turbo-instruct", prompt="Once").choices[0].text
    assert client.images.generate(model="dall-e-3", prompt="a bridge").data


def test_an_error_is_one_for_the_sdk(gateway: Gateway) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        gateway.openai.chat.completions.create(model="gpt-9", messages=HELLO)
    assert (refused.value.code, refused.value.param, refused.value.type) == (
        "unsupported_model",
        "model",
        "invalid_request_error",
    )


def test_inference_sdk(inference: Gateway) -> None:
    chat = inference.inference(ChatCompletionsClient, "/inference")
    greeting = [UserMessage("Hello!")]
    answer = chat.complete(messages=greeting, model="gpt-4o")
    assert "gpt-4o at " in answer.choices[0].message.content
    stream = chat.complete(messages=greeting, model="gpt-4o", stream=True)
    said = "".join(update.choices[0].delta.content or "" for update in stream if update.choices)
    assert said.endswith("has read 1 message(s).")
    embeddings = inference.inference(EmbeddingsClient, "/inference")
    assert len(embeddings.embed(input=["one", "two"], model="text-embedding-3-large").data) == 2


def test_list_of_deployments(gateway: Gateway) -> None:
    listed = gateway.ask("/models/deployments", method="GET")
    assert listed.status_code == 200
    names = [entry["name"] for entry in listed.json()["value"]]
    assert sorted(names) == [
        "dall-e-3",
        "gpt-35-turbo-instruct",
        "gpt-4o",
        "gpt-4o",
        "text-embedding-3-large",
        "text-embedding-ada-002",
    ]
    found = {(entry["name"], entry["id"]): entry for entry in listed.json()["value"]}
    assert found["gpt-4o", "foundry-east-us"] == {
        "id": "foundry-east-us",
        "type": "ai-foundry",
        "name": "gpt-4o",
        "sku": {"name": "GlobalStandard", "capacity": 50},
        "properties": {
            "model": {"format": "OpenAI", "name": "gpt-4o", "version": "2024-11-20"},
            "capabilities": {"chatCompletion": "true"},
            "provisioningState": "Succeeded",
        },
    }
    assert found["text-embedding-ada-002", "openai-sweden"]["properties"]["retirementDate"] == "2027-04-14"


def test_one_deployment(gateway: Gateway) -> None:
    listed = gateway.ask("/models/deployments", method="GET").json()["value"]
    one = gateway.ask("/models/deployments/GPT-4o", method="GET")
    assert one.status_code == 200
    assert one.json() in listed
    missing = gateway.ask("/models/deployments/gpt-9", method="GET")
    assert missing.status_code == 404
    assert missing.json()["error"]["code"] == "DeploymentNotFound"
    assert gateway.log("provider") == []


def test_the_answer_tells_its_way_and_what_it_cost(gateway: Gateway) -> None:
    answer = gateway.ask(body="gpt-4o")
    assert (answer.headers["x-llm-model"], answer.headers["x-llm-route"]) == ("gpt-4o", "gpt-4o-backend-pool")
    told = [int(answer.headers[f"x-llm-{kind}-tokens"]) for kind in ("prompt", "completion", "total")]
    assert told == [answer.json()["usage"][f"{kind}_tokens"] for kind in ("prompt", "completion", "total")]
    direct = gateway.ask("/models/embeddings", {"model": "text-embedding-3-large", "input": "one"})
    assert direct.headers["x-llm-route"] == "foundry-east-us"
