# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Request tracing: debug credentials, what they do to a request, and the trace that ARM shows."""

from __future__ import annotations

import datetime as dt
import json
import re
import ssl
import time
from collections.abc import Iterator
from typing import Any

import openai
import pytest
import requests
from apim_emulator.gateway.tracing import time_span
from apim_emulator.tracing import CAPACITY, Tracing
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.mgmt.apimanagement import models

from tests.emulator.gateway.site import CHAT, ONCE_MORE, TO_BACKEND, Site
from tests.emulator.harness import GROUP, READER, SERVICE, Azure, api, backend, error_code, operation, pool, problems

TOKEN = "Apim-Debug-Authorization"
TRACE_ID = "Apim-Trace-Id"
ISSUE = "gateways/managed/listDebugCredentials"
SHOW = "gateways/managed/listTrace"
SPAN = re.compile(r"00:00:\d\d(\.\d{7})?")
DELETE = '<set-header name="api-key" exists-action="delete" />'


@pytest.fixture
def site(azure: Azure) -> Site:
    return Site(azure)


def wanted(site: Site, **changes: Any) -> dict[str, Any]:
    """Return a valid body of listDebugCredentials; None removes a member."""
    body = {"apiId": f"{site.azure.service()}/apis/llm", "purposes": ["tracing"], **changes}
    return {name: value for name, value in body.items() if value is not None}


def token(site: Site, **changes: Any) -> str:
    """Return a debug token."""
    response = site.azure.arm("POST", ISSUE, json=wanted(site, **changes))
    assert response.status_code == 200, response.text
    return str(response.json()["token"])


def ask(site: Site, sent: str | bytes, **options: Any) -> requests.Response:
    """Send a request with the key of the environment and a debug token."""
    return site.ask(headers={"api-key": site.key, TOKEN: sent}, **options)


def trace(site: Site, answer: requests.Response) -> dict[str, Any]:
    """Return the trace of an answered request."""
    response = site.azure.arm("POST", SHOW, json={"traceId": answer.headers[TRACE_ID]})
    assert response.status_code == 200, response.text
    shown: dict[str, Any] = response.json()
    return shown


def headers(message: dict[str, Any]) -> dict[str, str]:
    """Return the headers of a traced message by their name in lower case."""
    return {item["name"].lower(): item["value"] for item in message["headers"]}


def seconds(entry: dict[str, Any]) -> float:
    """Return the elapsed time of an entry."""
    assert SPAN.fullmatch(entry["elapsed"]), entry
    return float(entry["elapsed"].rpartition(":")[2])


def test_through_the_sdk(site: Site) -> None:
    site.backend("a", "ext.example")
    site.policy(inbound=TO_BACKEND.format("a"))
    gateway = site.azure.sdk().gateway
    body = models.GatewayListDebugCredentialsContract(
        purposes=["tracing"],
        api_id=f"{site.azure.service()}/apis/llm",
        credentials_expire_after=dt.timedelta(minutes=5),
    )
    issued = gateway.list_debug_credentials(GROUP, SERVICE, "managed", body).token
    assert issued.startswith("aid=llm&p=tracing&ex=")
    with (
        openai.DefaultHttpxClient(verify=ssl.create_default_context(cafile=site.azure.bundle)) as client,
        openai.OpenAI(
            base_url=f"{site.url}/models",
            api_key="unused",
            default_headers={"api-key": site.key, TOKEN: issued},
            http_client=client,
        ) as models_client,
    ):
        message: Any = {"role": "user", "content": "Hi"}
        answer = models_client.chat.completions.with_raw_response.create(model="m", messages=[message])
    trace_id = answer.headers[TRACE_ID]
    assert re.fullmatch(r"[0-9a-f]{32}", trace_id)
    shown = gateway.list_trace(GROUP, SERVICE, "managed", models.GatewayListTraceContract(trace_id=trace_id))
    assert shown["serviceName"] == SERVICE
    assert [entry["source"] for entry in shown["traceEntries"]["backend"]] == ["forward-request"] * 2
    with pytest.raises(ResourceNotFoundError):
        gateway.list_trace(GROUP, SERVICE, "managed", models.GatewayListTraceContract(trace_id="0" * 32))


def test_trace_of_a_request(site: Site) -> None:
    site.backend("a", "ext.example", latency_ms=120)
    site.policy(inbound=DELETE + TO_BACKEND.format("a"))
    answer = ask(site, token(site), path=f"{CHAT}?mine=1")
    shown = trace(site, answer)
    assert set(shown) == {"serviceName", "traceId", "traceEntries"}
    assert shown["traceId"] != answer.headers[TRACE_ID]
    entries = shown["traceEntries"]
    assert set(entries) == {"inbound", "backend", "outbound"}
    received, configured = entries["inbound"]
    assert received["source"] == configured["source"] == "api-inspector"
    assert received["data"]["request"]["method"] == "POST"
    assert received["data"]["request"]["url"] == f"{site.url}{CHAT}?mine=1"
    assert headers(received["data"]["request"])["api-key"] == site.key
    assert configured["data"]["configuration"]["operation"] == {"method": "POST", "uriTemplate": "/chat/completions"}
    sent, got = entries["backend"]
    assert sent["data"]["message"] == "Request is being forwarded to the backend service. Timeout set to 300 seconds"
    request = sent["data"]["request"]
    assert (request["method"], request["url"]) == ("POST", "https://ext.example/v1/chat/completions?mine=1")
    assert headers(request)["host"] == "ext.example"
    assert not {"api-key", TOKEN.lower()} & set(headers(request))
    assert got["data"]["response"]["status"] == {"code": 200, "reason": "OK"}
    assert headers(got["data"]["response"])["content-type"] == "application/json"
    (transferred,) = entries["outbound"]
    assert transferred["source"] == "transfer-response"
    assert transferred["data"] == {"message": "Response has been sent to the caller in full"}
    times = [seconds(entry) for section in ("inbound", "backend", "outbound") for entry in entries[section]]
    assert times == sorted(times)
    assert 0.12 <= seconds(got) - seconds(sent) < 1
    first, last = (dt.datetime.fromisoformat(entry["timestamp"]) for entry in (received, transferred))
    assert (last - first).total_seconds() == pytest.approx(times[-1] - times[0], abs=0.05)


def test_the_headers_that_reach_the_backend(site: Site) -> None:
    credentials = {"header": {"api-key": ["provider-secret"], "Authorization": ["Bearer provider-secret"]}}
    site.put("backends/a", backend(url="https://ext.example/v1", credentials=credentials))
    site.put("backends/b", backend(url="https://ext.example/v1"))
    site.provider("ext.example", api_keys=["provider-secret"])
    site.policy(inbound=TO_BACKEND.format("a"))
    sent = token(site)
    request = trace(site, ask(site, sent))["traceEntries"]["backend"][0]["data"]["request"]
    assert headers(request)["api-key"] == "provider-secret"
    assert headers(request)["authorization"] == "***"
    site.policy(inbound=TO_BACKEND.format("b"))
    request = trace(site, ask(site, sent))["traceEntries"]["backend"][0]["data"]["request"]
    assert headers(request)["api-key"] == site.key
    for entry in site.log("provider"):
        assert TOKEN.lower() not in {name.lower() for name in entry["headers"]}
    assert sent.rpartition("=")[2] not in json.dumps(site.log("gateway") + site.log("provider") + site.log("arm"))


def test_every_attempt_at_a_pool_in_order(site: Site) -> None:
    site.backend("one", "one.example", status=429, latency_ms=80, trips_after=1)
    site.backend("two", "two.example", refuse=True)
    site.backend("three", "three.example", latency_ms=40)
    members = [
        {"id": f"/backends/{name}", "priority": place, "weight": 1} for place, name in enumerate(["one", "three"], 1)
    ]
    site.put("backends/p", {"type": "Pool", "pool": {"services": members}})
    site.policy(inbound=TO_BACKEND.format("p"), backend=ONCE_MORE.format(2, "true"))
    sent = token(site)
    answer = ask(site, sent)
    assert answer.status_code == 200
    entries = trace(site, answer)["traceEntries"]["backend"]
    urls = [entry["data"]["request"]["url"] for entry in entries[::2]]
    statuses = [entry["data"]["response"]["status"]["code"] for entry in entries[1::2]]
    assert urls == [f"https://{host}.example/v1/chat/completions" for host in ("one", "three")]
    assert statuses == [429, 200]
    durations = [seconds(got) - seconds(asked) for asked, got in zip(entries[::2], entries[1::2], strict=True)]
    assert durations[0] >= 0.08
    assert durations[1] >= 0.04
    site.policy(inbound=TO_BACKEND.format("two"), backend=ONCE_MORE.format(1, "true"))
    failed = ask(site, sent)
    assert failed.status_code == 500
    entries = trace(site, failed)["traceEntries"]
    assert ["request" in entry["data"] for entry in entries["backend"]] == [True, False] * 2
    assert entries["backend"][1]["data"]["messages"][0] == "Error occured while calling backend service."
    assert len(entries["on-error"][0]["data"]["messages"]) == 1


def test_a_url_that_is_none(site: Site) -> None:
    site.policy(inbound="<set-backend-service base-url='@(\"https://[bad\")' />")
    answer = ask(site, token(site))
    assert answer.status_code == 500
    request, failure = trace(site, answer)["traceEntries"]["backend"]
    assert request["data"]["request"]["url"] == f"https://[bad{CHAT.removeprefix('/models')}"
    assert "is not a URL" in failure["data"]["messages"][1]


def test_an_exhausted_pool_shows_no_request(site: Site) -> None:
    site.backend("one", "one.example", status=429, trips_after=1)
    site.put("backends/p", pool("one"))
    site.policy(inbound=TO_BACKEND.format("p"))
    assert site.ask().status_code == 429
    answer = ask(site, token(site))
    assert answer.status_code == 503
    entries = trace(site, answer)["traceEntries"]
    (entry,) = entries["backend"]
    assert entry["data"] == {"messages": ["Backend pool 'p' is temporarily unavailable."]}
    assert entries["on-error"][0]["source"] == "forward-request"


def test_the_trace_of_a_stream_is_there_when_it_ended(site: Site) -> None:
    site.backend("slow", "slow.example", token_delay_ms=60)
    site.policy(inbound=TO_BACKEND.format("slow"), backend=ONCE_MORE.format(2, "false"))
    with ask(site, token(site), body={"stream": True}, stream=True) as answer:
        pieces = answer.iter_content(None)
        next(pieces)
        early = site.azure.arm("POST", SHOW, json={"traceId": answer.headers[TRACE_ID]})
        assert error_code(early) == (404, "ResourceNotFound")
        assert list(pieces)
    entries = trace(site, answer)["traceEntries"]
    assert seconds(entries["outbound"][0]) - seconds(entries["backend"][1]) > 0.06


def test_the_trace_of_a_client_that_went(site: Site) -> None:
    site.backend("slow", "slow.example", token_delay_ms=200)
    site.policy(inbound=TO_BACKEND.format("slow"), backend=ONCE_MORE.format(2, "false"))
    with ask(site, token(site), body={"stream": True}, stream=True) as answer:
        next(answer.iter_content(None))
    deadline = time.monotonic() + 30
    while not site.log("gateway"):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert set(trace(site, answer)["traceEntries"]) == {"inbound", "backend"}


def test_refused_requests_are_traced_too(site: Site) -> None:
    site.policy()
    sent = token(site)
    without_key = site.ask(headers={TOKEN: sent})
    assert without_key.status_code == 401
    entries = trace(site, without_key)["traceEntries"]
    assert "backend" not in entries
    assert entries["on-error"][0]["source"] == "authorization"
    without_operation = ask(site, sent, path="/models/other")
    assert without_operation.status_code == 404
    assert trace(site, without_operation)["traceEntries"]["inbound"][1]["data"]["configuration"]["operation"] == "-"
    assert TRACE_ID not in ask(site, sent, path="/elsewhere").headers


def test_tokens_that_do_not_serve(site: Site) -> None:
    site.put("apis/other", api(displayName="Other", path="other", subscriptionRequired=False))
    site.put("apis/other/operations/chat", operation())
    site.backend("a", "ext.example")
    site.policy(inbound=DELETE + TO_BACKEND.format("a"))
    site.policy("apis/other", inbound=TO_BACKEND.format("a"))
    good, brief = token(site), token(site, credentialsExpireAfter="PT0.2S")
    wrong = ask(site, good, path="/other/chat/completions")
    assert "'llm'" in wrong.headers[f"{TOKEN}-WrongAPI"]
    time.sleep(0.3)
    expired = ask(site, brief)
    assert re.search(r"\d{4}-\d\d-\d\dT", expired.headers[f"{TOKEN}-Expired"])
    forged = good.replace("aid=llm", "aid=other")
    unknown = (forged, "x", "", "aid=llm&p=tracing")
    others = [ask(site, text, path="/other/chat/completions") for text in unknown]
    untraced = [wrong, expired, *others, site.ask()]
    assert [answer.status_code for answer in untraced] == [200] * len(untraced)
    assert not any(TRACE_ID in answer.headers for answer in untraced)
    assert not any(name.startswith(TOKEN) for answer in others for name in answer.headers)


@pytest.fixture
def other_service(site: Site) -> Iterator[str]:
    """The ARM id of another service with an API of the same name."""
    service = site.azure.service("apim-v2", "rg-other")
    site.azure.arm("PUT", f"{service}/apis/llm", json={"properties": api()})
    site.azure.arm("PUT", f"{service}/apis/llm/operations/chat", json={"properties": operation()})
    yield service
    # Between tests only the service under test is emptied.
    site.azure.arm("DELETE", f"{service}/apis/llm")


def test_a_token_serves_at_its_own_service_only(site: Site, other_service: str) -> None:
    url = site.azure.admin("GET", "services").json()[2]["url"] + CHAT
    assert TRACE_ID not in site.azure.http("POST", url, json={}, headers={TOKEN: token(site)}).headers
    body = wanted(site, apiId=f"{other_service}/apis/llm")
    issued = site.azure.arm("POST", f"{other_service}/{ISSUE}", json=body).json()["token"]
    answer = site.azure.http("POST", url, json={}, headers={TOKEN: issued})
    trace_id = {"traceId": answer.headers[TRACE_ID]}
    assert error_code(site.azure.arm("POST", SHOW, json=trace_id))[0] == 404
    assert site.azure.arm("POST", f"{other_service}/{SHOW}", json=trace_id).json()["serviceName"] == "apim-v2"


@pytest.mark.parametrize(
    ("changes", "target"),
    [
        ({"apiId": None}, "apiId"),
        ({"apiId": "llm"}, "apiId"),
        ({"apiId": "/apis/llm"}, "apiId"),
        ({"purposes": None}, "purposes"),
        ({"purposes": []}, "purposes"),
        ({"purposes": ["debugging"]}, "purposes[0]"),
        ({"credentialsExpireAfter": "PT61M"}, "credentialsExpireAfter"),
        ({"credentialsExpireAfter": "P1D"}, "credentialsExpireAfter"),
        ({"credentialsExpireAfter": "PT0S"}, "credentialsExpireAfter"),
        ({"credentialsExpireAfter": "1h"}, "credentialsExpireAfter"),
        ({"credentialsExpireAfter": 60}, "credentialsExpireAfter"),
        ({"scope": "all"}, "scope"),
    ],
)
def test_credentials_that_are_refused(site: Site, changes: dict[str, Any], target: str) -> None:
    refused = problems(site.azure.arm("POST", ISSUE, json=wanted(site, **changes)))
    assert set(refused) == {target}


def test_the_api_of_a_credential_must_exist_here(site: Site) -> None:
    for api_id in (f"{site.azure.service()}/apis/none", f"{site.azure.service('apim-v2', 'rg-other')}/apis/llm"):
        assert "apiId" in problems(site.azure.arm("POST", ISSUE, json=wanted(site, apiId=api_id)))
    for api_id in (f"{site.azure.service()}/apis/LLM;rev=1", f"{site.azure.service().upper()}/APIS/llm"):
        assert token(site, apiId=api_id, credentialsExpireAfter="PT1H").startswith("aid=llm&")


def test_what_a_gateway_does_not_do(site: Site) -> None:
    arm = site.azure.arm
    for method, path in (
        ("GET", "gateways"),
        ("GET", "gateways/managed"),
        ("POST", "gateways/managed/listKeys"),
        ("GET", "gateways/managed/apis"),
        ("GET", "gateways/managed/apis/llm"),
    ):
        refused = arm(method, path)
        assert error_code(refused) == (404, "InvalidResourceType")
        assert path.split("/")[-1 if method == "POST" else 0] in refused.json()["error"]["message"]
    assert error_code(arm("POST", ISSUE, json=wanted(site), version="2022-08-01")) == (404, "InvalidResourceType")
    assert error_code(arm("GET", ISSUE)) == (405, "MethodNotAllowed")
    own = "gateways/own/listDebugCredentials"
    assert error_code(arm("POST", own, json=wanted(site))) == (404, "ResourceNotFound")
    assert set(problems(arm("POST", SHOW, json={}))) == {"traceId"}
    assert set(problems(arm("POST", SHOW, json={"traceId": 1}))) == {"traceId"}
    assert error_code(arm("POST", SHOW, data="no JSON")) == (400, "InvalidRequestContent")


def test_a_reader_may_not(site: Site) -> None:
    reader = {"Authorization": f"Bearer {site.azure.token(client_id=READER, client_secret='reader')}"}
    for action, body in ((ISSUE, wanted(site)), (SHOW, {"traceId": "0" * 32})):
        assert error_code(site.azure.arm("POST", action, json=body, headers=reader)) == (403, "AuthorizationFailed")


def test_errors_reach_the_sdk(site: Site) -> None:
    body = models.GatewayListDebugCredentialsContract(purposes=["tracing"], api_id="llm")
    with pytest.raises(HttpResponseError, match="incorrect values"):
        site.azure.sdk().gateway.list_debug_credentials(GROUP, SERVICE, "managed", body)


def test_old_traces_are_forgotten() -> None:
    tracing = Tracing()
    for number in range(CAPACITY + 1):
        tracing.keep(f"{number}", {"number": number})
    assert tracing.find("0") is None
    assert tracing.find("1") == {"number": 1}


@pytest.mark.parametrize(
    ("duration", "text"),
    [(0, "00:00:00"), (1.05, "00:00:01.0500000"), (3723.0000001, "01:02:03.0000001"), (60, "00:01:00")],
)
def test_time_spans(duration: float, text: str) -> None:
    assert time_span(duration) == text
