# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What products and operations allow: pools, models and a default pool, wherever their policies set the variables."""

from __future__ import annotations

import pytest

from tests.gateway.conftest import UNIVERSAL, Onboard
from tests.gateway.gateway import Gateway, error_of
from tests.gateway.hub import Hub
from tests.integration.inventory import backend

API = "universal-llm-api"
FORBIDDEN_POOL = (403, "backend_pool_access_forbidden")
FORBIDDEN_MODEL = (401, "unauthorized_model_access")
UNSUPPORTED = (400, "unsupported_model")

BACKENDS = (
    backend("one", "gpt-4o", {"name": "gpt-5", "aliases": ["newest"]}),
    backend("two", "gpt-4o"),
    backend("three", "o3", {"name": "vip", "deployment": "vipdep"}),
    backend("first", {"name": "split", "fallbacks": ["o4"]}),
    backend(
        "second",
        {"name": "split", "deployment": "split-2"},
        "o4",
        priority=2,
        auth_scheme="api_key",
        credential={"value": "key-of-second"},
    ),
    backend(
        "vendor",
        "claude",
        "opus",
        backend_type="external",
        endpoint="https://vendor.example/v1",
        auth_scheme="token",
        credential={"value": "token-of-vendor"},
    ),
)
HIDING = ['"/Date(253402300800000)/"', "1e999", "9" * 400, "[" * 100 + "]" * 100]
PRODUCTS = {
    "models": {"allowedModels": " GPT-4O , newest"},
    "pools": {"allowedBackendPools": "GPT-4o-Backend-Pool"},
    "account": {"allowedBackendPools": "second"},
    "claude": {"allowedModels": "claude"},
    "default": {"defaultBackendPool": "three"},
    "default-without-vip": {"defaultBackendPool": "three", "allowedModels": "o3, vipdep"},
    "default-of-a-model": {"defaultBackendPool": "three", "allowedModels": "gpt-4o, o9"},
    "default-allowed": {"defaultBackendPool": "three", "allowedModels": "o3, o9"},
    "default-of-a-pool": {"defaultBackendPool": "three", "allowedBackendPools": "gpt-4o-backend-pool"},
    "nothing-fits": {"allowedModels": "o3", "allowedBackendPools": "gpt-4o-backend-pool"},
}
# (product, model) -> status, or status and code of the error.
EXPECTED = {
    ("models", "gpt-4o"): 200,
    ("models", "newest"): 200,
    ("models", "gpt-5"): 200,  # the alias of an allowed model is that model
    ("models", "o3"): FORBIDDEN_MODEL,
    ("models", "o9"): FORBIDDEN_MODEL,
    ("pools", "gpt-4o"): 200,
    ("pools", "gpt-5"): FORBIDDEN_POOL,
    ("pools", "o9"): UNSUPPORTED,
    ("default", "gpt-5"): 200,
    ("default", "o9"): 200,
    ("default", "vipdep"): UNSUPPORTED,  # the deployment of a model, which its own names allow
    ("default", "VipDep"): UNSUPPORTED,
    ("default-without-vip", "vipdep"): UNSUPPORTED,
    ("default-without-vip", "vip"): FORBIDDEN_MODEL,
    ("account", "split"): 200,  # the second route of the model, which is a deployment of this account
    ("account", "gpt-5"): FORBIDDEN_POOL,
    ("default-of-a-model", "o9"): UNSUPPORTED,  # allowed itself, but the default pool serves no allowed model
    ("default-of-a-model", "o3"): FORBIDDEN_MODEL,
    ("default-allowed", "o9"): 200,
    ("default-allowed", "o8"): FORBIDDEN_MODEL,
    ("default-of-a-pool", "o9"): UNSUPPORTED,
    ("default-of-a-pool", "o3"): FORBIDDEN_POOL,
    ("nothing-fits", "o3"): FORBIDDEN_POOL,
    ("nothing-fits", "gpt-4o"): FORBIDDEN_MODEL,
}


def _variables(values: dict[str, str]) -> str:
    return "".join(f'<set-variable name="{name}" value="{value}" />' for name, value in values.items())


def _policies(before: str, after: str) -> str:
    return (
        f"<policies><inbound>{before}<base />{after}</inbound><backend><base /></backend>"
        "<outbound><base /></outbound><on-error><base /></on-error></policies>"
    )


@pytest.fixture(scope="module")
def gateway(onboard: Onboard) -> Gateway:
    """A pool, backends that stand alone, a model with two routes and a fallback, and an external provider."""
    return onboard(*BACKENDS, llm_universal_api=UNIVERSAL, llm_azure_openai_api={"deploy": True})


@pytest.fixture(autouse=True)
def _providers(gateway: Gateway, _calm_providers: None) -> None:
    gateway.provider("vendor.example", api_keys=["token-of-vendor"])
    gateway.provider("second.openai.azure.com", api_keys=["key-of-second"])


@pytest.fixture(scope="module", params=["before base", "after base"])
def keys(gateway: Gateway, request: pytest.FixtureRequest) -> dict[str, str]:
    """Keys of the products, whose policies set their variables on either side of `<base />`."""
    hub = Hub(gateway.service)
    first = request.param == "before base"
    return {
        name: hub.product(
            f"{name}-{first}",
            _policies(_variables(values), "") if first else _policies("", _variables(values)),
            API,
            "azure-openai-api",
        )
        for name, values in PRODUCTS.items()
    }


@pytest.mark.parametrize(("product", "model"), EXPECTED)
def test_a_products_restrictions(gateway: Gateway, keys: dict[str, str], product: str, model: str) -> None:
    expected = EXPECTED[product, model]
    answer = gateway.ask(body=model, headers={"api-key": keys[product]})
    if expected == 200:
        assert answer.status_code == 200, answer.text
        assert gateway.reached().total() == 1
    else:
        assert error_of(answer) == expected
        assert not gateway.reached()


def test_the_answer_to_an_unsupported_model_tells_what_the_caller_may_use(
    gateway: Gateway, keys: dict[str, str]
) -> None:
    told = gateway.ask(body="o9", headers={"api-key": keys["pools"]}).text
    assert "gpt-4o" in told
    assert "gpt-5" not in told
    assert "o3" not in told


@pytest.mark.parametrize("hiding", HIDING, ids=range(4))
def test_no_value_hides_the_model_of_a_body(gateway: Gateway, keys: dict[str, str], hiding: str) -> None:
    """Access is checked for the model of the path; what a parser makes of the body must not hide another one."""
    path = "/openai/deployments/claude/chat/completions?api-version=2024-10-21"
    headers = {"api-key": keys["claude"], "Content-Type": "application/json"}
    for model in ("claude", "opus"):
        content = f'{{"model": "{model}", "messages": [{{"role": "user", "content": "Hello!"}}], "user": {hiding}}}'
        answer = gateway.ask(path, headers=headers, data=content.encode())
    assert error_of(answer) == (400, "invalid_request")
    assert gateway.only("provider")["body"] == content.replace("opus", "claude")


def test_a_form_names_no_model_to_a_provider_that_goes_by_it(gateway: Gateway, keys: dict[str, str]) -> None:
    path = "/openai/deployments/claude/chat/completions?api-version=2024-10-21"
    answer = gateway.ask(path, headers={"api-key": keys["claude"]}, files={"model": (None, "opus")})
    assert error_of(answer) == (400, "invalid_request")
    assert not gateway.reached()


@pytest.mark.parametrize("side", ["before", "after"])
@pytest.mark.parametrize(
    ("values", "model", "expected"),
    [
        ({"allowedBackendPools": "three"}, "gpt-4o", FORBIDDEN_POOL),
        ({"allowedBackendPools": "three"}, "o3", 200),
        ({"allowedModels": "o3"}, "gpt-4o", FORBIDDEN_MODEL),
        ({"allowedModels": "o3"}, "o3", 200),
        ({"allowedBackendPools": "second-split-2"}, "split", 200),
        ({"allowedBackendPools": "SECOND"}, "split", 200),
        ({"allowedBackendPools": "second-o4"}, "split", FORBIDDEN_POOL),
    ],
)
def test_an_operations_restrictions(
    gateway: Gateway, side: str, values: dict[str, str], model: str, expected: int | tuple[int, str]
) -> None:
    """What an operation's policy sets after `<base />` comes after the routing, and counts all the same."""
    sdk, place = gateway.service.azure.sdk, gateway.service.place
    policy = _policies(_variables(values), "") if side == "before" else _policies("", _variables(values))
    document = {"properties": {"format": "rawxml", "value": policy}}
    sdk.api_operation_policy.create_or_update(*place, API, "createChatCompletion", "policy", document)
    try:
        answer = gateway.ask(body=model)
    finally:
        sdk.api_operation_policy.delete(*place, API, "createChatCompletion", "policy", if_match="*")
    assert (answer.status_code if expected == 200 else error_of(answer)) == expected
    assert gateway.reached().total() == (expected == 200)
