# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What each family of endpoints refuses, and in whose words."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.emulator.providers.stand import (
    CHAT,
    COGNITIVE,
    EXTERNAL,
    EXTERNAL_CHAT,
    FOUNDRY,
    KEY,
    MACHINE_LEARNING,
    MESSAGES,
    MODELS_VERSION,
    OPENAI,
    SERVERLESS,
    VERSION,
    Stand,
)

INFERENCE = f"https://{FOUNDRY}/models/chat/completions?api-version={MODELS_VERSION}"
SERVERLESS_CHAT = f"https://{SERVERLESS}/chat/completions?api-version={MODELS_VERSION}"
V1_CHAT = f"https://{OPENAI}/openai/v1/chat/completions"


@pytest.mark.parametrize(
    "url",
    [
        CHAT,
        CHAT.replace(OPENAI, FOUNDRY),
        CHAT.replace(OPENAI, "r.services.ai.azure.com"),
        CHAT.replace("gpt-4o", "gpt%2D4o"),
        V1_CHAT,
        f"{V1_CHAT}?api-version=preview",
        INFERENCE,
        INFERENCE.replace(FOUNDRY, "r.services.ai.azure.com"),
        SERVERLESS_CHAT,
        SERVERLESS_CHAT.replace(SERVERLESS, "m.eastus.inference.ml.azure.com"),
        f"https://{SERVERLESS}/v1/chat/completions",
        EXTERNAL_CHAT,
    ],
)
def test_paths_that_exist(stand: Stand, url: str) -> None:
    for host in ("r.services.ai.azure.com", "m.eastus.inference.ml.azure.com"):
        stand.configure(host, api_keys=[KEY])
    answer = stand.post(url)
    assert answer.status_code == 200, answer.text
    assert answer.json()["model"] == "gpt-4o"


@pytest.mark.parametrize(
    "url",
    [
        CHAT.partition("?")[0],
        CHAT.replace(VERSION, "latest"),
        CHAT.replace("/openai", ""),
        CHAT.replace("/openai", "/openai/openai"),
        CHAT.replace("/deployments/gpt-4o", ""),
        CHAT.replace("/gpt-4o", "//"),
        CHAT.replace("completions?", "completions/?"),
        CHAT.replace("chat/completions", "responses"),
        CHAT.replace("chat/completions", "chat"),
        INFERENCE.replace(FOUNDRY, OPENAI),
        INFERENCE.replace("/models", "/models/models"),
        f"https://{FOUNDRY}/chat/completions?api-version={MODELS_VERSION}",
        f"https://{FOUNDRY}/models?api-version={MODELS_VERSION}",
        f"https://{SERVERLESS}/models/chat/completions?api-version={MODELS_VERSION}",
        f"https://{SERVERLESS}/openai/v1/chat/completions",
        f"https://{OPENAI}/",
    ],
)
def test_paths_that_do_not_exist(stand: Stand, url: str) -> None:
    answer = stand.post(url)
    assert (answer.status_code, answer.json()) == (404, {"error": {"code": "404", "message": "Resource not found"}})
    assert answer.headers["apim-request-id"]
    assert answer.headers["x-ms-region"]


@pytest.mark.parametrize(
    "url",
    [f"{V1_CHAT}?api-version={VERSION}", INFERENCE.partition("?")[0], f"{SERVERLESS_CHAT}x"],
)
def test_api_versions_that_are_not_supported(stand: Stand, url: str) -> None:
    answer = stand.post(url)
    expected = {"error": {"code": "BadRequest", "message": "API version not supported"}}
    assert (answer.status_code, answer.json()) == (400, expected)


def test_an_external_endpoint_has_one_base_path(stand: Stand) -> None:
    answer = stand.post(f"https://{EXTERNAL}/models/chat/completions")
    assert answer.status_code == 404
    assert answer.json()["error"]["message"] == "Invalid URL (POST /models/chat/completions)"
    stand.configure(EXTERNAL, base_path="/gateway/llm")
    assert stand.post(f"https://{EXTERNAL}/gateway/llm/chat/completions").status_code == 200
    assert stand.post(EXTERNAL_CHAT).status_code == 404
    stand.configure(EXTERNAL, base_path="")
    assert stand.post(f"https://{EXTERNAL}/chat/completions").status_code == 200


@pytest.mark.parametrize(("url", "status"), [(CHAT, 404), (INFERENCE, 404), (EXTERNAL_CHAT, 405)])
def test_other_methods(stand: Stand, url: str, status: int) -> None:
    assert stand.http.get(url).status_code == status


@pytest.mark.parametrize("url", [CHAT, V1_CHAT, INFERENCE])
def test_tokens_of_azure(stand: Stand, url: str) -> None:
    def status(**headers: str) -> int:
        return stand.post(url, key=None, headers=headers).status_code

    assert status(Authorization=f"Bearer {stand.token(COGNITIVE)}") == 200
    assert status(Authorization=f"Bearer {stand.token(COGNITIVE + '/')}") == 200
    assert status(Authorization=f"bearer {stand.token('https://ai.azure.com')}") == 200
    assert status(Authorization=f"Bearer {stand.token('https://management.azure.com')}") == 401
    assert status(Authorization=f"Bearer {stand.token(MACHINE_LEARNING)}") == 401
    assert status(Authorization=f"Basic {stand.token()}") == 401
    assert status(Authorization=f"Bearer {stand.token()}x") == 401
    stand.lifetime = -1
    assert status(Authorization=f"Bearer {stand.token()}") == 401
    answer = stand.post(url, key=None)
    text = (
        "Unauthorized. Access token is missing, invalid, audience is incorrect "
        "(https://cognitiveservices.azure.com), or have expired."
    )
    assert (answer.status_code, answer.json()) == (401, {"statusCode": 401, "message": text})


def test_tokens_for_serverless_endpoints(stand: Stand) -> None:
    def status(token: str) -> int:
        return stand.post(SERVERLESS_CHAT, key=None, headers={"Authorization": f"Bearer {token}"}).status_code

    assert status(stand.token(MACHINE_LEARNING)) == 200
    assert status(KEY) == 200
    assert status(stand.token(COGNITIVE)) == 401
    assert status("wrong") == 401


def test_keys_of_azure(stand: Stand) -> None:
    wrong = stand.post(key="wrong")
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (401, "401")
    assert wrong.json()["error"]["message"].startswith("Access denied due to invalid subscription key")
    # A key as a bearer token is for the v1 shape and for serverless endpoints only.
    as_bearer = {"Authorization": f"Bearer {KEY}"}
    assert stand.post(CHAT, key=None, headers=as_bearer).status_code == 401
    assert stand.post(V1_CHAT, key=None, headers=as_bearer).status_code == 200
    # A wrong key is not forgiven for a good token.
    assert stand.post(key="wrong", headers={"Authorization": f"Bearer {stand.token()}"}).status_code == 401
    # A host without configured keys takes tokens only.
    other = CHAT.replace(OPENAI, "other.openai.azure.com")
    assert stand.post(other).status_code == 401
    assert stand.post(other, key=None, headers={"Authorization": f"Bearer {stand.token()}"}).status_code == 200


def test_keys_outside_azure(stand: Stand) -> None:
    missing, wrong = stand.post(EXTERNAL_CHAT, key=None), stand.post(EXTERNAL_CHAT, key="wrong")
    assert (missing.status_code, missing.json()["error"]["code"]) == (401, None)
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (401, "invalid_api_key")
    assert stand.post(EXTERNAL_CHAT, key=stand.token()).status_code == 401
    stand.configure(EXTERNAL, key_header="x-api-key")
    assert stand.post(EXTERNAL_CHAT).status_code == 401
    assert stand.post(EXTERNAL_CHAT, key=None, headers={"X-Api-Key": KEY}).status_code == 200
    stand.configure(EXTERNAL, api_keys=[])
    assert stand.post(EXTERNAL_CHAT, key=None).status_code == 200


@pytest.mark.parametrize(
    ("url", "code"), [(CHAT, "DeploymentNotFound"), (INFERENCE, "unknown_model"), (EXTERNAL_CHAT, "model_not_found")]
)
def test_deployments_that_do_not_exist(stand: Stand, url: str, code: str) -> None:
    for host in (OPENAI, FOUNDRY, EXTERNAL):
        stand.configure(host, deployments=["gpt-35-turbo"])
    answer = stand.post(url)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, code)
    for host in (OPENAI, FOUNDRY, EXTERNAL):
        stand.configure(host, deployments=["gpt-4o"])
    assert stand.post(url).status_code == 200


def test_azure_ignores_the_case_of_deployments(stand: Stand) -> None:
    stand.configure(OPENAI, deployments=["GPT-4o"])
    stand.configure(EXTERNAL, deployments=["GPT-4o"])
    assert stand.post(CHAT).status_code == 200
    assert stand.post(EXTERNAL_CHAT).status_code == 404


def test_listing_of_deployments(stand: Stand) -> None:
    stand.configure(OPENAI, deployments=["gpt-4o", "embed"])

    def get(path: str) -> Any:
        url = f"https://{OPENAI}/openai/{path}?api-version={VERSION}"
        return stand.http.get(url, headers={"api-key": KEY}).json()

    assert [item["id"] for item in get("deployments")["data"]] == ["gpt-4o", "embed"]
    assert get("deployments/embed")["status"] == "succeeded"
    assert get("deployments/other")["error"]["code"] == "DeploymentNotFound"
    assert [item["id"] for item in get("models")["data"]] == ["gpt-4o", "embed"]
    assert get("models/info/more")["error"]["code"] == "DeploymentNotFound"


@pytest.mark.parametrize(
    ("url", "body", "code", "parameter"),
    [
        (CHAT, {}, "missing_required_parameter", "messages"),
        (CHAT, {"messages": []}, "invalid_type", "messages"),
        (CHAT, {"messages": "Hello!"}, "invalid_type", "messages"),
        (CHAT, {"messages": [{"content": "Hello!"}]}, "missing_required_parameter", "messages[0].role"),
        (CHAT, [MESSAGES], None, None),
        (V1_CHAT, {"messages": MESSAGES}, "missing_required_parameter", "model"),
        (V1_CHAT, {"model": 5, "messages": MESSAGES}, "missing_required_parameter", "model"),
        (INFERENCE, {"messages": MESSAGES}, "no_model_name", None),
        (EXTERNAL_CHAT, {"messages": MESSAGES}, "missing_required_parameter", "model"),
        (CHAT.replace("chat/completions", "embeddings"), {}, "missing_required_parameter", "input"),
        (CHAT.replace("chat/completions", "embeddings"), {"input": []}, "invalid_type", "input"),
        (CHAT.replace("chat/completions", "completions"), {"prompt": 5}, "invalid_type", "prompt"),
        (CHAT.replace("chat/completions", "images/generations"), {}, "missing_required_parameter", "prompt"),
    ],
)
def test_bodies_that_miss_something(stand: Stand, url: str, body: Any, code: str | None, parameter: str | None) -> None:
    answer = stand.post(url, body)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error.get("param")) == (400, code, parameter)


def test_bodies_that_are_no_json(stand: Stand) -> None:
    headers = {"api-key": KEY, "Content-Type": "application/json"}
    for content in (b"", b"{", b"\xff", b"null"):
        assert stand.http.post(CHAT, data=content, headers=headers).status_code == 400
    for media_type in ("text/plain", "multipart/form-data; boundary=x"):
        answer = stand.http.post(CHAT, data=b"{}", headers={**headers, "Content-Type": media_type})
        assert (answer.status_code, answer.json()["error"]["code"]) == (415, "UnsupportedMediaType")


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
NAMES = (
    "messages",
    "model",
    "input",
    "prompt",
    "stream",
    "stream_options",
    "max_tokens",
    "max_output_tokens",
    "dimensions",
    "n",
    "metadata",
    "instructions",
    "previous_response_id",
    "background",
    "store",
)
OPERATIONS = (
    "chat/completions",
    "completions",
    "embeddings",
    "images/generations",
    "responses",
    "responses/x/cancel",
    "files",
    "batches",
    "models",
    "info",
    "x",
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    base=st.sampled_from(
        (
            f"https://{OPENAI}/openai/v1/",
            f"https://{FOUNDRY}/models/",
            f"https://{SERVERLESS}/",
            f"https://{EXTERNAL}/v1/",
        )
    ),
    operation=st.sampled_from(OPERATIONS) | st.text(max_size=12),
    body=st.dictionaries(st.sampled_from(NAMES), JSON | st.just(MESSAGES) | st.text(min_size=1)) | JSON,
)
def test_no_request_breaks_a_provider(stand: Stand, base: str, operation: str, body: Any) -> None:
    version = f"?api-version={MODELS_VERSION}" if "/v1/" not in base else ""
    answer = stand.post(f"{base}{operation}{version}", body)
    assert answer.status_code in (200, 400, 404, 405, 415), answer.text
    assert answer.content


def test_deep_and_long_bodies(stand: Stand) -> None:
    deep: Any = "x"
    for _ in range(900):
        deep = [deep]
    assert stand.post(body={"messages": [{"role": "user", "content": deep}]}).status_code == 200
    long = stand.post(body={"messages": [{"role": "user", "content": "x" * 8_000_000}]})
    assert long.json()["usage"]["prompt_tokens"] == 2_000_007
