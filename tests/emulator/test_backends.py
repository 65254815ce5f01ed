# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Single backends: contract, circuit breaker, credentials, ETags, api-versions."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.mgmt.apimanagement import models

from tests.emulator.harness import GROUP, SERVICE, Azure, backend, breaker, error_code, pool, problems


def _sdk_breaker() -> models.BackendCircuitBreaker:
    condition = models.CircuitBreakerFailureCondition(
        count=3,
        interval=dt.timedelta(seconds=10),
        status_code_ranges=[models.FailureStatusCodeRange(min=429, max=429)],
    )
    rule = models.CircuitBreakerRule(
        name="trip", failure_condition=condition, trip_duration=dt.timedelta(seconds=60), accept_retry_after=True
    )
    return models.BackendCircuitBreaker(rules=[rule])


def test_life_through_the_sdk(azure: Azure) -> None:
    backends = azure.sdk().backend
    contract = models.BackendContract(url="https://one.example/", protocol="http", circuit_breaker=_sdk_breaker())
    created = backends.create_or_update(GROUP, SERVICE, "one", contract)
    assert created.id == f"{azure.service()}/backends/one"
    assert created.type == "Microsoft.ApiManagement/service/backends"
    assert created.circuit_breaker.rules[0].trip_duration == dt.timedelta(seconds=60)
    assert backends.get_entity_tag(GROUP, SERVICE, "one")
    changed = backends.update(GROUP, SERVICE, "one", "*", models.BackendUpdateParameters(title="One"))
    assert (changed.title, changed.url) == ("One", "https://one.example/")
    backends.delete(GROUP, SERVICE, "one", "*")
    with pytest.raises(ResourceNotFoundError) as error:
        backends.get(GROUP, SERVICE, "one")
    assert error.value.error
    assert error.value.error.message == "Backend not found."


def test_status_codes(azure: Azure) -> None:
    assert azure.put("backends/b", backend()).status_code == 201
    assert azure.put("backends/b", backend(title="t")).status_code == 200
    assert azure.arm("HEAD", "backends/b").status_code == 200
    assert azure.arm("POST", "backends/b/reconnect").status_code == 202
    assert azure.arm("DELETE", "backends/b").status_code == 200
    assert azure.arm("DELETE", "backends/b").status_code == 204
    assert azure.arm("HEAD", "backends/b").status_code == 404
    assert azure.arm("PATCH", "backends/b", json={"properties": {}}).status_code == 404


def test_defaults_and_normal_forms_of_the_answer(azure: Azure) -> None:
    rule = {**breaker()["rules"][0], "tripDuration": "PT60S"}
    del rule["acceptRetryAfter"]
    azure.put("backends/b", backend(description=None, circuitBreaker={"rules": [rule]}, protocol="HTTP"))
    shown = azure.arm("GET", "backends/b").json()["properties"]
    assert shown["type"] == "Single"
    assert shown["protocol"] == "http"
    assert shown["circuitBreaker"]["rules"][0]["tripDuration"] == "PT1M"
    assert shown["circuitBreaker"]["rules"][0]["acceptRetryAfter"] is False
    assert "description" not in shown


@pytest.mark.parametrize(
    ("given", "shown"),
    [("PT90S", "PT1M30S"), ("PT24H", "P1D"), ("P1DT1S", "P1DT1S"), ("PT0.5S", "PT0.5S"), ("PT3600S", "PT1H")],
)
def test_durations_are_answered_as_time_spans(azure: Azure, given: str, shown: str) -> None:
    response = azure.put("backends/b", backend(circuitBreaker=breaker(interval=given)))
    assert response.json()["properties"]["circuitBreaker"]["rules"][0]["failureCondition"]["interval"] == shown


def test_etags(azure: Azure) -> None:
    first = azure.put("backends/b", backend()).headers["ETag"]
    assert re.fullmatch(r'"[A-Za-z0-9+/]{11}="', first)
    assert azure.put("backends/b", backend()).headers["ETag"] == first
    second = azure.put("backends/b", backend(title="t"), headers={"If-Match": first}).headers["ETag"]
    assert second != first
    stale = azure.put("backends/b", backend(title="u"), headers={"If-Match": first})
    assert error_code(stale) == (412, "PreconditionFailed")
    assert stale.json()["error"]["message"] == "Resource was modified since last retrieval."
    assert azure.arm("DELETE", "backends/b", headers={"If-Match": first}).status_code == 412
    patch = azure.arm("PATCH", "backends/b", json={"properties": {"title": "v"}}, headers={"If-Match": second})
    assert patch.status_code == 200
    assert azure.arm("GET", "backends/b").headers["ETag"] == patch.headers["ETag"]


def test_if_match_on_a_missing_backend(azure: Azure) -> None:
    assert azure.put("backends/b", backend(), headers={"If-Match": '"AAAAAADmodU="'}).status_code == 412
    assert azure.put("backends/b", backend(), headers={"If-Match": "*"}).status_code == 201


@pytest.mark.parametrize("name", ["a" * 81, "1abc", "a_b", "a-", "a.b", "-a"])
def test_names_that_are_refused(azure: Azure, name: str) -> None:
    assert "backendId" in problems(azure.put(f"backends/{name}", backend()))


@pytest.mark.parametrize("name", ["a" * 80, "a", "A-1"])
def test_names_that_are_allowed(azure: Azure, name: str) -> None:
    assert azure.put(f"backends/{name}", backend()).status_code == 201


@pytest.mark.parametrize(
    ("changes", "target"),
    [
        ({"url": None}, "url"),
        ({"url": "model.example"}, "url"),
        ({"url": "ftp://model.example"}, "url"),
        ({"url": "https://model.example:99999"}, "url"),
        ({"url": "https://" + "x" * 2000}, "url"),
        ({"protocol": None}, "protocol"),
        ({"protocol": "grpc"}, "protocol"),
        ({"title": ""}, "title"),
        ({"title": "x" * 301}, "title"),
        ({"description": "x" * 2001}, "description"),
        ({"description": 7}, "description"),
        ({"nonsense": True}, "nonsense"),
        ({"type": "Group"}, "type"),
        ({"credentials": {"managedIdentity": {}}}, "credentials.managedIdentity"),
        ({"credentials": {"header": {"api-key": "text"}}}, "credentials.header.api-key"),
        ({"credentials": {"authorization": {"scheme": "Basic"}}}, "credentials.authorization.parameter"),
        ({"credentials": {"certificate": ["ABC"]}}, "credentials"),
        ({"tls": {"validateCertificateName": "yes"}}, "tls.validateCertificateName"),
        ({"circuitBreaker": {"rules": []}}, "circuitBreaker.rules"),
        ({"circuitBreaker": {"rules": breaker()["rules"] * 2}}, "circuitBreaker.rules"),
    ],
)
def test_fields_that_are_refused(azure: Azure, changes: dict[str, Any], target: str) -> None:
    assert set(problems(azure.put("backends/b", backend(**changes)))) == {target}
    assert azure.arm("GET", "backends/b").status_code == 404


RULE = "circuitBreaker.rules[0]"
CONDITION = f"{RULE}.failureCondition"


@pytest.mark.parametrize(
    ("condition", "target"),
    [
        ({"count": None}, CONDITION),
        ({"percentage": 5}, CONDITION),
        ({"count": 0}, f"{CONDITION}.count"),
        ({"count": 10_001}, f"{CONDITION}.count"),
        ({"count": "3"}, f"{CONDITION}.count"),
        ({"count": None, "percentage": 101}, f"{CONDITION}.percentage"),
        ({"interval": "10s"}, f"{CONDITION}.interval"),
        ({"interval": "PT"}, f"{CONDITION}.interval"),
        ({"interval": "P1M"}, f"{CONDITION}.interval"),
        ({"interval": "PT0S"}, f"{CONDITION}.interval"),
        ({"statusCodeRanges": []}, CONDITION),
        ({"statusCodeRanges": [{"min": 429, "max": 428}]}, f"{CONDITION}.statusCodeRanges[0]"),
        ({"statusCodeRanges": [{"min": 199, "max": 429}]}, f"{CONDITION}.statusCodeRanges[0].min"),
        ({"statusCodeRanges": [{"min": 500, "max": 600}]}, f"{CONDITION}.statusCodeRanges[0].max"),
        ({"statusCodeRanges": [{"min": 429, "max": 429}] * 11}, f"{CONDITION}.statusCodeRanges"),
        ({"errorReasons": ["x"] * 11}, f"{CONDITION}.errorReasons"),
    ],
)
def test_breaker_conditions_that_are_refused(azure: Azure, condition: dict[str, Any], target: str) -> None:
    assert set(problems(azure.put("backends/b", backend(circuitBreaker=breaker(**condition))))) == {target}


@pytest.mark.parametrize("name", ["", "-a", "a_b", "a" * 81])
def test_breaker_rule_names(azure: Azure, name: str) -> None:
    rules = [{**breaker()["rules"][0], "name": name}]
    assert set(problems(azure.put("backends/b", backend(circuitBreaker={"rules": rules})))) == {f"{RULE}.name"}


def test_all_problems_are_reported_together(azure: Azure) -> None:
    wrong = backend(url="nowhere", protocol=None, title="", other=1, credentials={"header": {"k": ["{{missing}}"]}})
    found = problems(azure.put("backends/b", wrong))
    assert set(found) == {"url", "protocol", "title", "other", "credentials"}
    assert found["credentials"] == "Property 'missing' not found."
    assert found["other"] == "Could not find member 'other' on object of type 'BackendContract'."


@pytest.mark.parametrize("body", [{"url": "https://x"}, {"properties": None}, {"properties": []}, {}])
def test_bodies_without_properties(azure: Azure, body: dict[str, Any]) -> None:
    assert "properties" in problems(azure.arm("PUT", "backends/b", json=body)) or "url" in body


def test_null_means_absent_and_the_envelope_may_come_back(azure: Azure) -> None:
    azure.put("backends/b", backend(title=None, credentials=None))
    shown = azure.arm("GET", "backends/b").json()
    shown["properties"]["title"] = None
    assert azure.arm("PUT", "backends/b", json=shown).status_code == 200


def test_patch_replaces_and_removes_members(azure: Azure) -> None:
    azure.put("backends/b", backend(title="t", circuitBreaker=breaker()))
    changes = {"properties": {"title": None, "description": "d"}}
    shown = azure.arm("PATCH", "backends/b", json=changes).json()["properties"]
    assert "title" not in shown
    assert shown["description"] == "d"
    assert "circuitBreaker" in shown


def test_breaker_needs_a_tier_with_a_gateway_of_its_own(azure: Azure) -> None:
    path = f"{azure.service('apim-consumption')}/backends/b"
    refused = azure.arm("PUT", path, json={"properties": backend(circuitBreaker=breaker())})
    assert "Consumption" in problems(refused)["circuitBreaker"]


def test_credentials_keep_a_named_value_in_use(azure: Azure) -> None:
    azure.put("namedValues/key", {"displayName": "model-key", "value": "v", "secret": True})
    header = {"api-key": ["Bearer {{model-key}}"]}
    created = azure.put("backends/b", backend(credentials={"header": header}))
    assert created.json()["properties"]["credentials"]["header"] == header
    refused = azure.arm("DELETE", "namedValues/key")
    assert refused.json()["error"]["message"] == (
        "The Named Value 'key' is used by the following entities:\r\n/backends/b\r\n"
    )
    azure.put("backends/b", backend())
    assert azure.arm("DELETE", "namedValues/key").status_code == 200


def test_older_api_version(azure: Azure) -> None:
    assert azure.put("backends/b", backend(), version="2022-08-01", headers={"If-Match": "*"}).status_code == 201
    azure.put("backends/b", backend(circuitBreaker=breaker()))
    azure.put("backends/p", pool("b"))
    shown = azure.arm("GET", "backends/b", version="2022-08-01").json()["properties"]
    assert {"type", "circuitBreaker"}.isdisjoint(shown)
    newer = azure.put("backends/b", backend(circuitBreaker=breaker()), version="2022-08-01")
    assert set(problems(newer)) == {"circuitBreaker"}
    patched = azure.arm("PATCH", "backends/b", json={"properties": {"title": "t"}}, version="2022-08-01")
    assert patched.status_code == 200
    assert "circuitBreaker" in azure.arm("GET", "backends/b").json()["properties"]


def test_error_as_the_sdk_sees_it(azure: Azure) -> None:
    contract = models.BackendContract(url="nowhere", protocol="http")
    with pytest.raises(HttpResponseError) as raised:
        azure.sdk().backend.create_or_update(GROUP, SERVICE, "b", contract)
    assert raised.value.error
    assert raised.value.error.code == "ValidationError"
    assert raised.value.error.message == "One or more fields contain incorrect values:"
    assert [detail.target for detail in raised.value.error.details] == ["url"]
