# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The admin API: settings, request log, services, breakers, providers; and the gateways that it names."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.emulator.harness import GROUP, SERVICE, Azure, backend, breaker


def test_settings_that_are_not_named_stay(azure: Azure) -> None:
    azure.configure(latency_ms=5)
    azure.configure(throttling=True)
    shown = azure.admin("GET", "arm").json()
    assert (shown["latency_ms"], shown["throttling"], shown["faults"]) == (5, True, [])
    assert azure.admin("DELETE", "arm").status_code == 204
    assert azure.admin("GET", "arm").json()["latency_ms"] == 0


@pytest.mark.parametrize(
    ("path", "body", "named"),
    [
        ("arm", {"latency": 5}, "latency"),
        ("arm", {"latency_ms": -1}, "latency_ms"),
        ("arm", {"faults": [{"stauts": 500}]}, "faults.0.stauts"),
        ("arm", {"faults": [{"path": "(", "status": 500}]}, "faults.0.path"),
        ("arm", {"faults": [{"path": "x"}]}, "faults.0"),
        ("arm", {"faults": [{"drop": True, "asynchronous": True}]}, "faults.0"),
        ("arm", [], "body"),
        ("providers/x.example", {"code": 500}, "code"),
        ("providers/x.example", {"status": 99}, "status"),
        ("providers/x.example", {"key_header": "a b"}, "key_header"),
        ("providers/x.example", {"base_path": "v1"}, "base_path"),
        ("providers/x.example", {"per_deployment": {"d": {"stauts": 500}}}, "per_deployment.d.stauts"),
        ("providers/x.example:443", {}, "x.example:443"),
    ],
)
def test_wrong_input_is_named(azure: Azure, path: str, body: Any, named: str) -> None:
    response = azure.admin("PUT", path, json=body)
    assert response.status_code == 400
    (problem,) = response.json()["error"]["problems"]
    assert problem.startswith(f"{named}: ")


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "nothing", 404), ("POST", "arm", 405), ("PUT", "arm", 400)]
)
def test_other_requests(azure: Azure, method: str, path: str, status: int) -> None:
    response = azure.admin(method, path, data="{")
    assert response.status_code == status
    assert response.json()["error"]["message"]


def test_request_log(azure: Azure) -> None:
    azure.put("backends/b", backend())
    (entry,) = azure.admin("GET", "requests").json()
    assert (entry["plane"], entry["method"], entry["status"]) == ("arm", "PUT", 201)
    assert entry["url"] == f"{azure.url}{azure.service()}/backends/b?api-version=2024-05-01"
    assert entry["service"] == f"{GROUP}/{SERVICE}"
    assert json.loads(entry["body"]) == {"properties": backend()}
    assert entry["headers"]["Authorization"] == "********"
    assert entry["time"] > 1_700_000_000
    assert entry["duration_ms"] >= 0
    assert azure.admin("DELETE", "requests").status_code == 204
    assert azure.admin("GET", "requests").json() == []


def test_credentials_are_not_logged(azure: Azure) -> None:
    sample = azure.admin("GET", "credentials").json()
    token = azure.token()
    azure.token_response(client_secret="", client_assertion=sample["federated_token"], client_assertion_type="x")
    azure.http("GET", azure.environment["IDENTITY_ENDPOINT"], headers={"X-IDENTITY-HEADER": "header-secret"})
    azure.http("GET", azure.environment["APIM_GATEWAY_URL"], headers={"api-key": azure.environment["APIM_GATEWAY_KEY"]})
    log = azure.admin("GET", "requests").text
    for secret in (
        sample["secret"],
        sample["federated_token"],
        token,
        "header-secret",
        azure.environment["APIM_GATEWAY_KEY"],
    ):
        assert secret not in log
    planes = [entry["plane"] for entry in azure.admin("GET", "requests").json()]
    assert planes == ["login", "login", "login", "gateway"]
    assert len(azure.admin("GET", "requests", params={"plane": "gateway"}).json()) == 1


def test_services_and_their_gateways(azure: Azure) -> None:
    services = azure.admin("GET", "services").json()
    assert [(item["resource_group"], item["name"]) for item in services] == [
        (GROUP, SERVICE),
        (GROUP, "apim-consumption"),
        ("rg-other", "apim-v2"),
    ]
    assert (services[0]["url"], services[0]["key"]) == (
        azure.environment["APIM_GATEWAY_URL"],
        azure.environment["APIM_GATEWAY_KEY"],
    )
    assert len({item["url"] for item in services}) == len({item["key"] for item in services}) == 3
    answer = azure.http("POST", f"{services[2]['url']}/models/chat/completions", json={})
    assert (answer.status_code, answer.json()) == (404, {"statusCode": 404, "message": "Resource not found"})
    (entry,) = azure.admin("GET", "requests", params={"plane": "gateway"}).json()
    assert entry["service"] == "rg-other/apim-v2"


def test_breakers(azure: Azure) -> None:
    azure.put("backends/plain", backend())
    azure.put("backends/broken", backend(circuitBreaker=breaker()))
    expected = {"service": f"{GROUP}/{SERVICE}", "backend": "broken", "rule": "trip", "state": "closed"}
    assert azure.admin("GET", "breakers").json() == [expected]


def test_providers(azure: Azure) -> None:
    assert azure.admin("PUT", "providers/Model.example", json={"status": 429, "retry_after": 3}).status_code == 200
    assert azure.admin("GET", "providers").json()["model.example"]["retry_after"] == 3
    assert azure.admin("DELETE", "providers/model.example").status_code == 204
    assert "model.example" not in azure.admin("GET", "providers").json()


def test_what_a_provider_is_stays(azure: Azure) -> None:
    told = {
        "deployments": ["m"],
        "api_keys": ["key-of-the-provider"],
        "status": 500,
        "per_deployment": {"m": {"times": 1}},
    }
    azure.admin("PUT", "providers/model.example", json=told)
    answer = azure.admin("PUT", "providers/model.example", json={"latency_ms": 5})
    assert "key-of-the-provider" not in answer.text
    shown = answer.json()
    assert (shown["deployments"], len(shown["api_keys"]), shown["latency_ms"]) == (["m"], 1, 5)
    assert (shown["status"], shown["per_deployment"]) == (None, {})
    assert azure.admin("PUT", "providers/model.example", json={"deployments": None}).json()["deployments"] is None
    azure.admin("DELETE", "providers/model.example")


def test_providers_of_the_configuration(azure: Azure) -> None:
    configured = azure.admin("GET", "providers").json()["configured.provider.example"]
    assert (configured["region"], configured["status"]) == ("Lab", None)
    azure.admin("PUT", "providers/configured.provider.example", json={"status": 500, "region": "Other"})
    azure.admin("DELETE", "providers/configured.provider.example")
    assert azure.admin("GET", "providers").json()["configured.provider.example"] == configured


def test_objects_that_a_provider_keeps(azure: Azure) -> None:
    path = "providers/R.openai.azure.com/objects"
    azure.admin("DELETE", path)
    file = azure.admin("POST", path, json={"kind": "files", "content": "text", "object": {"filename": "in.jsonl"}})
    assert (file.status_code, file.json()["object"]["bytes"], file.json()["object"]["filename"]) == (201, 4, "in.jsonl")
    done = {"id": "batch_1", "status": "completed", "output_file_id": file.json()["object"]["id"]}
    seeded = [
        file.json(),
        azure.admin("POST", path, json={"kind": "batches", "object": done}).json(),
        azure.admin("POST", path, json={"kind": "responses", "object": {"id": "resp_1"}}).json(),
    ]
    assert azure.admin("GET", path).json() == seeded
    assert azure.admin("DELETE", path).status_code == 204
    assert azure.admin("GET", path).json() == []


@pytest.mark.parametrize(
    ("host", "body", "named"),
    [
        ("r.openai.azure.com", {"kind": "threads"}, "kind"),
        ("r.openai.azure.com", {"kind": "files", "object": {"size": 1}}, "object.size"),
        ("r.openai.azure.com", {"kind": "files", "object": {"id": "a/b"}}, "object.id"),
        ("nobody.example", {"kind": "files"}, "nobody.example"),
        ("r.eastus.models.ai.azure.com", {"kind": "files"}, "r.eastus.models.ai.azure.com"),
    ],
)
def test_objects_that_no_provider_keeps(azure: Azure, host: str, body: dict[str, Any], named: str) -> None:
    refused = azure.admin("POST", f"providers/{host}/objects", json=body)
    assert refused.status_code == 400
    assert refused.json()["error"]["message"].startswith(f"{named}: ")
