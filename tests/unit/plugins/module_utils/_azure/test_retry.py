# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is tried again, when, and what is not."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.client import ArmClient
from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.errors import ArmError, DeadlineExceeded

from tests.unit.plugins.module_utils._azure.azure_server import BACKEND, Answer, AzureServer, S, refused

BODY: dict[str, Any] = {"properties": {}}
THROTTLED = Answer(429, refused("TooManyRequests", "Slow down."), {"Retry-After": "1"})
Connect = Callable[..., ArmClient]


def test_throttling_is_waited_out_as_long_as_the_service_asks(server: AzureServer, connect: Connect) -> None:
    client = connect()
    server.on("PUT", BACKEND, THROTTLED, THROTTLED, Answer(201, BODY))
    assert client.put(BACKEND, BODY).body == BODY
    at = [request.at for request in server.arm_requests()]
    waits = [later - earlier for earlier, later in pairwise(at)]
    assert all(1.0 <= wait < 1.6 for wait in waits), waits


def test_throttling_does_not_use_up_the_retries(server: AzureServer, connect: Connect) -> None:
    client = connect()
    quick = Answer(429, refused("TooManyRequests"), {"Retry-After": "0.01"})
    server.on("PUT", BACKEND, *[quick] * 30, Answer(201, BODY))
    assert client.put(BACKEND, BODY).body == BODY


def test_a_wait_beyond_the_deadline_ends_at_once(server: AzureServer, connect: Connect) -> None:
    client = connect(timeout=30)
    message = "Slow down."
    server.on(
        "PUT", BACKEND, Answer(429, refused("TooManyRequests", message), {"Retry-After": "60", "x-ms-request-id": "r1"})
    )
    start = time.monotonic()
    with pytest.raises(DeadlineExceeded) as caught:
        client.put(BACKEND, BODY)
    assert time.monotonic() - start < 20
    assert (caught.value.status, caught.value.code, caught.value.request_id) == (429, "TooManyRequests", "r1")
    assert "overall limit of 30 seconds" in str(caught.value)
    assert "timeout" in caught.value.hint


def test_a_silent_service_ends_at_the_deadline(server: AzureServer, connect: Connect) -> None:
    client = connect(timeout=1)
    server.on("PUT", BACKEND, Answer(201, BODY, delay=6))
    start = time.monotonic()
    with pytest.raises(DeadlineExceeded, match="overall limit of 1 seconds"):
        client.put(BACKEND, BODY)
    assert time.monotonic() - start < 5
    with pytest.raises(DeadlineExceeded):
        client.get(BACKEND)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_server_error_is_tried_again(server: AzureServer, connect: Connect, status: int) -> None:
    client = connect()
    server.on("PUT", BACKEND, Answer(status, refused("InternalServerError")), Answer(201, BODY))
    assert client.put(BACKEND, BODY).body == BODY


def test_a_lasting_server_error_is_reported(server: AzureServer, connect: Connect) -> None:
    client = connect()
    answer = Answer(503, refused("ServiceUnavailable", "Down."), {"Retry-After": "0.01"})
    server.on("GET", f"{S}/backends", *[answer] * 6)
    with pytest.raises(ArmError, match=r"HTTP 503 ServiceUnavailable: Down"):
        client.list(f"{S}/backends")


@pytest.mark.parametrize(
    ("status", "code", "message"),
    [
        (409, "PessimisticConcurrencyConflict", "Operation failed because the resource was modified."),
        (409, "Conflict", "Operation on the API is in progress"),
        (409, "ManagementApiRequestFailed", "Busy."),
        (422, "ManagementApiRequestFailed", "Busy."),
    ],
)
def test_a_busy_service_is_tried_again(
    server: AzureServer, connect: Connect, status: int, code: str, message: str
) -> None:
    client = connect()
    server.on("PUT", BACKEND, Answer(status, refused(code, message)), Answer(200, BODY))
    assert client.put(BACKEND, BODY).body == BODY


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "ValidationError"),
        (403, "AuthorizationFailed"),
        (409, "Conflict"),
        (412, "PreconditionFailed"),
        (422, "Odd"),
    ],
)
def test_a_final_refusal_is_not_tried_again(server: AzureServer, connect: Connect, status: int, code: str) -> None:
    client = connect()
    server.on("PUT", BACKEND, Answer(status, refused(code), {"Retry-After": "1"}))
    with pytest.raises(ArmError) as caught:
        client.put(BACKEND, BODY)
    assert (caught.value.status, caught.value.code) == (status, code)


def test_a_dropped_connection_is_tried_again(server: AzureServer, connect: Connect) -> None:
    client = connect()
    server.on("PUT", BACKEND, Answer(drop=True), Answer(200, BODY))
    server.on("PATCH", BACKEND, Answer(drop=True), Answer(200, BODY))
    server.on("GET", BACKEND, Answer(drop=True), Answer(200, BODY))
    assert client.put(BACKEND, BODY).body == BODY
    assert client.patch(BACKEND, BODY, if_match="*").body == BODY
    assert client.get(BACKEND)


def test_a_delete_whose_answer_was_lost_counts_as_done(server: AzureServer, connect: Connect) -> None:
    client = connect()
    server.on("DELETE", BACKEND, Answer(drop=True), Answer(204))
    assert client.delete(BACKEND, if_match="*") is True


def test_only_actions_that_read_are_repeated_blindly(server: AzureServer, connect: Connect) -> None:
    client = connect()
    server.on("POST", f"{S}/namedValues/k/listValue", Answer(drop=True), Answer(200, {"value": "v"}))
    server.on("POST", f"{S}/namedValues/k/refreshSecret", Answer(drop=True))
    assert client.post(f"{S}/namedValues/k/listValue") == {"value": "v"}
    with pytest.raises(ArmError, match="ConnectionLost"):
        client.post(f"{S}/namedValues/k/refreshSecret")


def test_an_expired_token_is_an_error_with_advice(server: AzureServer, connect: Connect) -> None:
    client = connect()
    server.on("GET", BACKEND, Answer(401, refused("InvalidAuthenticationTokenTenant", "Wrong issuer.")))
    with pytest.raises(ArmError, match=r"HTTP 401 .*tenant"):
        client.get(BACKEND)
