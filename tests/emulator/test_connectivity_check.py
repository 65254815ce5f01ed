# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""S/connectivityCheck: what the gateway reaches, and what a check takes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from azure.core.exceptions import HttpResponseError
from azure.mgmt.apimanagement import models

from tests.emulator.harness import GROUP, READER, SERVICE, Azure, error_code, problems

HOST = "probed.openai.azure.com"
UNKNOWN = "nowhere.example"


@pytest.fixture
def provider(azure: Azure) -> Iterator[str]:
    """The path of a provider in the admin API, which is as configured when a test ends."""
    path = f"providers/{HOST}"
    yield path
    azure.admin("DELETE", path)


def body(host: str = HOST, **changes: Any) -> dict[str, Any]:
    """Return the body of a check; None removes a member."""
    source, destination = {"region": "swedencentral"}, {"address": host, "port": 443}
    sent = {"source": source, "destination": destination, "protocol": "TCP", **changes}
    return {name: value for name, value in sent.items() if value is not None}


def start(azure: Azure, sent: dict[str, Any], **options: Any) -> requests.Response:
    """POST a check."""
    return azure.arm("POST", "connectivityCheck", json=sent, **options)


def result(azure: Azure, started: requests.Response) -> requests.Response:
    """Poll a check until it is over."""
    assert started.status_code == 202, started.text
    location = started.headers["Location"].removeprefix(azure.url)
    for _ in range(200):
        answer = azure.arm("GET", location, version=None)
        if answer.status_code != 202:
            return answer
        time.sleep(0.02)
    raise AssertionError("the check does not end")


def check(azure: Azure, sent: dict[str, Any]) -> dict[str, Any]:
    """Return the outcome of a check."""
    answer = result(azure, start(azure, sent))
    assert answer.status_code == 200, answer.text
    outcome: dict[str, Any] = answer.json()
    return outcome


def test_a_destination_that_is_reached(azure: Azure) -> None:
    started = start(azure, body())
    assert started.status_code == 202
    assert not started.content
    assert started.headers["Location"].startswith(f"{azure.url}{azure.service()}/connectivityCheck/operationresults/")
    outcome = result(azure, started).json()
    assert outcome["connectionStatus"] == "Connected"
    assert (outcome["probesSent"], outcome["probesFailed"]) == (3, 0)
    assert 0 <= outcome["minLatencyInMs"] <= outcome["avgLatencyInMs"] <= outcome["maxLatencyInMs"]
    source, destination = outcome["hops"]
    assert (source["type"], source["resourceId"]) == ("Source", azure.service())
    assert source["nextHopIds"] == [destination["id"]]
    assert (destination["type"], destination["nextHopIds"], destination["issues"]) == ("Internet", [], [])


def test_a_name_that_is_not_resolved(azure: Azure) -> None:
    outcome = check(azure, body(UNKNOWN))
    assert outcome["connectionStatus"] == "Disconnected"
    assert (outcome["probesSent"], outcome["probesFailed"]) == (3, 3)
    assert outcome["avgLatencyInMs"] is None
    (hop,) = outcome["hops"]
    (issue,) = hop["issues"]
    assert (issue["origin"], issue["severity"], issue["type"]) == ("Outbound", "Error", "DnsResolution")
    assert UNKNOWN in issue["context"][0]["message"]


def test_an_address_that_nobody_has(azure: Azure) -> None:
    outcome = check(azure, body("10.1.2.3"))
    assert outcome["connectionStatus"] == "Disconnected"
    assert outcome["hops"][1]["address"] == "10.1.2.3"
    assert outcome["hops"][1]["issues"][0]["type"] == "Unknown"


@pytest.mark.parametrize(("protocol", "address"), [("TCP", HOST), ("HTTPS", HOST), ("HTTPS", f"https://{HOST}/openai")])
def test_a_provider_that_refuses(azure: Azure, provider: str, protocol: str, address: str) -> None:
    azure.admin("PUT", provider, json={"refuse": True})
    assert check(azure, body(address, protocol=protocol))["connectionStatus"] == "Disconnected"
    azure.admin("PUT", provider, json={"refuse": True, "times": 1})
    outcome = check(azure, body(address, protocol=protocol))
    assert (outcome["connectionStatus"], outcome["probesFailed"]) == ("Degraded", 1)
    assert len(outcome["hops"][1]["issues"]) == 1
    assert check(azure, body(address, protocol=protocol))["connectionStatus"] == "Connected"


def test_requests_of_https(azure: Azure) -> None:
    http = {"method": "post", "validStatusCodes": [404], "headers": [{"name": "x-probe", "value": "yes"}]}
    sent = body(f"https://{HOST}/none", protocol="https", protocolConfiguration={"HTTPConfiguration": http})
    assert check(azure, sent)["connectionStatus"] == "Connected"
    entries = azure.admin("GET", "requests", params={"plane": "provider"}).json()
    assert [(entry["method"], entry["url"]) for entry in entries] == [("POST", f"https://{HOST}/none")] * 3
    assert entries[0]["headers"]["x-probe"] == "yes"
    http["validStatusCodes"] = [200, 204]
    outcome = check(azure, sent)
    assert outcome["connectionStatus"] == "Disconnected"
    assert "404" in outcome["hops"][1]["issues"][0]["context"][0]["message"]


@pytest.mark.parametrize(
    ("changes", "target"),
    [
        ({"source": None}, "source"),
        ({"source": {}}, "source.region"),
        ({"source": {"region": "westeurope"}}, "source.region"),
        ({"source": {"region": "Sweden Central", "instance": -1}}, "source.instance"),
        ({"destination": None}, "destination"),
        ({"destination": {"address": HOST}}, "destination.port"),
        ({"destination": {"address": HOST, "port": "443"}}, "destination.port"),
        ({"destination": {"address": HOST, "port": 65_536}}, "destination.port"),
        ({"destination": {"address": f"https://{HOST}", "port": 443}}, "destination.address"),
        ({"destination": {"address": f"http://{HOST}", "port": 443}, "protocol": "HTTPS"}, "destination.address"),
        ({"destination": {"address": f"{HOST}:443", "port": 443}}, "destination.address"),
        ({"protocol": "UDP"}, "protocol"),
        ({"preferredIPVersion": "IPv6"}, "preferredIPVersion"),
        ({"protocolConfiguration": {"HTTPConfiguration": {}}}, "protocolConfiguration.HTTPConfiguration"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_bodies_that_are_refused(azure: Azure, changes: dict[str, Any], target: str) -> None:
    assert set(problems(start(azure, body(**changes)))) == {target}


def test_all_problems_at_once(azure: Azure) -> None:
    sent = body(source={"region": "x"}, protocolConfiguration={"HTTPConfiguration": {}})
    assert set(problems(start(azure, sent))) == {"source.region", "protocolConfiguration.HTTPConfiguration"}


@pytest.mark.parametrize(
    ("service", "sku"),
    [((GROUP, "apim-consumption"), "Consumption"), (("rg-other", "apim-v2"), "StandardV2")],
)
def test_tiers_without_it(azure: Azure, service: tuple[str, str], sku: str) -> None:
    path = f"{azure.service(service[1], service[0])}/connectivityCheck"
    refused = azure.arm("POST", path, json=body())
    assert error_code(refused) == (400, "MethodNotAllowedInPricingTier")
    assert refused.json()["error"]["message"] == f"Method not allowed in {sku} pricing tier"


def test_who_may_check(azure: Azure) -> None:
    headers = {"Authorization": f"Bearer {azure.token(client_id=READER, client_secret='reader')}"}
    refused = start(azure, body(), headers=headers)
    assert error_code(refused) == (403, "AuthorizationFailed")
    assert "'Microsoft.ApiManagement/service/connectivityCheck/action'" in refused.json()["error"]["message"]
    assert error_code(azure.arm("GET", "connectivityCheck")) == (405, "MethodNotAllowed")
    assert error_code(azure.arm("GET", "connectivityCheck/operationresults/none")) == (404, "ResourceNotFound")


def test_a_check_takes_its_time_and_may_fail(azure: Azure) -> None:
    azure.configure(lro_ms=300)
    started = start(azure, body())
    location = started.headers["Location"].removeprefix(azure.url)
    waiting = azure.arm("GET", location, version=None)
    assert (waiting.status_code, waiting.headers["Location"]) == (202, started.headers["Location"])
    assert result(azure, started).status_code == 200
    azure.configure(faults=[{"method": "POST", "status": 500, "code": "Broken", "asynchronous": True}], lro_ms=0)
    assert error_code(result(azure, start(azure, body()))) == (500, "Broken")


def test_through_the_sdk(azure: Azure) -> None:
    def perform(host: str) -> Any:
        request = models.ConnectivityCheckRequest(
            source=models.ConnectivityCheckRequestSource(region="swedencentral"),
            destination=models.ConnectivityCheckRequestDestination(address=host, port=443),
            protocol="HTTPS",
        )
        return azure.sdk().begin_perform_connectivity_check_async(GROUP, SERVICE, request).result()

    assert perform(HOST).connection_status == "Connected"
    outcome = perform(UNKNOWN)
    assert (outcome.connection_status, outcome.probes_failed) == ("Disconnected", 3)
    assert outcome.hops[0].issues[0].type == "DnsResolution"
    with pytest.raises(HttpResponseError, match=r"destination\.address|incorrect values"):
        perform(f"http://{HOST}")
