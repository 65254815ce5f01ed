# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests for stored objects: which accounts are asked, and in which order."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.gateway.fragments.gateway import Gateway, Result

AZURE = ["ptu", "foundry", "new", "classic"]
MISSING = (404,) * 20 + (200,)


@pytest.fixture
def gateway(gateway_of: Callable[[str], Gateway]) -> Gateway:
    """A gateway with accounts of all families, see ``PLANS``."""
    return gateway_of("chains")


def _asked(result: Result) -> list[str]:
    """Return the accounts that were asked, each once."""
    return list(dict.fromkeys(each["backend"] for each in result.attempts))


def _get(gateway: Gateway, path: str = "/responses/resp_1", backend: str = "", **variables: str) -> Result:
    headers = {"x-llm-backend": backend} if backend else {}
    return gateway.send(path, method="GET", headers=headers, variables=variables, answers=MISSING)


@pytest.mark.parametrize(
    ("method", "path", "sent"),
    [
        ("GET", "/responses/resp_1", "/openai/v1/responses/resp_1"),
        ("DELETE", "/v1/responses/resp_1/", "/openai/v1/responses/resp_1"),
        ("GET", "/responses/resp_1/input_items", "/openai/v1/responses/resp_1/input_items"),
        ("POST", "/responses/resp_1/cancel", "/openai/v1/responses/resp_1/cancel"),
        ("POST", "/v1/batches/batch_1/cancel", "/openai/v1/batches/batch_1/cancel"),
        ("GET", "/openai/v1/files/file-1/content", "/openai/v1/files/file-1/content"),
        ("GET", "/Responses/resp_A/INPUT_items/", "/openai/v1/responses/resp_A/input_items"),
    ],
)
def test_the_accounts_are_asked_one_after_the_other(gateway: Gateway, method: str, path: str, sent: str) -> None:
    result = gateway.send(
        path, method=method, query={"api-version": "2025-01-01", "limit": "5"}, answers=[404, 404, 200]
    )
    assert [each["backend"] for each in result.attempts] == AZURE[:3]
    assert {each["path"] for each in result.attempts} == {f"{sent}?limit=5"}
    assert [bool(each["token"]) for each in result.attempts] == [True, False, True]
    assert result.variables["targetAdvance"] == "missing"
    assert result.variables["targetRetries"] == len(AZURE) - 1


def test_external_providers_are_asked_when_there_is_no_account_of_azure(gateway_of: Callable[[str], Gateway]) -> None:
    result = gateway_of("external").send("/v1/responses/resp_1", method="GET")
    assert [(each["backend"], each["path"], each["token"]) for each in result.attempts] == [
        ("mistral", "/responses/resp_1", None)
    ]


@pytest.mark.parametrize(
    ("variables", "accounts"),
    [
        ({}, AZURE),
        ({"allowedBackendPools": "mixed-backend-pool"}, ["new", "classic"]),
        ({"allowedBackendPools": "Classic, ptu-chat-ptu"}, ["classic", "ptu"]),
        ({"allowedBackendPools": "vendor-vendorlarge"}, ["vendor"]),
        ({"defaultBackendPool": "mixed-backend-pool"}, ["new", "classic", "ptu", "foundry"]),
    ],
)
def test_only_accounts_that_the_caller_may_use_are_asked(
    gateway: Gateway, variables: Mapping[str, str], accounts: list[str]
) -> None:
    assert _asked(_get(gateway, **variables)) == accounts


@pytest.mark.parametrize(("backend", "account"), [("CLASSIC", "classic"), ("vendor", "vendor")])
@pytest.mark.parametrize("path", ["/responses/resp_1", "/files"])
def test_a_client_may_name_the_account(gateway: Gateway, backend: str, account: str, path: str) -> None:
    result = _get(gateway, path, backend)
    assert _asked(result) == [account]
    assert "x-llm-backend" not in result.sent["headers"]


def test_an_account_that_is_not_allowed_is_refused(gateway: Gateway) -> None:
    result = _get(gateway, backend="classic", allowedBackendPools="ptu")
    assert (result.response or {})["status"] == 403
    assert result.error["code"] == "backend_pool_access_forbidden"


@pytest.mark.parametrize("backend", ["no-such", "serverless"])
def test_what_is_no_account_is_answered_with_the_accounts(gateway: Gateway, backend: str) -> None:
    result = _get(gateway, backend=backend, allowedBackendPools="ptu")
    assert (result.response or {})["status"] == 400
    assert result.error["code"] == "backend_required"
    assert result.error["message"].endswith("one of: ptu.")


@pytest.mark.parametrize("path", ["/files", "/v1/batches"])
def test_a_list_is_of_one_account(gateway: Gateway, path: str) -> None:
    result = _get(gateway, path)
    assert (result.response or {})["status"] == 400
    assert result.error["code"] == "backend_required"
    assert "ptu, foundry, new, classic, vendor" in result.error["message"]
    assert _asked(_get(gateway, path, allowedBackendPools="classic")) == ["classic"]
    assert _asked(_get(gateway, path, defaultBackendPool="ptu-chat-ptu")) == ["ptu"]


@pytest.mark.parametrize(
    "path",
    [
        "/responses/../x",
        "/responses/resp%2f..%2f..",
        "/files/%2e%2e",
        "/responses/a%2finput_items",
        "/responses/a%252Finput_items",
        "/files/a%5ccontent",
        "/files/a%2F/content",
    ],
)
def test_an_id_reaches_no_other_path(gateway: Gateway, path: str) -> None:
    result = _get(gateway, path)
    assert (result.response or {})["status"] == 400
    assert result.attempts == []


@pytest.mark.parametrize("status", [200, 500])
def test_an_account_that_fails_is_asked_again_by_a_policy_that_tries_again(gateway: Gateway, status: int) -> None:
    """A hub's retry knows nothing of searches: another account would tell that the object is nowhere."""
    answers = [404, 429, 429, 404, 200]
    result = gateway.send("/responses/resp_1", method="GET", answers=answers)
    assert [each["backend"] for each in result.attempts] == ["ptu", "foundry", "foundry", "foundry", "new"]
    body = json.dumps({"model": "chat", "previous_response_id": "resp_1"})
    result = gateway.send("/responses", body=body, answers=[429, 429, status])
    assert {each["backend"] for each in result.attempts} == {"ptu"}


def test_more_accounts_than_attempts_need_a_name(gateway_of: Callable[[str], Gateway]) -> None:
    result = _get(gateway_of("crowd"))
    assert (result.response or {})["status"] == 400
    assert result.error["code"] == "backend_required"
    assert _asked(_get(gateway_of("crowd"), backend="account-51")) == ["account-51"]


def test_a_gateway_without_accounts_routes_nothing(gateway_of: Callable[[str], Gateway]) -> None:
    assert gateway_of("empty").send("/responses/resp_1", method="GET").target == ("", "")


def _post(gateway: Gateway, model: str, answers: Any = MISSING, backend: str = "", **body: str) -> Result:
    headers = {"x-llm-backend": backend} if backend else {}
    return gateway.send(
        "/responses", body=json.dumps({"model": model, "input": "x", **body}), headers=headers, answers=answers
    )


def test_a_response_is_made_by_the_route_of_a_model(gateway: Gateway) -> None:
    (attempt,) = _post(gateway, "RENAMED", [200]).attempts
    assert (attempt["backend"], attempt["path"], attempt["body"]["model"]) == (
        "ptu",
        "/openai/v1/responses",
        "renamed-2",
    )


def test_a_response_of_deployments_is_made_by_their_accounts(gateway: Gateway) -> None:
    result = _post(gateway, "talk", [429, 200])
    assert [(each["backend"], each["body"]["model"]) for each in result.attempts] == [
        ("ptu", "chat-ptu"),
        ("foundry", "Chat-4"),
    ]
    assert {each["path"] for each in result.attempts} == {"/openai/v1/responses"}
    assert result.variables["targetAdvance"] == "failure"


def test_a_response_falls_back_to_the_accounts_of_the_other_models(gateway_of: Callable[[str], Gateway]) -> None:
    """Of those in Azure: an external provider has another path, which only the first target can set."""
    result = _post(gateway_of("ladder"), "top", [429, 429, 429, 200])
    assert [(each["backend"], each["body"]["model"]) for each in result.attempts] == [
        ("one", "top-1"),
        ("two", "top-1"),
        ("two", "middle-1"),
        ("three", "middle-1"),
    ]
    assert {each["path"] for each in result.attempts} == {"/openai/v1/responses"}
    assert result.variables["targetRetries"] == 3


@pytest.mark.parametrize(
    ("variables", "accounts"),
    [
        ({"allowedModels": "top"}, ["one", "two"]),
        ({"allowedModels": "top,middle"}, ["one", "two", "two", "three"]),
        ({"allowedBackendPools": "middle-backend-pool,top-backend-pool"}, ["one", "two", "two", "three"]),
    ],
)
def test_a_response_falls_back_where_the_caller_may_go(
    gateway_of: Callable[[str], Gateway], variables: Mapping[str, str], accounts: list[str]
) -> None:
    body = json.dumps({"model": "top", "input": "x"})
    result = gateway_of("ladder").send("/responses", body=body, variables=variables, answers=[429] * 3 + [200])
    assert list(dict.fromkeys(each["backend"] for each in result.attempts)) == list(dict.fromkeys(accounts))
    assert result.variables["targetRetries"] == len(accounts) - 1


def test_a_response_that_goes_on_is_looked_for_at_fallbacks_too(gateway_of: Callable[[str], Gateway]) -> None:
    result = _post(gateway_of("ladder"), "top", previous_response_id="resp_1")
    assert _asked(result) == ["one", "two", "three"]


@pytest.mark.parametrize(
    ("default", "model", "made"),
    [
        ("ptu-chat-ptu", "unknown", [("ptu", "chat-ptu")]),
        ("mixed-backend-pool", "unknown", [("new", "Mixed")]),
        ("ptu", "unknown", [("ptu", "unknown")]),
        ("ptu-chat-ptu", "RENAMED-2", []),
        ("ptu-chat-ptu", "chat-ptu", []),
        ("ptu", "renamed-2", []),
    ],
)
@pytest.mark.parametrize("path", ["/responses", "/chat/completions"])
def test_a_default_pool_reaches_no_deployment_by_its_name(
    gateway: Gateway, path: str, default: str, model: str, made: list[tuple[str, str]]
) -> None:
    result = gateway.send(path, model=model, variables={"defaultBackendPool": default})
    if not made:
        assert ((result.response or {})["status"], result.error["code"]) == (400, "unsupported_model")
    elif path == "/responses":
        assert [(each["backend"], each["body"]["model"]) for each in result.attempts] == made


@pytest.mark.parametrize(("model", "accounts"), [("mixed", ["new", "classic"]), ("renamed", ["ptu"])])
def test_a_response_that_goes_on_is_looked_for_at_the_members(
    gateway: Gateway, model: str, accounts: list[str]
) -> None:
    result = _post(gateway, model, previous_response_id="resp_1")
    assert _asked(result) == accounts
    assert result.variables["targetAdvance"] == "missing"


def test_the_account_of_a_new_response_may_be_named(gateway: Gateway) -> None:
    assert _asked(_post(gateway, "mixed", backend="classic")) == ["classic"]
    refused = _post(gateway, "mixed", backend="ptu")
    assert ((refused.response or {})["status"], refused.error["code"]) == (400, "backend_required")
    assert refused.error["message"].startswith("The backend 'ptu' does not serve the model. Name")
    assert refused.error["message"].endswith("one of: new, classic.")


def test_an_account_that_is_not_allowed_makes_no_response(gateway: Gateway) -> None:
    headers, variables = {"x-llm-backend": "ptu"}, {"allowedBackendPools": "mixed-backend-pool"}
    refused = gateway.send("/responses", model="mixed", headers=headers, variables=variables)
    assert ((refused.response or {})["status"], refused.error["code"]) == (403, "backend_pool_access_forbidden")


def test_an_external_model_answers_below_its_endpoint(gateway: Gateway) -> None:
    (attempt,) = _post(gateway, "vendor-large", [200]).attempts
    assert (attempt["backend"], attempt["path"], attempt["body"]["model"]) == ("vendor", "/responses", "vendor/large")


def test_a_serverless_model_has_no_responses(gateway: Gateway) -> None:
    result = _post(gateway, "spare", [200])
    assert ((result.response or {})["status"], result.error["code"]) == (400, "unsupported_operation")
