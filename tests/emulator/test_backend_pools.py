# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Backend pools: members, limits, references."""

from __future__ import annotations

from typing import Any

import pytest
from azure.mgmt.apimanagement import models

from tests.emulator.harness import GROUP, SERVICE, Azure, backend, breaker, pool, problems


@pytest.fixture
def two(azure: Azure) -> Azure:
    """The service with the backends `one` and `two`."""
    for name in ("one", "two"):
        azure.put(f"backends/{name}", backend())
    return azure


def test_through_the_sdk(two: Azure) -> None:
    members = [models.BackendPoolItem(id=f"{two.service()}/backends/{name}", priority=1) for name in ("two", "one")]
    contract = models.BackendContract(
        url=None,
        protocol=None,
        type_properties_type="Pool",
        pool=models.BackendBaseParametersPool(services=members),
    )
    created = two.sdk().backend.create_or_update(GROUP, SERVICE, "p", contract)
    assert [member.id for member in created.pool.services] == [member.id for member in members]
    assert created.pool.services[0].weight is None


def test_short_ids_become_full_ones(two: Azure) -> None:
    created = two.put("backends/p", pool("ONE", "two"))
    assert created.status_code == 201
    shown = created.json()["properties"]
    ids = [f"{two.service()}/backends/{name}" for name in ("one", "two")]
    assert [member["id"] for member in shown["pool"]["services"]] == ids
    full = {
        "services": [
            {**member, "id": full} for member, full in zip(pool("x", "y")["pool"]["services"], ids, strict=True)
        ]
    }
    again = two.put("backends/p", {"type": "Pool", "pool": full})
    assert again.headers["ETag"] == created.headers["ETag"]


@pytest.mark.parametrize(
    ("changes", "target", "message"),
    [
        ({"url": "https://x"}, "url", "Url is not supported for backend pool."),
        ({"protocol": "http"}, "protocol", "Protocol is not supported for backend pool."),
        ({"circuitBreaker": breaker()}, "circuitBreaker", "Circuit breaker is not supported for backend pool."),
        ({"credentials": {}}, "credentials", "Credentials is not supported for backend pool."),
        ({"type": "Single"}, "type", "A backend with a pool must have the type 'Pool'."),
        ({"pool": None}, "pool", "'pool' is required for a backend of type 'Pool'."),
    ],
)
def test_what_a_pool_cannot_have(two: Azure, changes: dict[str, Any], target: str, message: str) -> None:
    properties = {name: value for name, value in {**pool("one"), **changes}.items() if value is not None}
    assert problems(two.put("backends/p", properties)) == {target: message}


@pytest.mark.parametrize(
    ("member", "target"),
    [
        ({"id": "/backends/none"}, "pool.services[0].id"),
        ({"id": "one"}, "pool.services[0].id"),
        ({"id": "/backends/one/x"}, "pool.services[0].id"),
        ({"id": "/namedValues/one"}, "pool.services[0].id"),
        ({}, "pool.services[0].id"),
        ({"id": "/backends/one", "weight": 101}, "pool.services[0].weight"),
        ({"id": "/backends/one", "weight": -1}, "pool.services[0].weight"),
        ({"id": "/backends/one", "priority": 101}, "pool.services[0].priority"),
        ({"id": "/backends/one", "priority": 1.5}, "pool.services[0].priority"),
        ({"id": "/backends/one", "sticky": True}, "pool.services[0].sticky"),
    ],
)
def test_members_that_are_refused(two: Azure, member: dict[str, Any], target: str) -> None:
    assert set(problems(two.put("backends/p", {"type": "Pool", "pool": {"services": [member]}}))) == {target}


def test_session_affinity_came_later(two: Azure) -> None:
    properties = pool("one")
    properties["pool"]["sessionAffinity"] = {"sessionId": {"source": "Cookie", "name": "SessionId"}}
    assert set(problems(two.put("backends/p", properties))) == {"pool.sessionAffinity"}


def test_member_of_another_service(two: Azure) -> None:
    foreign = f"{two.service('apim-v2', 'rg-other')}/backends/one"
    refused = two.put("backends/p", {"type": "Pool", "pool": {"services": [{"id": foreign}]}})
    assert "could not be found" in problems(refused)["pool.services[0].id"]


def test_no_member_twice(two: Azure) -> None:
    assert "already a member" in problems(two.put("backends/p", pool("one", "One")))["pool.services[1].id"]


def test_no_pool_in_a_pool(two: Azure) -> None:
    two.put("backends/p", pool("one"))
    assert "single backends only" in problems(two.put("backends/q", pool("p")))["pool.services[0].id"]
    assert "single backends only" in problems(two.put("backends/p", pool("p")))["pool.services[0].id"]
    assert "member of the backend pool 'p'" in problems(two.put("backends/one", pool("two")))["pool"]


@pytest.mark.parametrize(("members", "status"), [(0, 400), (1, 201), (30, 201), (31, 400)])
def test_number_of_members(azure: Azure, members: int, status: int) -> None:
    names = [f"b{index}" for index in range(members)]
    for name in names:
        azure.put(f"backends/{name}", backend())
    assert azure.put("backends/p", pool(*names)).status_code == status


@pytest.mark.parametrize(("weight", "priority"), [(0, 0), (100, 100), (None, None)])
def test_range_of_weight_and_priority(two: Azure, weight: int | None, priority: int | None) -> None:
    member = {"id": "/backends/one", "weight": weight, "priority": priority}
    assert two.put("backends/p", {"type": "Pool", "pool": {"services": [member]}}).status_code == 201


def test_members_cannot_be_removed(two: Azure) -> None:
    two.put("backends/p", pool("one", "two"))
    two.put("backends/q", pool("one"))
    refused = two.arm("DELETE", "backends/one").json()["error"]
    assert refused == {
        "code": "ValidationError",
        "message": "The Backend 'one' is used by the following entities:\r\n/backends/p\r\n/backends/q\r\n",
        "details": None,
    }
    two.put("backends/p", pool("two"))
    two.arm("DELETE", "backends/q")
    assert two.arm("DELETE", "backends/one").status_code == 200
