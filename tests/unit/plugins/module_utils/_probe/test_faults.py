# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Members that are made to fail, and what becomes of them afterwards."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.client import ArmClient
from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.errors import ArmError, ConfigurationError
from ansible_collections.citadel.ai_gateway.plugins.module_utils._probe.faults import (
    AddressFault,
    EmbeddedFault,
    NotPutBack,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.topology import Member, Topology

from tests.unit.plugins.module_utils._azure.azure_server import Answer, AzureServer, S, refused
from tests.unit.plugins.module_utils._routing.inventories import backend, plan_of

Connect = Callable[..., ArmClient]
PATH, ADDRESS = f"{S}/backends/a", "https://a.cognitiveservices.azure.com"
BODY = {"name": "a", "properties": {"url": ADDRESS, "protocol": "http"}}
STORED = Answer(body=BODY, headers={"ETag": '"1"'})
DENIED = Answer(403, refused("AuthorizationFailed", "No."))


@pytest.fixture
def member() -> Member:
    return Topology(plan_of(backend("a"))).chain("gpt-4o")[0].members[0]


def written(arm: AzureServer) -> list[tuple[str, str]]:
    """The addresses that were written, and under which condition."""
    patches = [request for request in arm.arm_requests() if request.method == "PATCH"]
    return [(request.json["properties"]["url"], request.headers["If-Match"]) for request in patches]


NOBODY = ("https://made-to-fail-by-a-validation.invalid/a", '"1"')


def test_a_backend_gets_its_address_back(arm: AzureServer, connect: Connect, member: Member) -> None:
    arm.on("GET", PATH, STORED)
    arm.on("PATCH", PATH, STORED, STORED)
    fault = AddressFault(connect, 0)
    with fault.failing(member):
        assert written(arm) == [NOBODY]
    assert written(arm) == [NOBODY, (ADDRESS, "*")]
    assert NOBODY[0] == f"{fault.stand_in}/{member.backend}"
    assert fault.is_open(member) is None


def test_it_gets_it_back_whatever_happens_meanwhile(arm: AzureServer, connect: Connect, member: Member) -> None:
    arm.on("GET", PATH, STORED)
    arm.on("PATCH", PATH, STORED, STORED)
    with pytest.raises(KeyboardInterrupt), AddressFault(connect, 0).failing(member):
        raise KeyboardInterrupt
    assert written(arm)[-1] == (ADDRESS, "*")


def test_a_deadline_that_is_over_does_not_keep_it_from_that(arm: AzureServer, connect: Connect, member: Member) -> None:
    arm.on("GET", PATH, STORED)
    arm.on("PATCH", PATH, STORED, STORED)
    with (
        pytest.raises(ArmError, match="DeadlineExceeded"),
        AddressFault(lambda: connect(timeout=2), 60).failing(member),
    ):
        pytest.fail("nobody waits a minute")
    assert written(arm)[-1] == (ADDRESS, "*")


def test_a_refusal_changes_nothing(arm: AzureServer, connect: Connect, member: Member) -> None:
    arm.on("GET", PATH, STORED)
    arm.on("PATCH", PATH, DENIED)
    with pytest.raises(ArmError, match="AuthorizationFailed"), AddressFault(connect, 0).failing(member):
        pytest.fail("it did not fail")
    assert written(arm) == [NOBODY]


def test_an_answer_that_was_lost_may_have_changed_it(arm: AzureServer, connect: Connect, member: Member) -> None:
    arm.on("GET", PATH, STORED)
    arm.on("PATCH", PATH, Answer(501, refused("Odd")), STORED)
    with pytest.raises(ArmError, match="Odd"), AddressFault(connect, 0).failing(member):
        pytest.fail("nobody knows whether it fails")
    assert written(arm) == [NOBODY, (ADDRESS, "*")]


def test_what_could_not_be_put_back_is_told(arm: AzureServer, connect: Connect, member: Member) -> None:
    arm.on("GET", PATH, STORED)
    arm.on("PATCH", PATH, STORED, DENIED)
    with pytest.raises(NotPutBack) as caught, AddressFault(connect, 0).failing(member):
        pass
    assert f"still has the address {NOBODY[0]} in place of {ADDRESS}" in str(caught.value)


def test_a_backend_that_is_not_there_cannot_fail(arm: AzureServer, connect: Connect, member: Member) -> None:
    arm.on("GET", PATH, Answer(404, refused("ResourceNotFound", "Backend not found.")))
    with (
        pytest.raises(ConfigurationError, match="the backend a does not exist"),
        AddressFault(connect, 0).failing(member),
    ):
        pytest.fail("it did not fail")


def test_an_admin_api_that_does_not_answer_is_named(member: Member) -> None:
    fault = EmbeddedFault("http://127.0.0.1:9/", "rg-hub/apim-hub")
    with pytest.raises(ConfigurationError, match="emulator_admin_url is http:"), fault.failing(member):
        pytest.fail("it did not fail")
    with pytest.raises(ConfigurationError, match="emulator_admin_url"):
        fault.is_open(member)
