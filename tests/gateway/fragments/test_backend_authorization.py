# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fragment set-backend-authorization."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.gateway.fragments.gateway import INBOUND, UAMI_CLIENT_ID, Gateway, Result

_COGNITIVE = "https://cognitiveservices.azure.com"
# Too long for a segment of a path, or not text.
UNFIT_NAMES = ["x" * 257, "x" * 70_000, "a\ud83e", "\udd16a", "\udd16\ud83e"]
_CREDENTIALS: dict[str, Any] = {
    "headers": {
        "authorization": "Bearer client",
        "API-Key": "client",
        "Ocp-Apim-Subscription-Key": "client",
        # What the API of the harness calls its key.
        "X-Hub-Key": "client",
        "X-API-Key": "client",
        "Cookie": "session=client",
        "Ocp-Apim-Trace": "client",
    },
    "query": {"subscription-key": "client", "api-key": "client", "hub-key": "client"},
}


def _token(audience: str = _COGNITIVE) -> dict[str, list[str]]:
    return {"Authorization": [f"Bearer token of {UAMI_CLIENT_ID} for {audience}"]}


def _authorize(gateway: Gateway, pool: str, kind: str, requested: str, path: str, **request: Any) -> Result:
    variables = {"targetBackendPool": pool, "targetPoolType": kind, "requestedModel": requested}
    return gateway.send(path, fragments=["set-backend-authorization"], variables=variables, **request)


@pytest.mark.parametrize(
    ("kind", "path", "sent"),
    [
        ("azure-openai", "/chat/completions", "/openai/deployments/gpt-5/chat/completions"),
        ("azure-openai", "/deployments/gpt-5/chat/completions", "/openai/deployments/gpt-5/chat/completions"),
        ("azure-openai", "/openai/deployments/gpt-5/embeddings", "/openai/deployments/gpt-5/embeddings"),
        ("azure-openai", "/OpenAI/Deployments/GPT-5/embeddings", "/openai/deployments/gpt-5/embeddings"),
        ("azure-openai", "/models/chat/completions", "/openai/deployments/gpt-5/chat/completions"),
        ("azure-openai", "/deployments/other/embeddings", "/openai/deployments/gpt-5/embeddings"),
        ("ai-foundry", "/chat/completions", "/models/chat/completions"),
        ("ai-foundry", "/models/chat/completions", "/models/chat/completions"),
        ("ai-foundry", "/deployments/gpt-5/chat/completions", "/models/chat/completions"),
        ("ai-foundry", "/openai/deployments/gpt-5/embeddings", "/models/embeddings"),
        ("azure-openai", "/openai/v1/chat/completions", "/openai/deployments/gpt-5/chat/completions"),
        ("ai-foundry", "/completions", "/openai/deployments/gpt-5/completions"),
        ("ai-foundry", "/images/generations", "/openai/deployments/gpt-5/images/generations"),
        ("ai-foundry", "/images/embeddings", "/models/images/embeddings"),
        ("azure-openai", "/Chat/COMPLETIONS/", "/openai/deployments/gpt-5/chat/completions"),
        ("azure-openai", "/deployments/GPT-5/Images/Generations", "/openai/deployments/gpt-5/images/generations"),
        ("ai-foundry", "/AUDIO/speech", "/openai/deployments/gpt-5/audio/speech"),
        ("ai-foundry", "/Embeddings//", "/models/embeddings"),
        ("external", "/Deployments/gpt-5/Chat/Completions/", "/chat/completions"),
        ("external", "/chat/completions", "/chat/completions"),
        ("external", "/models/chat/completions", "/models/chat/completions"),
        ("external", "/deployments/gpt-5/chat/completions", "/chat/completions"),
        ("external", "/openai/deployments/gpt-5/chat/completions", "/chat/completions"),
    ],
)
def test_the_path_is_that_of_the_type(gateway: Gateway, kind: str, path: str, sent: str) -> None:
    result = _authorize(gateway, "target", kind, "gpt-5", path)
    assert result.response is None
    assert result.sent["path"] == sent
    assert result.sent["backend"] == "target"


@pytest.mark.parametrize(
    ("kind", "path", "sent"),
    [
        ("azure-openai", "/responses/resp_1", "/openai/responses/resp_1"),
        ("azure-openai", "/openai/models", "/openai/models"),
        ("azure-openai", "/openaix", "/openai/openaix"),
        ("ai-foundry", "/info", "/models/info"),
        ("ai-foundry", "/models", "/models"),
        ("external", "/files", "/files"),
    ],
)
def test_a_request_without_a_model_names_no_deployment(gateway: Gateway, kind: str, path: str, sent: str) -> None:
    assert _authorize(gateway, "target", kind, "non-llm-request", path, method="GET").sent["path"] == sent


@pytest.mark.parametrize(("kind", "version"), [("azure-openai", "2024-10-21"), ("ai-foundry", "2024-05-01-preview")])
def test_azure_gets_a_token_and_an_api_version(gateway: Gateway, kind: str, version: str) -> None:
    result = _authorize(
        gateway, "target", kind, "gpt-5", "/chat/completions", query={"x": "1"}, headers={"accept": "*/*"}
    )
    assert result.sent["headers"] == {"accept": ["*/*"], **_token()}
    assert result.sent["query"] == {"x": ["1"], "api-version": [version]}


@pytest.mark.parametrize("kind", ["azure-openai", "ai-foundry"])
def test_the_api_version_of_the_client_is_kept(gateway: Gateway, kind: str) -> None:
    result = _authorize(gateway, "target", kind, "gpt-5", "/embeddings", query={"API-Version": "2025-01-01"})
    assert result.sent["query"] == {"API-Version": ["2025-01-01"]}


@pytest.mark.parametrize("kind", ["external", "", "Azure-OpenAI", "azure", "bedrock"])
def test_no_other_type_gets_a_token(gateway: Gateway, kind: str) -> None:
    result = _authorize(gateway, "target", kind, "gpt-5", "/chat/completions", **_CREDENTIALS)
    assert result.sent["headers"] == {}
    assert result.sent["query"] == {}
    assert result.sent["backend"] == "target"


@pytest.mark.parametrize("kind", ["azure-openai", "ai-foundry", "external", ""])
def test_the_credentials_of_the_client_stop_here(gateway: Gateway, kind: str) -> None:
    for pool in ("target", ""):
        sent = _authorize(gateway, pool, kind, "gpt-5", "/chat/completions", **_CREDENTIALS).sent
        assert "client" not in str((sent["headers"], sent["query"]))


@pytest.mark.parametrize("kind", ["azure-openai", "ai-foundry", "external"])
def test_without_a_target_nothing_is_set(gateway: Gateway, kind: str) -> None:
    sent = _authorize(gateway, "", kind, "gpt-5", "/chat/completions").sent
    assert "backend" not in sent
    assert sent["headers"] == {}
    assert sent["path"] == "/chat/completions"


def test_without_any_variable_nothing_is_set(gateway: Gateway) -> None:
    sent = gateway.send(fragments=["set-backend-authorization"]).sent
    assert "backend" not in sent
    assert sent["headers"] == {}


@pytest.mark.parametrize(
    "name", ["../../openai/files?x=", "a/b", "..", ".", "a\\b", "a?b", "a#b", "a%2fb", "a\nb", *UNFIT_NAMES]
)
def test_a_model_name_injects_no_path(gateway: Gateway, name: str) -> None:
    """Through all fragments: an unknown model reaches a default pool that puts the name into the path."""
    result = gateway.send(model=name, variables={"defaultBackendPool": "aoai-eastus-gpt4"})
    assert result.response is not None
    assert result.response["status"] == 400
    assert result.error["code"] == "invalid_request"
    assert "backend" not in result.sent
    assert "Authorization" not in result.sent["headers"]


@pytest.mark.parametrize(
    ("name", "segment"), [("gpt 6", "gpt%206"), ("ft:gpt@{x}&y=z", "ft%3Agpt%40%7Bx%7D%26y%3Dz"), ("模", "%E6%A8%A1")]
)
def test_a_model_name_is_one_encoded_segment(gateway: Gateway, name: str, segment: str) -> None:
    result = gateway.send(model=name, variables={"defaultBackendPool": "aoai-eastus-gpt4"})
    assert result.sent["path"] == f"/openai/deployments/{segment}/chat/completions"


@pytest.mark.parametrize("kind", ["azure-openai", "ai-foundry", "external"])
@pytest.mark.parametrize(
    "path",
    [
        "/../openai/files",
        "/chat/./completions",
        "/%2e%2E/gpt-4o/chat",
        "/a%2f..%2fb",
        "/a%252F%252e%252e%252Fb",
        "/a\\..\\b",
        "/chat?x=y",
        "/chat%3Fx=y",
        "/chat#x",
        "/{deployment-id}/chat",
        "/a/..",
    ],
)
def test_a_path_reaches_no_other(gateway: Gateway, kind: str, path: str) -> None:
    result = _authorize(gateway, "target", kind, "gpt-5", path)
    assert result.response is not None
    assert result.response["status"] == 400
    assert "backend" not in result.sent


@pytest.mark.parametrize("path", ["/chat/completions", "/a..b/.well-known/c...", "/files/100%25"])
def test_dots_in_names_are_no_dot_segments(gateway: Gateway, path: str) -> None:
    assert _authorize(gateway, "target", "external", "gpt-5", path).sent["path"] == path


@pytest.mark.parametrize(("pool_model", "allowed"), [("gpt-4o", True), ("GPT-4O", True), ("gpt-5", False)])
@pytest.mark.parametrize("kind", ["azure-openai", "ai-foundry", "external"])
def test_the_body_names_no_other_model_than_the_path(
    gateway: Gateway, kind: str, pool_model: str, allowed: bool
) -> None:
    """Access was checked for the model of the path; Azure OpenAI goes by the path too, the others by the body."""
    deployment = {"deployment-id": "gpt-4o"}
    path = "/deployments/gpt-4o/chat/completions"
    result = _authorize(gateway, "target", kind, "gpt-4o", path, model=pool_model, parameters=deployment)
    assert (result.response is None) == (allowed or kind == "azure-openai")


@pytest.mark.parametrize(
    ("body", "answered"),
    [
        (None, False),
        ("{}", False),
        ("--x", True),
        ("[]", True),
        (" ", True),
        ('{"model": 1}', True),
        ('{"model": ["gpt-5"]}', True),
    ],
)
def test_a_body_beside_a_deployment_is_an_object_or_none(gateway: Gateway, body: str | None, answered: bool) -> None:
    deployment = {"deployment-id": "gpt-4o"}
    result = _authorize(gateway, "target", "ai-foundry", "gpt-4o", "/chat", body=body, parameters=deployment)
    assert (result.response is not None) == answered
    assert result.sent["body"] == ('{"model":"gpt-4o"}' if body == "{}" else body)


@pytest.mark.parametrize(
    "harmless",
    ['"/Date(253402300800000)/"', "1e999", "9" * 400, "[" * 100 + "]" * 100, '"2026-01-02T03:04:05+06:00"'],
    ids=range(5),
)
@pytest.mark.parametrize("kind", ["ai-foundry", "external"])
def test_no_value_hides_the_model_of_a_body(gateway: Gateway, kind: str, harmless: str) -> None:
    """A parser that refuses one of these must not decide that the body names no model: a backend may take them."""
    path, parameters = "/deployments/gpt-4o/chat/completions", {"deployment-id": "gpt-4o"}
    statuses = {}
    for model in ("gpt-4o", "gpt-5"):
        body = f'{{"content": {harmless}, "model": "{model}"}}'
        result = _authorize(gateway, "target", kind, "gpt-4o", path, body=body, parameters=parameters)
        statuses[model] = result.response and result.response["status"]
        assert result.sent["body"] == body
    assert statuses == {"gpt-4o": None, "gpt-5": 400}


def test_a_form_goes_only_where_the_path_names_the_deployment(gateway: Gateway) -> None:
    body = '--b\r\nContent-Disposition: form-data; name="model"\r\n\r\ngpt-5\r\n--b--\r\n'
    request: dict[str, Any] = {"body": body, "parameters": {"deployment-id": "gpt-4o"}}
    path = "/deployments/gpt-4o/audio/transcriptions"
    statuses = {
        kind: _authorize(gateway, "target", kind, "gpt-4o", path, **request).response is None
        for kind in ("azure-openai", "ai-foundry", "external")
    }
    assert statuses == {"azure-openai": True, "ai-foundry": True, "external": False}


@pytest.mark.parametrize(
    ("model", "backend", "path", "version", "token"),
    [
        ("gpt-4o", "aif-citadel-primary", "/models/chat/completions", "2024-05-01-preview", _token()),
        ("Phi-4-mini", "phi-serverless", "/chat/completions", "2024-05-01-preview", _token("https://ml.azure.com")),
        ("grok-3", "foundry-key", "/models/chat/completions", "2024-05-01-preview", {}),
        (
            "gpt-4.1",
            "aoai-us",
            "/openai/deployments/gpt-4.1/chat/completions",
            "2024-10-21",
            _token("https://cognitiveservices.azure.us"),
        ),
        ("o3", "aoai-by-host", "/openai/deployments/o3/chat/completions", "2024-10-21", _token()),
        ("mistral-large", "mistral", "/chat/completions", None, {}),
    ],
)
@pytest.mark.parametrize("spoken", ["", "/deployments/{}"])
def test_each_family_gets_what_it_answers(
    gateway_of: Callable[[str], Gateway],
    model: str,
    backend: str,
    path: str,
    version: str | None,
    token: dict[str, Any],
    spoken: str,
) -> None:
    """Whichever shape the client speaks; a model of the plan is told by its route, not by its type."""
    parameters = {"deployment-id": model} if spoken else {}
    client_path = f"{spoken.format(model)}/chat/completions"
    sent = gateway_of("families").send(client_path, model=model, parameters=parameters).sent
    assert (sent["backend"], sent["path"], sent["headers"]) == (backend, path, token)
    assert sent["query"].get("api-version") == ([version] if version else None)


@pytest.mark.parametrize(
    ("kind", "version"),
    [("azure-openai", ["2025-01-01"]), ("ai-foundry", ["2024-05-01-preview"]), ("external", None)],
)
def test_an_api_version_stays_in_its_shape(gateway: Gateway, kind: str, version: list[str] | None) -> None:
    path = "/deployments/gpt-5/chat/completions"
    sent = _authorize(gateway, "target", kind, "gpt-5", path, query={"api-version": "2025-01-01"}).sent
    assert sent["query"].get("api-version") == version


@pytest.mark.parametrize(("model", "retries"), [("DeepSeek-R1", 3), ("gpt-5", 0), ("GPT-4O", 0), ("mistral-large", 0)])
def test_pools_are_tried_again_and_single_backends_are_not(gateway: Gateway, model: str, retries: int) -> None:
    assert gateway.send(model=model).variables["targetRetries"] == retries


def test_without_a_managed_identity_nothing_asks_for_its_token(gateway_of: Callable[[str], Gateway]) -> None:
    assert gateway_of("keys").send(model="grok-3").sent["headers"] == {}
    assert _authorize(gateway_of("keys"), "other", "azure-openai", "gpt-5", "/chat").sent["headers"] == {}


def test_a_gateway_of_external_providers_has_no_token_to_give(gateway_of: Callable[[str], Gateway]) -> None:
    result = _authorize(gateway_of("external"), "target", "azure-openai", "gpt-5", "/chat/completions")
    assert result.sent["headers"] == {}


@pytest.mark.parametrize(
    ("model", "backend", "path"),
    [
        ("gpt-4o", "aif-citadel-primary", "/models/chat/completions"),
        ("GPT-5", "aoai-eastus-gpt4", "/openai/deployments/gpt-5/chat/completions"),
        ("deepseek-r1", "DeepSeek-R1-backend-pool", "/chat/completions"),
        ("mistral-large", "mistral", "/chat/completions"),
    ],
)
def test_the_fragments_together_route_a_request(gateway: Gateway, model: str, backend: str, path: str) -> None:
    result = gateway.send(model=model, fragments=INBOUND, **_CREDENTIALS)
    assert result.response is None
    assert result.sent["backend"] == backend
    assert result.sent["path"] == path
    assert result.sent["headers"] == ({} if backend == "mistral" else _token())
