# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Scripted faults: each kind, and what selects the request that it hits."""

from __future__ import annotations

import time

import pytest
import requests

from tests.emulator.harness import Azure, backend, error_code


def _status(azure: Azure, method: str = "GET", path: str = "backends") -> int:
    return azure.arm(method, path).status_code


def test_error_with_retry_after(azure: Azure) -> None:
    azure.configure(faults=[{"status": 429, "retry_after": 2, "times": 1}])
    answer = azure.arm("GET", "backends")
    assert error_code(answer) == (429, "TooManyRequests")
    assert answer.headers["Retry-After"] == "2"
    assert _status(azure) == 200


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (403, "AuthorizationFailed"),
        (404, "ResourceNotFound"),
        (409, "Conflict"),
        (412, "PreconditionFailed"),
        (422, "UnprocessableEntity"),
        (500, "InternalServerError"),
        (503, "ServiceUnavailable"),
    ],
)
def test_codes(azure: Azure, status: int, code: str) -> None:
    azure.configure(faults=[{"status": status}])
    assert error_code(azure.arm("GET", "backends")) == (status, code)


def test_own_code_and_message(azure: Azure) -> None:
    message = "Operation on the API is in progress"
    azure.configure(faults=[{"status": 409, "code": "PessimisticConcurrencyConflict", "message": message}])
    error = azure.arm("GET", "backends").json()["error"]
    assert (error["code"], error["message"]) == ("PessimisticConcurrencyConflict", message)


def test_selection(azure: Azure) -> None:
    azure.configure(faults=[{"method": "put", "path": "/BACKENDS/b[12]\\?", "status": 500, "skip": 1, "times": 2}])
    statuses = [azure.put(f"backends/{name}", backend()).status_code for name in ("b3", "b1", "b2", "b1", "b1")]
    assert statuses == [201, 201, 500, 500, 200]
    assert _status(azure, "GET", "backends/b1") == 200


def test_first_matching_fault_acts(azure: Azure) -> None:
    azure.configure(faults=[{"status": 500, "times": 1}, {"status": 503}])
    assert [_status(azure), _status(azure)] == [500, 503]


def test_dropped_connection(azure: Azure) -> None:
    azure.configure(faults=[{"drop": True, "times": 1}])
    with pytest.raises(requests.ConnectionError):
        azure.put("backends/b", backend())
    assert _status(azure, "GET", "backends/b") == 404
    (dropped,) = [entry for entry in azure.admin("GET", "requests").json() if entry["status"] == 0]
    assert dropped["method"] == "PUT"


def test_lost_answer_of_a_write(azure: Azure) -> None:
    azure.configure(faults=[{"drop": True, "after_write": True, "method": "PUT", "times": 1}])
    with pytest.raises(requests.ConnectionError):
        azure.put("backends/b", backend())
    assert _status(azure, "GET", "backends/b") == 200


def _seconds(azure: Azure, path: str) -> float:
    started = time.monotonic()
    azure.arm("GET", path)
    return time.monotonic() - started


def test_latency(azure: Azure) -> None:
    azure.configure(latency_ms=100, faults=[{"path": "slow", "latency_ms": 200}])
    for path, least, most in (("backends/quick", 0.1, 0.25), ("backends/slow", 0.3, 0.6)):
        times = [_seconds(azure, path) for _ in range(3)]
        assert all(seconds >= least for seconds in times)
        assert min(times) < most  # whatever else the machine does can only add


def test_latency_is_not_for_tokens(azure: Azure) -> None:
    azure.configure(latency_ms=5000)
    started = time.monotonic()
    azure.token()
    assert time.monotonic() - started < 4.5


def test_slow_operation(azure: Azure) -> None:
    azure.configure(faults=[{"path": "namedValues/slow", "lro_ms": 60_000}])
    for name in ("slow", "quick"):
        azure.put(f"namedValues/{name}", {"displayName": name, "value": "v"})
    assert azure.arm("GET", "namedValues/slow").json()["properties"]["provisioningState"] == "InProgress"
    assert "provisioningState" not in azure.arm("GET", "namedValues/quick").json()["properties"]


@pytest.mark.parametrize(("plane", "path"), [("login", "oauth2/v2.0/token"), ("metadata", "/metadata/")])
def test_other_planes(azure: Azure, plane: str, path: str) -> None:
    azure.configure(faults=[{"plane": plane, "path": path, "status": 503}])
    assert _status(azure) == 200
    failing = (
        azure.token_response() if plane == "login" else azure.http("GET", azure.environment["ARM_CLOUD_METADATA_URL"])
    )
    assert failing.status_code == 503
