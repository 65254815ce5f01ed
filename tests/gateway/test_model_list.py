# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of models tells what there is: every deployment, what it can do, and when it ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.gateway.conftest import UNIVERSAL, Onboard
from tests.gateway.gateway import Gateway, error_of
from tests.integration.harness import Service
from tests.integration.inventory import backend, inventory
from tests.integration.playbook import Playbooks

TODAY = datetime.now(UTC).date()
PAST, SOON, LATER = (str(TODAY + timedelta(days=days)) for days in (-10, 10, 400))

BACKENDS = (
    backend(
        "one",
        {"name": "gpt-4o", "sku": "ProvisionedManaged", "capacity": 50, "retirement_date": SOON},
        {"name": "gpt-4o", "deployment": "gpt-4o-standard", "sku": "Standard", "aliases": ["omni"]},
        "text-embedding-3-large",
        "dall-e-3",
        {"name": "house-model", "capabilities": ["chat", "responses"]},
    ),
    backend("two", "gpt-4o", {"name": "old", "retirement_date": PAST}),
)


@pytest.fixture(scope="module")
def gateway(onboard: Onboard) -> Gateway:
    """A gateway that has a model with three deployments."""
    return onboard(*BACKENDS, llm_universal_api=UNIVERSAL)


def _entries(gateway: Gateway) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = gateway.ask("/models/deployments", method="GET").json()["value"]
    return found


def test_each_deployment_is_an_entry(gateway: Gateway) -> None:
    found = [
        (entry["id"], entry["sku"]["name"], entry["sku"]["capacity"])
        for entry in _entries(gateway)
        if entry["name"] == "gpt-4o"
    ]
    assert sorted(found) == [("one", "ProvisionedManaged", 50), ("one", "Standard", 100), ("two", "Standard", 100)]


def test_capabilities_are_those_of_the_model(gateway: Gateway) -> None:
    found = {entry["name"]: set(entry["properties"]["capabilities"]) for entry in _entries(gateway)}
    assert "chatCompletion" in found["gpt-4o"]
    assert found["text-embedding-3-large"] == {"embeddings"}
    assert found["dall-e-3"] == {"imageGenerations"}
    assert found["house-model"] == {"chatCompletion", "responses"}


def test_the_end_of_a_model_is_shown(gateway: Gateway) -> None:
    found = {(entry["name"], entry["properties"].get("retirementDate")) for entry in _entries(gateway)}
    assert {("gpt-4o", SOON), ("gpt-4o", None), ("old", PAST)} <= found


def test_one_entry_is_found_by_name_and_alias(gateway: Gateway) -> None:
    for name in ("gpt-4o", "GPT-4o", "omni"):
        assert gateway.ask(f"/models/deployments/{name}", method="GET").json()["name"] == "gpt-4o"
    assert error_of(gateway.ask("/models/deployments/none", method="GET")) == (404, "DeploymentNotFound")


@pytest.mark.parametrize("retired", ["keep", "exclude", "fail"])
def test_what_becomes_of_a_retired_model(service: Service, playbooks: Playbooks, retired: str) -> None:
    settings = {"warn_days": 30, "retired": retired}
    wanted = inventory(service, *BACKENDS, llm_universal_api=UNIVERSAL, llm_retirement=settings)
    run = playbooks.onboard(wanted, succeeds=retired != "fail")
    if retired == "fail":
        assert "llm_backends[1].supported_models[1].retirement_date" in run.message(service.name)
        assert run.writes == []
        return
    assert f"gpt-4o on one retires on {SOON}" in run.output.replace("\n", " ") or SOON in run.output
    gateway = Gateway(service)
    assert {entry["name"] for entry in _entries(gateway)} >= {"gpt-4o", "house-model"}
    answer = gateway.ask(body="old")
    if retired == "keep":
        assert answer.status_code == 200
    else:
        assert error_of(answer) == (400, "unsupported_model")
        assert "old" not in {entry["name"] for entry in _entries(gateway)}


@pytest.fixture
def service(new_service: Any) -> Service:
    """A service that is still empty."""
    found: Service = new_service()
    return found
