# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Chains: what each attempt of a request is, from its first target to its last."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pytest

from tests.gateway.fragments.gateway import INBOUND, Gateway
from tests.gateway.fragments.plans import HOSTILE_NAMES

COGNITIVE = "https://cognitiveservices.azure.com"
ML = "https://ml.azure.com"


@pytest.fixture
def gateway(gateway_of: Callable[[str], Gateway]) -> Gateway:
    """A gateway with chains over all families, see ``PLANS``."""
    return gateway_of("chains")


def _tried(
    gateway: Gateway, model: str, answers: Iterable[int], variables: Mapping[str, Any] | None = None, **request: Any
) -> list[tuple[str, str, str | None, str]]:
    """Return backend, path, token and model in the body of each attempt."""
    attempts = gateway.send(model=model, answers=answers, variables=variables, **request).attempts
    return [(each["backend"], each["path"], each["token"], each["body"]["model"]) for each in attempts]


def test_each_attempt_is_what_its_target_takes(gateway: Gateway) -> None:
    assert _tried(gateway, "Chat", [429, 429, 429, 200]) == [
        ("ptu-chat-ptu", "/chat/completions?api-version=2024-10-21", COGNITIVE, "Chat"),
        ("foundry-Chat-4", "/chat/completions?api-version=2024-05-01-preview", None, "Chat-4"),
        ("serverless-spare", "/chat/completions?api-version=2024-05-01-preview", ML, "spare"),
        ("vendor-vendorlarge", "/chat/completions", None, "vendor/large"),
    ]


def test_a_chain_that_is_spent_stays_at_its_last_target(gateway: Gateway) -> None:
    tried = _tried(gateway, "chat", [429] * 5 + [200])
    assert [backend for backend, *_ in tried[3:]] == ["vendor-vendorlarge"] * 3


def test_a_pool_is_tried_until_its_members_had_their_chance(gateway: Gateway) -> None:
    tried = _tried(gateway, "mixed", [429] * 5 + [200])
    assert [backend for backend, *_ in tried] == ["mixed-backend-pool"] * 4 + ["serverless-spare"] * 2
    assert gateway.send(model="mixed").variables["targetRetries"] == 4


def test_the_attempts_of_a_request_are_shared_by_its_chain(gateway_of: Callable[[str], Gateway]) -> None:
    """A pool whose breakers open late leaves as many attempts to what comes after it."""
    tried = _tried(gateway_of("patient"), "top", [429] * 50 + [200])
    assert Counter(backend for backend, *_ in tried) == {
        "top-backend-pool": 17,
        "middle-backend-pool": 17,
        "last-bottom": 17,
    }
    assert gateway_of("patient").send(model="top").variables["targetRetries"] == 34


def test_a_request_that_is_served_stays_where_it_is(gateway: Gateway) -> None:
    result = gateway.send(model="chat")
    assert [each["backend"] for each in result.attempts] == ["ptu-chat-ptu"]
    assert result.sent["body"].count("2026-01-02T03:04:05+06:00") == 1


def test_variables_tell_where_a_request_went(gateway: Gateway) -> None:
    result = gateway.send(model="chat", answers=[429, 200])
    assert result.target == ("foundry-Chat-4", "ai-foundry")
    assert result.variables["targetRetries"] == 3
    assert [hop["model"] for hop in result.variables["targetRoutes"]] == ["chat", "chat", "spare", "vendor/large"]


@pytest.mark.parametrize(
    ("restriction", "backends"),
    [
        ({"allowedBackendPools": "vendor-vendorlarge, FOUNDRY-chat-4"}, ["foundry-Chat-4", "vendor-vendorlarge"]),
        ({"allowedBackendPools": "ptu-chat-ptu"}, ["ptu-chat-ptu"]),
        ({"allowedModels": "CHAT"}, ["ptu-chat-ptu", "foundry-Chat-4"]),
        ({"allowedModels": "vendor/large,chat"}, ["ptu-chat-ptu", "foundry-Chat-4", "vendor-vendorlarge"]),
        ({"allowedModels": "talk,spare"}, ["ptu-chat-ptu", "foundry-Chat-4", "serverless-spare"]),
    ],
)
def test_a_chain_ends_where_access_does(gateway: Gateway, restriction: Mapping[str, str], backends: list[str]) -> None:
    model = "talk" if "talk" in restriction.get("allowedModels", "") else "chat"
    tried = _tried(gateway, model, [429] * 4 + [200], restriction)
    assert list(dict.fromkeys(backend for backend, *_ in tried)) == backends


@pytest.mark.parametrize("spelling", ["talk", "TALK"])
@pytest.mark.parametrize("path", ["", "/deployments/{}"])
def test_an_alias_is_its_model(gateway: Gateway, spelling: str, path: str) -> None:
    parameters = {"deployment-id": spelling} if path else {}
    path = f"{path.format(spelling)}/chat/completions"
    tried = _tried(gateway, spelling, [429, 200], path=path, parameters=parameters)
    assert [(backend, model) for backend, *_, model in tried] == [
        ("ptu-chat-ptu", spelling),
        ("foundry-Chat-4", "Chat-4"),
    ]


@pytest.mark.parametrize("version", ["2025-01-01", None])
def test_an_api_version_goes_to_the_family_that_it_is_of(gateway: Gateway, version: str | None) -> None:
    query = {"x": "1", "api-version": version} if version else {"x": "1"}
    path, parameters = "/deployments/chat/chat/completions", {"deployment-id": "chat"}
    result = gateway.send(path, model="chat", parameters=parameters, query=query, answers=[429, 429, 429, 200])
    versions = [each["path"].partition("api-version=")[2] for each in result.attempts]
    assert versions == [version or "2024-10-21", "2024-05-01-preview", "2024-05-01-preview", ""]
    assert all("x=1" in each["path"] for each in result.attempts)


def test_members_of_a_mixed_pool_bring_their_own_version(gateway: Gateway) -> None:
    result = gateway.send(model="MIXED", query={"api-version": "2025-01-01"})
    (attempt,) = result.attempts
    assert attempt["path"] == "/chat/completions"
    assert attempt["body"]["model"] == "Mixed"


@pytest.mark.parametrize("model", ["renamed", "RENAMED"])
def test_the_path_names_the_deployment(gateway: Gateway, model: str) -> None:
    (tried,) = _tried(gateway, model, [200])
    assert tried == (
        "ptu",
        "/openai/deployments/renamed-2/chat/completions?api-version=2024-10-21",
        COGNITIVE,
        model,
    )


@pytest.mark.parametrize(
    "body",
    [
        '{"model":"vendor/LARGE","at":"2026-01-02T03:04:05+06:00"}',
        ' { "messages": [{"model": "x"}], "model"\n:\t"vendor-large" , "n": 1.50 }\n',
        '{"mod\\u0065l": "vendor/large"}',
    ],
)
def test_nothing_of_a_body_changes_but_the_model(gateway: Gateway, body: str) -> None:
    before, named, after = body.rpartition('"vendor')
    expected = f'{before}"vendor/large"{after[after.index(chr(34)) + 1 :]}'
    assert named
    assert gateway.send(body=body).sent["body"] == expected


@pytest.mark.parametrize(
    ("body", "sent"), [("{}", '{"model":"vendor/large"}'), ('{"a": 1}', '{"model":"vendor/large","a": 1}')]
)
def test_a_body_without_a_model_gets_it(gateway: Gateway, body: str, sent: str) -> None:
    parameters = {"deployment-id": "vendor-large"}
    result = gateway.send("/deployments/vendor-large/chat/completions", body=body, parameters=parameters)
    assert result.sent["body"] == sent


@pytest.mark.parametrize(
    "body",
    ['{"model": "chat", "model": "chat"}', '{"model": "chat", "\\u006dodel": "chat"}', '{"model": "chat" /* x */}'],
)
def test_a_body_beside_a_deployment_names_one_model(gateway: Gateway, body: str) -> None:
    path, parameters = "/deployments/chat/chat/completions", {"deployment-id": "chat"}
    result = gateway.send(path, body=body, parameters=parameters)
    assert result.response is not None
    assert (result.response["status"], result.error["code"]) == (400, "invalid_request")


def test_the_default_pool_of_a_deployment_gets_its_name(gateway: Gateway) -> None:
    default = {"defaultBackendPool": "foundry-chat-4"}
    (tried,) = _tried(gateway, "unknown", [200], default)
    assert tried == ("foundry-Chat-4", "/chat/completions?api-version=2024-05-01-preview", None, "Chat-4")


@pytest.mark.parametrize("plan", ["renamed", "renamed deployments"])
@pytest.mark.parametrize("number", range(len(HOSTILE_NAMES)))
def test_a_hostile_deployment_is_a_name(gateway_of: Callable[[str], Gateway], plan: str, number: int) -> None:
    (tried,) = _tried(gateway_of(plan), f"model-{number}", [200])
    assert tried == (f"route-{number}", "/chat/completions", None, HOSTILE_NAMES[number])


def test_a_large_body_is_sent_whole(gateway: Gateway) -> None:
    content = '\\"}{][' * 100_000
    body = json.dumps({"model": "chat", "messages": [{"content": content}]})
    result = gateway.send(body=body, answers=[429, 200], fragments=INBOUND)
    assert [each["body"]["messages"][0]["content"] == content for each in result.attempts] == [True, True]
