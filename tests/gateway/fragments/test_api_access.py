# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Restrictions of access through the policy of an API, in whatever scope and order they are set."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.plan import build_plan
from ansible_collections.citadel.ai_gateway.plugins.plugin_utils._policies import render_apis
from apim_emulator.runtime import ScopedPolicy

from tests.gateway.fragments.gateway import Gateway, Result

_POLICY = (
    "<policies><inbound>{}</inbound><backend><base /></backend><outbound /><on-error><base /></on-error></policies>"
)
Ask = Callable[..., Result]


def _api_policy() -> str:
    (api,) = render_apis(build_plan([], universal_api={"deploy": True}))
    policy: str = api["policy"]
    return policy


@pytest.fixture(params=["product", "operation before", "operation after"])
def ask(request: pytest.FixtureRequest, gateway_of: Callable[[str], Gateway]) -> Ask:
    """Send a request to the API while a policy, of one scope, sets variables."""

    def send(restrictions: dict[str, str], **options: Any) -> Result:
        settings = "".join(f'<set-variable name="{name}" value="{value}" />' for name, value in restrictions.items())
        inbound = f"<base />{settings}" if request.param == "operation after" else f"{settings}<base />"
        api = ScopedPolicy("api", "/apis/llm", _api_policy())
        if request.param == "product":
            policies = ScopedPolicy("product", "/products/p", _POLICY.format(inbound)), api
        else:
            policies = api, ScopedPolicy("operation", "/apis/llm/operations/o", _POLICY.format(inbound))
        return gateway_of("chains").send(policies=policies, **options)

    return send


def _refusal(result: Result) -> tuple[int, str]:
    assert result.response is not None
    assert result.attempts == []
    return result.response["status"], result.error["code"]


def test_what_is_allowed_is_served(ask: Ask) -> None:
    result = ask({"allowedBackendPools": "PTU-chat-ptu", "allowedModels": "chat"}, model="talk")
    assert [each["backend"] for each in result.attempts] == ["ptu-chat-ptu"]


@pytest.mark.parametrize("pools", ["new", "mixed-backend-pool,ptu-renamed-2", "serverless-spare,vendor"])
def test_a_pool_that_is_not_allowed_is_refused(ask: Ask, pools: str) -> None:
    assert _refusal(ask({"allowedBackendPools": pools}, model="chat")) == (403, "backend_pool_access_forbidden")


@pytest.mark.parametrize(
    ("pools", "model", "backends"),
    [
        ("PTU", "chat", ["ptu-chat-ptu"]),
        ("foundry-chat-4", "chat", ["foundry-Chat-4"]),
        ("foundry,serverless", "talk", ["foundry-Chat-4", "serverless-spare"]),
        ("new", "mixed", []),
        ("mixed-backend-pool", "mixed", ["mixed-backend-pool"]),
    ],
)
def test_a_chain_begins_at_the_first_route_that_is_allowed(
    ask: Ask, pools: str, model: str, backends: list[str]
) -> None:
    """An account stands for the deployment that is a route of its own, but not for a pool over several."""
    result = ask({"allowedBackendPools": pools}, model=model, answers=[429] * 60)
    if not backends:
        assert _refusal(result) == (403, "backend_pool_access_forbidden")
        return
    assert list(dict.fromkeys(each["backend"] for each in result.attempts)) == backends
    assert {each["path"].partition("?")[0] for each in result.attempts} == {"/chat/completions"}


def test_a_model_that_is_not_allowed_is_refused(ask: Ask) -> None:
    result = ask({"allowedModels": "spare,"}, model="chat")
    assert _refusal(result) == (401, "unauthorized_model_access")
    assert (result.response or {})["reason"] == "Unauthorized model access"


@pytest.mark.parametrize(("models", "statuses"), [("unknown,spare", {200}), ("unknown", {400, 401}), ("spare", {401})])
@pytest.mark.parametrize("method", ["POST", "GET"])
def test_a_default_pool_serves_only_what_is_allowed(ask: Ask, method: str, models: str, statuses: set[int]) -> None:
    """A pool that may not be the default is as good as none, or was chosen before it was forbidden."""
    default = {"defaultBackendPool": "serverless-spare"}
    result = ask({"allowedModels": models}, model="unknown", method=method, variables=default)
    if method == "GET":
        statuses = {200} if "spare" in models else {404, 401}
    assert (result.response or {"status": 200})["status"] in statuses


@pytest.mark.parametrize(
    ("variables", "backends"),
    [
        ({"allowedModels": "talk,vendor/large"}, ["ptu-chat-ptu", "foundry-Chat-4", "vendor-vendorlarge"]),
        ({"allowedBackendPools": "ptu-chat-ptu,serverless-spare"}, ["ptu-chat-ptu", "serverless-spare"]),
    ],
)
def test_a_chain_goes_no_further_than_access(ask: Ask, variables: dict[str, str], backends: list[str]) -> None:
    result = ask(variables, model="chat", answers=[429] * 20)
    assert list(dict.fromkeys(each["backend"] for each in result.attempts)) == backends


@pytest.mark.parametrize(
    ("pools", "accounts"),
    [
        ("PTU", ["ptu"]),
        ("ptu-chat-ptu", ["ptu"]),
        ("mixed-backend-pool", ["new", "classic"]),
        ("Mixed-Backend-Pool,foundry", ["foundry", "new", "classic"]),
    ],
)
def test_an_account_with_a_stored_object_must_be_allowed(ask: Ask, pools: str, accounts: list[str]) -> None:
    """Itself, or a route that it is behind."""
    result = ask({"allowedBackendPools": pools}, path="/responses/resp_1", method="GET", answers=[404] * 20)
    assert sorted({each["backend"] for each in result.attempts}) == sorted(accounts)


@pytest.mark.parametrize(
    ("restriction", "accounts"),
    [
        ({}, ["ptu", "foundry"]),
        ({"allowedBackendPools": "foundry-Chat-4"}, ["foundry"]),
        ({"allowedBackendPools": "FOUNDRY"}, ["foundry"]),
        ({"allowedModels": "talk"}, ["ptu", "foundry"]),
    ],
)
@pytest.mark.parametrize("previous", [{}, {"previous_response_id": "resp_1"}])
def test_the_accounts_that_make_a_response_must_be_allowed(
    ask: Ask, restriction: dict[str, str], accounts: list[str], previous: dict[str, str]
) -> None:
    body = json.dumps({"model": "chat", "input": "x", **previous})
    result = ask(restriction, path="/responses", body=body, answers=[404 if previous else 429] * 20)
    assert list(dict.fromkeys(each["backend"] for each in result.attempts)) == accounts


def test_only_a_missing_object_leads_to_another_account(ask: Ask) -> None:
    found = ask({}, path="/responses/resp_1", method="GET", answers=[404, 404, 200])
    assert [each["backend"] for each in found.attempts] == ["ptu", "foundry", "new"]
    throttled = ask({}, path="/responses/resp_1", method="GET", answers=[404, 429])
    assert [each["backend"] for each in throttled.attempts] == ["ptu", "foundry"]


def test_an_object_that_is_nowhere_is_missing(ask: Ask) -> None:
    result = ask({}, path="/responses/resp_1", method="GET", answers=[404] * 20)
    assert [each["backend"] for each in result.attempts] == ["ptu", "foundry", "new", "classic"]


def test_a_request_without_a_model_is_no_usage(ask: Ask) -> None:
    assert "metric" not in ask({}, path="/responses/resp_1", method="GET").sent
    assert "metric" in ask({}, model="chat").sent
