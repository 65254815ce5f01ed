# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backends of their own for each deployment: a throttled model leaves the others of its account in service."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.gateway.conftest import UNIVERSAL, Onboard
from tests.gateway.gateway import HELLO, Gateway
from tests.integration.harness import Service
from tests.integration.inventory import backend, inventory
from tests.integration.playbook import Playbooks

BACKENDS = (
    backend("one", "gpt-4o", {"name": "gpt-5", "deployment": "gpt 5 (new)", "aliases": ["newest", "GPT-Latest"]}),
    backend("two", "gpt-4o", priority=2),
)
DEPLOYMENTS = ["gpt-4o", "gpt 5 (new)"]


def _host(name: str) -> str:
    return f"{name}.openai.azure.com"


@pytest.fixture(scope="module")
def gateway(onboard: Onboard) -> Gateway:
    """Each deployment of two accounts is a backend."""
    return onboard(
        *BACKENDS,
        llm_backend_scope="deployment",
        llm_universal_api=UNIVERSAL,
        llm_azure_openai_api={"deploy": True},
        llm_circuit_breaker={"trip_duration": "PT30S", "accept_retry_after": False},
    )


@pytest.fixture(autouse=True)
def _providers(gateway: Gateway, _calm_providers: None) -> None:
    for name in ("one", "two"):
        gateway.provider(_host(name), deployments=DEPLOYMENTS)


def test_each_deployment_is_a_backend(gateway: Gateway) -> None:
    urls = {name: entity.url for name, entity in gateway.service.backends().items()}
    assert urls == {
        "one": "https://one.openai.azure.com",
        "two": "https://two.openai.azure.com",
        "one-gpt-4o": "https://one.openai.azure.com/openai/deployments/gpt-4o",
        "one-gpt5new": urls.get("one-gpt5new", ""),
        "two-gpt-4o": "https://two.openai.azure.com/openai/deployments/gpt-4o",
    }
    assert urls["one-gpt5new"].startswith("https://one.openai.azure.com/openai/deployments/gpt%205%20")
    assert gateway.service.pools() == {"gpt-4o-backend-pool": [("one-gpt-4o", 1, 100), ("two-gpt-4o", 2, 100)]}


@pytest.mark.parametrize("name", ["gpt-5", "GPT-5", "newest", "gpt-latest"])
def test_a_model_is_reached_by_its_name_and_its_aliases(gateway: Gateway, name: str) -> None:
    assert gateway.openai.chat.completions.create(model=name, messages=HELLO).choices
    assert gateway.azure_openai.chat.completions.create(model=name, messages=HELLO).choices
    assert [entry["deployment"] for entry in gateway.log("provider")] == ["gpt 5 (new)"] * 2


def test_a_throttled_model_leaves_the_others_of_its_account_in_service(gateway: Gateway) -> None:
    gateway.provider(_host("one"), deployments=DEPLOYMENTS, per_deployment={"gpt-4o": {"status": 429}})
    assert gateway.statuses("gpt-4o", 5) == {200: 5}
    assert gateway.is_open("one-gpt-4o")
    gateway.azure.forget()
    assert gateway.statuses("gpt-5", 5) == {200: 5}
    assert gateway.reached() == {"one": 5}


def test_the_clients_api_version_travels_where_all_members_take_it(gateway: Gateway) -> None:
    path = "/openai/deployments/gpt-5/chat/completions?api-version=2025-01-01-preview"
    assert gateway.ask(path, {"messages": HELLO}).status_code == 200
    assert gateway.only("provider")["api_version"] == "2025-01-01-preview"


def test_the_scope_can_change_while_clients_ask(
    onboard: Onboard, new_service: Callable[[], Service], playbooks: Playbooks
) -> None:
    """Auto makes a pool of accounts of two plain members; the run that changes the scope changes what is in it."""
    service = new_service()
    plain = (backend("left", "gpt-4o"), backend("right", "gpt-4o"))
    gateway = onboard(*plain, service=service)
    assert gateway.service.pools() == {"gpt-4o-backend-pool": [("left", 1, 100), ("right", 1, 100)]}
    variables = {"llm_universal_api": UNIVERSAL, "llm_backend_scope": "deployment"}
    playbooks.onboard(inventory(service, *plain, **variables))
    assert gateway.service.pools() == {
        "gpt-4o-backend-pool": [("left-gpt-4o", 1, 100), ("right-gpt-4o", 1, 100)],
    }
    assert gateway.statuses("gpt-4o", 4) == {200: 4}
    assert gateway.reached() == {"left": 2, "right": 2}
    assert playbooks.onboard(inventory(service, *plain, **variables)).writes == []
