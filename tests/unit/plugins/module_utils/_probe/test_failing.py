# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Trials of pools, one after the other, against a gateway and an ARM."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.client import ArmClient
from ansible_collections.citadel.ai_gateway.plugins.module_utils._probe import failing
from ansible_collections.citadel.ai_gateway.plugins.module_utils._probe.asking import Access, Asker
from ansible_collections.citadel.ai_gateway.plugins.module_utils._probe.failing import try_failovers
from ansible_collections.citadel.ai_gateway.plugins.module_utils._probe.faults import AddressFault
from ansible_collections.citadel.ai_gateway.plugins.module_utils._probe.gateway import GatewayClient
from ansible_collections.citadel.ai_gateway.plugins.module_utils._probe.tracing import Tracer
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.failovers import Failover, failovers_of
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.topology import Topology

from tests.unit.plugins.module_utils._azure.azure_server import Answer, AzureServer, S, refused
from tests.unit.plugins.module_utils._probe.gateway_server import GatewayServer, reply
from tests.unit.plugins.module_utils._routing.inventories import backend, plan_of
from tests.unit.plugins.module_utils._validation.observed import chat

Connect = Callable[..., ArmClient]
DENIED = Answer(403, refused("AuthorizationFailed", "No."))


@pytest.fixture(autouse=True)
def _without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failing, "_PAUSE_SECONDS", 0)


@pytest.fixture
def asker(arm: AzureServer, connect: Connect, client: GatewayClient) -> Asker:
    """One whose gateway keeps no traces."""
    arm.on("POST", f"{S}/gateways/managed/listDebugCredentials", DENIED)
    return Asker(client, Tracer(connect()), 1)


TOPOLOGY = Topology(plan_of(backend("a", "gpt-4o", "o3"), backend("b", "gpt-4o", "o3")))


def failovers(topology: Topology = TOPOLOGY) -> list[Failover]:
    return failovers_of(topology, {model: chat(model) for model in topology.models})


def entity(name: str) -> Answer:
    return Answer(body={"name": name, "properties": {"url": f"https://{name}.example"}}, headers={"ETag": '"1"'})


def test_each_pool_is_asked_before_while_and_after(
    arm: AzureServer, connect: Connect, asker: Asker, server: GatewayServer
) -> None:
    server.on_any([reply('{"choices": [1]}')])
    first, _second = failovers()
    path = f"{S}/backends/{first.member.backend}"
    arm.on("GET", path, entity("a"))
    arm.on("PATCH", path, entity("a"), entity("a"))
    told: list[str] = []
    (trial,) = try_failovers([first], AddressFault(connect, 0), asker, Access("the-key", {}), TOPOLOGY, told.append)
    assert [len(part) for part in (trial.before, trial.during, trial.after)] == [3, 8, 3]
    assert len(server.requests) == asker.asked == first.number
    assert trial.failing_from_ms < trial.failing_to_ms
    assert (trial.error, trial.left_behind, trial.openings) == ("", "", None)
    assert told == [f"failover of {first.route.name}: {first.member.backend} fails"]


def test_nothing_more_fails_when_a_member_could_not_be_put_back(
    arm: AzureServer, connect: Connect, asker: Asker, server: GatewayServer
) -> None:
    server.on_any([reply('{"choices": [1]}')])
    first, second = failovers()
    path = f"{S}/backends/{first.member.backend}"
    arm.on("GET", path, entity("a"))
    arm.on("PATCH", path, entity("a"), DENIED)
    left, skipped = try_failovers(
        [first, second], AddressFault(connect, 0), asker, Access("the-key", {}), TOPOLOGY, lambda _: None
    )
    assert "still has the address" in left.left_behind
    assert skipped.error == f"{first.member.backend} could not be put back before"
    assert (skipped.before, skipped.during) == ([], [])


def test_a_member_that_cannot_be_made_to_fail_leaves_the_others(
    arm: AzureServer, connect: Connect, asker: Asker, server: GatewayServer
) -> None:
    server.on_any([reply('{"choices": [1]}')])
    pools = failovers()
    for each in pools:
        arm.on("GET", f"{S}/backends/{each.member.backend}", DENIED)
    trials = try_failovers(pools, AddressFault(connect, 0), asker, Access("the-key", {}), TOPOLOGY, lambda _: None)
    assert all("AuthorizationFailed" in trial.error and not trial.left_behind for trial in trials)


def test_every_standby_gets_its_turn_and_all_members_are_put_back(
    arm: AzureServer, connect: Connect, asker: Asker, server: GatewayServer
) -> None:
    """This gateway keeps no traces: nothing tells that a standby has served, so each step asks."""
    server.on_any([reply('{"choices": [1]}')])
    topology = Topology(plan_of(*(backend(name, priority=number) for number, name in enumerate("abc", 1))))
    (failover,) = failovers(topology)
    for name in "ab":
        arm.on("GET", f"{S}/backends/{name}", entity(name))
        arm.on("PATCH", f"{S}/backends/{name}", entity(name), entity(name))
    told: list[str] = []
    (trial,) = try_failovers([failover], AddressFault(connect, 0), asker, Access("k", {}), topology, told.append)
    assert (trial.error, trial.left_behind) == ("", "")
    assert [([member.backend for member in each.fails], len(each.answers)) for each in trial.rounds] == [
        (["a"], 8),
        (["a", "b"], 4),
    ]
    assert asker.asked == failover.number == len(server.requests)
    written = [(each.path, each.json["properties"]["url"]) for each in arm.arm_requests() if each.method == "PATCH"]
    assert [(path.rpartition("/")[2], url.endswith(".example")) for path, url in written] == [
        ("a", False),
        ("b", False),
        ("b", True),
        ("a", True),
    ]
    assert told == ["failover of gpt-4o-backend-pool: a fails", "failover of gpt-4o-backend-pool: b fails"]


def test_a_second_member_that_cannot_fail_leaves_the_first_as_it_was(
    arm: AzureServer, connect: Connect, asker: Asker, server: GatewayServer
) -> None:
    server.on_any([reply('{"choices": [1]}')])
    topology = Topology(plan_of(*(backend(name, priority=number) for number, name in enumerate("abc", 1))))
    arm.on("GET", f"{S}/backends/a", entity("a"))
    arm.on("PATCH", f"{S}/backends/a", entity("a"), entity("a"))
    arm.on("GET", f"{S}/backends/b", DENIED)
    fault, access = AddressFault(connect, 0), Access("k", {})
    (trial,) = try_failovers(failovers(topology), fault, asker, access, topology, lambda _: None)
    assert "AuthorizationFailed" in trial.error
    assert not trial.left_behind
