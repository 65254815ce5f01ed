# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Long-running operations, as apim.md describes them: headers, polls, results, failures."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.client import ArmClient, Entity
from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.errors import ArmError, DeadlineExceeded

from tests.unit.plugins.module_utils._azure.azure_server import Answer, AzureServer, S, refused

FRAGMENT = f"{S}/policyFragments/set-backend-pools"
STATUS = f"{S}/tenant/operationResults/6543"
STARTED = {"name": "set-backend-pools", "properties": {"provisioningState": "InProgress"}}
DONE = {"name": "set-backend-pools", "properties": {"provisioningState": "Succeeded", "value": "<fragment />"}}
Connect = Callable[..., ArmClient]


def started(server: AzureServer, status: int = 201) -> Answer:
    """Return the answer with which API Management accepts a fragment."""
    return Answer(
        status,
        STARTED,
        {
            "Location": f"{server.url}{FRAGMENT}?api-version=2024-05-01&asyncId=6543&asyncCode={status}",
            "Azure-AsyncOperation": f"{server.url}{STATUS}?api-version=2024-05-01",
        },
    )


def test_put_waits_for_the_operation_and_returns_its_result(server: AzureServer, connect: Connect) -> None:
    client = connect()
    server.on("PUT", FRAGMENT, started(server))
    running = Answer(200, {"status": "InProgress"}, {"Retry-After": "0.05"})
    server.on("GET", STATUS, *[running] * 9, Answer(200, {"status": "Succeeded"}))
    server.on("GET", FRAGMENT, Answer(201, DONE, {"ETag": '"3"'}))
    start = time.monotonic()

    assert client.put(FRAGMENT, DONE) == Entity(DONE, '"3"')

    assert time.monotonic() - start < 8, "a second each time is for who says nothing"
    requests = server.arm_requests()
    assert [request.path for request in requests] == [FRAGMENT, *[STATUS] * 10, FRAGMENT]
    assert requests[-1].query["asyncId"] == "6543"
    assert len({request.headers["x-ms-client-request-id"] for request in requests}) == 1


def test_the_service_is_asked_about_once_a_second_by_default(server: AzureServer, connect: Connect) -> None:
    client = connect()
    server.on("PUT", FRAGMENT, started(server, 200))
    server.on("GET", STATUS, Answer(200, {"status": "InProgress"}), Answer(200, {"status": "Succeeded"}))
    server.on("GET", FRAGMENT, Answer(200, DONE))
    client.put(FRAGMENT, DONE)
    _put, first, second, _result = server.arm_requests()
    assert 0.9 < second.at - first.at < 5


def test_an_operation_that_fails_is_told_in_arms_words(server: AzureServer, connect: Connect) -> None:
    client = connect()
    detail = {
        "code": "ValidationError",
        "target": "choose",
        "message": "Error in element 'choose' on line 3: x",
    }
    failed = {"status": "Failed", **refused("ValidationError", "One or more fields are wrong:", details=[detail])}
    server.on("PUT", FRAGMENT, started(server))
    server.on("GET", STATUS, Answer(200, failed, {"x-ms-request-id": "r-7"}))
    with pytest.raises(ArmError) as caught:
        client.put(FRAGMENT, DONE)
    error = caught.value
    assert (error.action, error.status, error.code, error.request_id) == ("write", None, "ValidationError", "r-7")
    assert error.details == [detail]
    assert "[choose: Error in element 'choose' on line 3: x]" in str(error)


def test_an_operation_that_is_canceled_is_an_error(server: AzureServer, connect: Connect) -> None:
    client = connect()
    server.on("PUT", FRAGMENT, started(server))
    server.on("GET", STATUS, Answer(200, {"status": "Canceled"}))
    with pytest.raises(ArmError, match="OperationFailed"):
        client.put(FRAGMENT, DONE)


def test_an_operation_cannot_outlast_the_deadline(server: AzureServer, connect: Connect) -> None:
    client = connect(timeout=2)
    server.on("PUT", FRAGMENT, started(server))
    server.on("GET", STATUS, Answer(200, {"status": "InProgress"}, {"Retry-After": "30"}))
    with pytest.raises(DeadlineExceeded, match="next try was due in 30 seconds"):
        client.put(FRAGMENT, DONE)


def test_a_status_that_cannot_be_read_is_retried_then_refused(server: AzureServer, connect: Connect) -> None:
    client = connect()
    server.on("PUT", FRAGMENT, started(server))
    server.on("GET", STATUS, Answer(500, refused("Oops")), Answer(403, refused("AuthorizationFailed")))
    with pytest.raises(ArmError, match=r"HTTP 403 AuthorizationFailed.*API Management Service Contributor"):
        client.put(FRAGMENT, DONE)


def test_delete_of_an_api_is_awaited(server: AzureServer, connect: Connect) -> None:
    client = connect()
    path = f"{S}/apis/models;rev=2"
    server.on("DELETE", path, Answer(202, None, {"Location": f"{server.url}{STATUS}?api-version=2024-05-01"}))
    server.on("GET", STATUS, Answer(202, None, {"Retry-After": "0.05"}), Answer(200))
    assert client.delete(path, if_match="*") is True


def test_a_state_in_the_body_alone_is_polled(server: AzureServer, connect: Connect) -> None:
    client = connect()
    server.on("PUT", FRAGMENT, Answer(200, STARTED))
    server.on("GET", FRAGMENT, Answer(200, DONE, {"ETag": '"4"'}))
    assert client.put(FRAGMENT, DONE) == Entity(DONE, '"4"')


def test_a_plain_201_is_final(server: AzureServer, connect: Connect) -> None:
    client = connect()
    server.on("PUT", FRAGMENT, Answer(201, {"name": "x"}))
    assert client.put(FRAGMENT, DONE).body == {"name": "x"}
    assert len(server.arm_requests()) == 1
