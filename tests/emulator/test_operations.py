# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Long-running operations: headers, status, result, failure."""

from __future__ import annotations

import time

import pytest
import requests
from azure.core.exceptions import HttpResponseError
from azure.mgmt.apimanagement import models

from tests.emulator.harness import GROUP, SERVICE, Azure, backend, error_code

VALUE = {"displayName": "nv", "value": "v"}


def _follow(azure: Azure, response: requests.Response, header: str) -> requests.Response:
    return azure.http(
        "GET", response.headers[header], headers={"Authorization": response.request.headers["Authorization"]}
    )


def test_a_put_answers_with_both_urls(azure: Azure) -> None:
    created = azure.put("namedValues/nv", VALUE)
    assert created.json()["properties"]["provisioningState"] == "InProgress"
    assert created.headers["Location"].startswith(
        f"{azure.url}{azure.service()}/namedValues/nv?api-version=2024-05-01&"
    )
    assert created.headers["Location"].endswith("&asyncCode=201")
    assert f"{azure.service()}/tenant/operationResults/" in created.headers["Azure-AsyncOperation"]
    assert "asyncCode=200" in azure.put("namedValues/nv", VALUE).headers["Location"]


def test_progress(azure: Azure) -> None:
    azure.configure(lro_ms=1000)
    created = azure.put("namedValues/nv", VALUE)
    running = _follow(azure, created, "Azure-AsyncOperation")
    assert (running.status_code, running.json()["status"], running.headers["Retry-After"]) == (200, "InProgress", "1")
    result = _follow(azure, created, "Location")
    assert (result.status_code, result.headers["Retry-After"]) == (202, "1")
    assert azure.arm("GET", "namedValues/nv").json()["properties"]["provisioningState"] == "InProgress"
    time.sleep(1.05)
    assert _follow(azure, created, "Azure-AsyncOperation").json()["status"] == "Succeeded"
    result = _follow(azure, created, "Location")
    assert (result.status_code, result.json()["properties"]["value"]) == (201, "v")
    assert result.headers["ETag"] == created.headers["ETag"]


def test_failure_is_seen_in_the_poll(azure: Azure) -> None:
    fault = {
        "method": "PUT",
        "status": 400,
        "code": "ValidationError",
        "message": "no",
        "asynchronous": True,
        "times": 1,
    }
    azure.configure(faults=[fault])
    contract = models.NamedValueCreateContract(display_name="nv", value="v")
    poller = azure.sdk().named_value.begin_create_or_update(GROUP, SERVICE, "nv", contract)
    with pytest.raises(HttpResponseError, match=r"\(ValidationError\) no"):
        poller.result()
    assert azure.arm("GET", "namedValues/nv").status_code == 404


def test_a_write_without_operation_fails_at_once(azure: Azure) -> None:
    azure.configure(faults=[{"method": "PUT", "status": 409, "asynchronous": True}])
    assert error_code(azure.put("backends/b", backend())) == (409, "Conflict")


def test_backends_are_written_at_once(azure: Azure) -> None:
    created = azure.put("backends/b", backend())
    assert {"Location", "Azure-AsyncOperation"}.isdisjoint(created.headers)


def test_unknown_operation(azure: Azure) -> None:
    assert error_code(azure.arm("GET", "tenant/operationResults/none")) == (404, "ResourceNotFound")
