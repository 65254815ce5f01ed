# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Objects that left the inventory: they go when their owner says so, and nobody else's ever does."""

from __future__ import annotations

import pytest
from azure.mgmt.apimanagement.models import BackendBaseParametersPool, BackendContract, BackendPoolItem

from tests.integration.harness import Service
from tests.integration.inventory import FRAGMENTS, backend, inventory
from tests.integration.playbook import OFFBOARD, Playbooks

pytestmark = pytest.mark.gate


def make_pool(service: Service, member: str) -> None:
    """Make a pool that no inventory knows of."""
    pool = BackendBaseParametersPool(services=[BackendPoolItem(id=f"/backends/{member}", priority=1, weight=1)])
    contract = BackendContract(type_properties_type="Pool", pool=pool, url=None, protocol=None)
    service.azure.sdk.backend.create_or_update(*service.place, "by-hand-pool", contract)


def make_backend(service: Service) -> None:
    """Make a backend that no inventory knows of."""
    contract = BackendContract(url="https://foreign.example.com", protocol="http", description="made by hand")
    service.azure.sdk.backend.create_or_update(*service.place, "by-hand", contract)


def test_only_own_objects_go_and_pools_go_first(playbooks: Playbooks, service: Service) -> None:
    make_backend(service)
    make_pool(service, "by-hand")
    playbooks.onboard(inventory(service, backend("aoai-other"), backend("aoai-other-2"), llm_owner="another-team"))
    key = {"auth_scheme": "api_key", "credential": {"value": "the-key-of-aoai-d"}}
    kept, leaving = backend("aoai-a", "gpt-5"), [backend("aoai-b", "gpt-5", "o3"), backend("aoai-c", "o3")]
    playbooks.onboard(inventory(service, kept, *leaving, backend("aoai-d", "gpt-4.1", **key)))

    left = playbooks.onboard(inventory(service, kept))
    assert {"aoai-b", "aoai-c", "aoai-d"} <= set(service.backends()), "without llm_prune nothing goes"
    assert all(method == "PUT" for method, _ in left.writes)
    named = [
        "named value aoai-d-credential",
        *(f"backend aoai-{letter}" for letter in "bcd"),
        *(f"pool {model}-backend-pool" for model in ("gpt-5", "o3")),
    ]
    told = f"not listed any more, and kept: {', '.join(named)}; llm_prune: true removes them"
    assert told in str(left.result("Show what the gateway routes")["msg"])

    wanted = inventory(service, kept, llm_prune=True)
    preview = playbooks.onboard(wanted, "--check", "--diff")
    assert preview.writes == []
    run = playbooks.onboard(wanted, "--diff")
    assert run.gateway()["diff"] == preview.gateway()["diff"]
    assert "not listed any more" not in run.output + preview.output
    assert [entry["after"] for entry in run.gateway()["diff"]] == [""] * 6
    writes = run.writes
    assert set(writes[:2]) == {("DELETE", f"backends/{name}-backend-pool") for name in ("gpt-5", "o3")}
    assert set(writes[2:-1]) == {("DELETE", f"backends/aoai-{letter}") for letter in "bcd"}
    assert writes[-1] == ("DELETE", "namedValues/aoai-d-credential")
    assert set(service.backends()) == {"aoai-a", "aoai-other", "aoai-other-2", "by-hand"}
    assert set(service.pools()) == {"gpt-4o-backend-pool", "by-hand-pool"}
    assert sorted(service.fragments()) == list(FRAGMENTS)
    assert list(service.named_values()) == ["uami-client-id"]
    assert playbooks.onboard(wanted).writes == []


def test_a_credential_stays_for_as_long_as_its_backend_refers_to_it(playbooks: Playbooks, service: Service) -> None:
    """An inventory that leaves a credential out leaves it alone; it goes with its backend, or with its scheme."""
    key = {"auth_scheme": "api_key", "credential": {"value": "the-key-of-aoai-a"}}
    other = backend("aoai-b", "o3")
    playbooks.onboard(inventory(service, backend("aoai-a", **key), other))

    wanted = inventory(service, backend("aoai-a", auth_scheme="api_key"), other, llm_prune=True)
    preview = playbooks.onboard(wanted, "--check")
    run = playbooks.onboard(wanted)
    assert run.gateway()["objects"] == preview.gateway()["objects"]
    assert "aoai-a-credential" in service.named_values()
    assert "aoai-a" in service.backends()
    assert playbooks.onboard(wanted).writes == []

    gone = playbooks.onboard(inventory(service, other, llm_prune=True))
    assert gone.writes[-2:] == [("DELETE", "backends/aoai-a"), ("DELETE", "namedValues/aoai-a-credential")]


def test_a_credential_stays_for_as_long_as_another_inventory_refers_to_it(
    playbooks: Playbooks, service: Service
) -> None:
    key = {"auth_scheme": "api_key", "credential": {"value": "the-key-of-aoai-a"}}
    theirs = backend("aoai-b", "o3", auth_scheme="api_key", credential={"named_value": "aoai-a-credential"})
    other = backend("aoai-c", "gpt-5")
    playbooks.onboard(inventory(service, backend("aoai-a", **key), other))
    playbooks.onboard(inventory(service, theirs, llm_owner="another-team"))
    assert "aoai-a-credential" not in str(playbooks.onboard(inventory(service, other)).gateway()["unlisted"])

    wanted = inventory(service, other, llm_prune=True)
    preview = playbooks.onboard(wanted, "--check", "--diff")
    run = playbooks.onboard(wanted, "--diff")
    assert run.writes[-1] == ("DELETE", "backends/aoai-a")
    assert all(run.gateway()[part] == preview.gateway()[part] for part in ("objects", "kept", "diff"))
    (kept,) = run.gateway()["kept"]
    assert (kept["kind"], kept["name"]) == ("named value", "aoai-a-credential")
    assert "stays for as long as backend aoai-b of owner another-team refers to it" in kept["reason"]
    assert kept["reason"] in str(run.result("Show what the gateway routes")["msg"])

    left = playbooks.run(OFFBOARD, wanted)
    assert left.status == 0, left.output
    assert kept["reason"] in str(left.result("Show what is gone")["msg"])
    playbooks.onboard(inventory(service, backend("aoai-b", "o3"), llm_owner="another-team"))
    last = playbooks.run(OFFBOARD, wanted)
    assert last.writes == [("DELETE", "namedValues/aoai-a-credential")]


def test_an_object_that_is_in_use_elsewhere_stays(playbooks: Playbooks, service: Service) -> None:
    """ARM refuses to remove a backend that somebody's pool refers to; the error says so, the rest is done."""
    kept, leaving = backend("aoai-a", "gpt-4o"), [backend("aoai-b", "o3"), backend("aoai-c", "gpt-5")]
    playbooks.onboard(inventory(service, kept, *leaving))
    make_pool(service, "aoai-b")

    run = playbooks.onboard(inventory(service, kept, llm_prune=True), succeeds=False)
    message = run.message(service.name)
    assert "backend aoai-b: cannot delete" in message
    assert "is used by the following entities" in message
    assert "by-hand-pool" in message
    assert "Take it out of these entities, such as a policy or a pool, then run again" in message
    assert set(service.backends()) == {"aoai-a", "aoai-b"}
