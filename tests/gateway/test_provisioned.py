# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Provisioned and pay-as-you-go deployments of one model, and accounts of which one deployment is throttled."""

from __future__ import annotations

import pytest

from tests.gateway.conftest import UNIVERSAL, Onboard
from tests.gateway.gateway import Gateway
from tests.integration.inventory import backend

RESERVED = {"name": "gpt-4o", "deployment": "gpt-4o-ptu", "sku": "ProvisionedManaged", "fallbacks": ["small"]}
BACKENDS = (
    backend("reserved", RESERVED),
    backend("payg", "gpt-4o", priority=2),
    backend("spare", "small", "busy", "quiet"),
)
PTU, SPARE = ["gpt-4o-ptu"], ["small", "busy", "quiet"]


def _host(name: str) -> str:
    return f"{name}.openai.azure.com"


@pytest.fixture(scope="module")
def gateway(onboard: Onboard) -> Gateway:
    """A model with reserved capacity, a pay-as-you-go member behind it, and a fallback; all are deployments."""
    return onboard(
        *BACKENDS,
        llm_backend_scope="deployment",
        llm_universal_api=UNIVERSAL,
        llm_circuit_breaker={"trip_duration": "PT1S", "accept_retry_after": False},
    )


@pytest.fixture(autouse=True)
def _providers(gateway: Gateway, _calm_providers: None) -> None:
    gateway.wait_until_closed()
    gateway.provider(_host("reserved"), deployments=PTU)
    gateway.provider(_host("payg"), deployments=["gpt-4o"])
    gateway.provider(_host("spare"), deployments=SPARE)


def test_pay_as_you_go_takes_what_is_refused_before_the_fallback_does(gateway: Gateway) -> None:
    gateway.provider(_host("reserved"), deployments=PTU, status=429, retry_after=60)
    assert gateway.statuses("gpt-4o", 5) == {200: 5}
    assert gateway.reached() == {"reserved": 5, "payg": 5}
    assert not gateway.is_open("reserved-gpt-4o-ptu")


def test_reserved_capacity_serves_again_with_the_next_request(gateway: Gateway) -> None:
    gateway.provider(_host("reserved"), deployments=PTU, status=429, times=1)
    assert gateway.statuses("gpt-4o", 3) == {200: 3}
    assert gateway.reached() == {"reserved": 3, "payg": 1}


def test_the_fallback_takes_what_all_members_refuse(gateway: Gateway) -> None:
    for name, deployments in (("reserved", PTU), ("payg", ["gpt-4o"])):
        gateway.provider(_host(name), deployments=deployments, status=429)
    assert gateway.ask(body="gpt-4o").status_code == 200
    assert [entry["deployment"] for entry in gateway.log("provider")] == ["gpt-4o-ptu", "gpt-4o", "small"]


def test_refused_responses_of_one_model_leave_the_account_to_the_others(gateway: Gateway) -> None:
    created = gateway.openai.responses.create(model="quiet", input="Hello!")
    throttled = {"busy": {"status": 429, "retry_after": 60}}
    gateway.provider(_host("spare"), deployments=SPARE, per_deployment=throttled)
    refused = [gateway.ask("/models/responses", {"model": "busy", "input": "Hello!"}).status_code for _ in range(4)]
    assert refused == [429] * 4
    assert gateway.openai.responses.retrieve(created.id).id == created.id
    assert gateway.openai.responses.create(model="quiet", input="Hello!").status == "completed"
    assert not gateway.is_open("spare")
