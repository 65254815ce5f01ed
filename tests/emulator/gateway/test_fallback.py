# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A retry that goes elsewhere: another backend, another body, other headers, by what the backend before it answered."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.emulator.gateway.site import TO_BACKEND, Site
from tests.emulator.harness import Azure, backend, breaker, operation, pool

FIRST, SECOND, THIRD = "first.example", "second.example", "third.example"
AGAIN = (
    '<retry condition="@(context.Response == null || context.Response.StatusCode >= 400)" count="{}" interval="0"'
    ' first-fast-retry="true">{}<forward-request buffer-request-body="true" buffer-response="false" /></retry>'
)
COUNT = '<set-variable name="attempt" value="@(context.Variables.GetValueOrDefault<int>("attempt", 0) + 1)" />'
LATER = f'{COUNT}<choose><when condition="@((int)context.Variables["attempt"] > 1)">{{}}</when></choose>'
# Only the top-level model changes; numbers that look like dates, and spaces, stay as the client wrote them.
OTHER_MODEL = (
    '<set-body>@(context.Request.Body.As<string>(preserveContent: true).Replace("\\"m\\"", "\\"other\\""))</set-body>'
)


@pytest.fixture
def site(azure: Azure) -> Site:
    """Two backends outside Azure; requests go to the first."""
    site = Site(azure)
    for name, host in (("one", FIRST), ("two", SECOND)):
        azure.admin("DELETE", f"providers/{host}")
        site.backend(name, host)
    return site


def aside(site: Site, policies: str, retries: int = 1) -> None:
    """Let requests begin at backend `one`, and run policies before each further attempt."""
    site.policy(inbound=TO_BACKEND.format("one"), backend=AGAIN.format(retries, LATER.format(policies)))


def bodies(site: Site) -> list[dict[str, Any]]:
    return [json.loads(entry["body"]) for entry in site.log("provider")]


def hosts(site: Site) -> list[str]:
    return [entry["host"] for entry in site.log("provider")]


def test_the_retry_sends_the_new_body_to_the_new_backend(site: Site) -> None:
    aside(
        site,
        TO_BACKEND.format("two")
        + OTHER_MODEL
        + '<set-header name="x-hop" exists-action="override"><value>2</value></set-header>'
        + '<set-query-parameter name="api-version" exists-action="override"><value>v2</value></set-query-parameter>'
        + '<set-query-parameter name="gone" exists-action="delete" />',
    )
    site.provider(FIRST, status=429)
    assert (
        site.ask("/models/chat/completions?gone=1&kept=a%2Fb", body={"user": "2024-01-01T00:00:00"}).json()["model"]
        == "other"
    )
    first, second = site.log("provider")
    assert (first["host"], second["host"]) == (FIRST, SECOND)
    assert [body["model"] for body in bodies(site)] == ["m", "other"]
    assert bodies(site)[1]["user"] == "2024-01-01T00:00:00"
    assert second["headers"]["x-hop"] == "2"
    assert "x-hop" not in first["headers"]
    assert second["url"] == f"https://{SECOND}/v1/chat/completions?kept=a%2Fb&api-version=v2"
    assert first["url"].endswith("?gone=1&kept=a%2Fb")


def test_a_stream_of_the_second_backend_stays_a_stream(site: Site) -> None:
    aside(site, TO_BACKEND.format("two") + OTHER_MODEL)
    site.provider(FIRST, status=503)
    site.provider(SECOND, token_delay_ms=20)
    response = site.ask(body={"stream": True}, stream=True)
    pieces = [piece for piece in response.iter_content(None) if piece]
    assert len(pieces) > 3
    assert pieces[-1].endswith(b"data: [DONE]\n\n")
    assert b'"model":"other"' in pieces[0]


@pytest.mark.parametrize(("code", "expected"), [("model_not_found", 200), ("other_code", 404)])
def test_the_condition_may_read_the_body_of_the_answer(site: Site, code: str, expected: int) -> None:
    read = '(string)context.Response.Body.As<JObject>(preserveContent: true)["error"]["code"]'
    seen = f'<set-variable name="seen" value="@({read})" />'
    retry = AGAIN.format(1, LATER.format(seen + TO_BACKEND.format("two"))).replace(
        "context.Response.StatusCode >= 400",
        f'(context.Response.StatusCode == 404 && {read} == "{code}")',
    )
    shown = (
        '<set-header name="x-seen"><value>@(context.Variables.GetValueOrDefault<string>("seen", ""))</value>'
        "</set-header>"
    )
    site.policy(inbound=TO_BACKEND.format("one"), backend=retry, outbound=shown)
    site.provider(FIRST, deployments=["none of yours"])
    answer = site.ask()
    assert answer.status_code == expected
    if expected == 200:
        assert (answer.headers["x-seen"], hosts(site)) == ("model_not_found", [FIRST, SECOND])
    else:
        # What the condition has read is still the client's.
        assert answer.json()["error"]["code"] == "model_not_found"


@pytest.mark.parametrize("preserve", ["true", "false"])
def test_the_next_attempt_may_read_the_answer_before_it(site: Site, preserve: str) -> None:
    read = f"context.Response.Body.As<string>(preserveContent: {preserve}).Length"
    aside(site, f'<set-variable name="length" value="@({read})" />{OTHER_MODEL}' + TO_BACKEND.format("two"))
    site.provider(FIRST, status=503)
    streamed = site.ask(body={"stream": True}, stream=True)
    assert b'"model":"other"' in b"".join(streamed.iter_content(None))
    assert hosts(site) == [FIRST, SECOND]


def test_a_search_goes_on_until_a_backend_has_the_object(site: Site) -> None:
    """A retry on 404 alone finds what one of several backends keeps, and leaves any other answer to the client."""
    site.put("apis/llm/operations/response", operation(method="GET", urlTemplate="/responses/*"))
    search = AGAIN.format(1, LATER.format(TO_BACKEND.format("two"))).replace(">= 400", "== 404")
    site.policy(inbound=TO_BACKEND.format("one"), backend=search)
    seed = {"kind": "responses", "object": {"id": "resp_1"}}
    assert site.azure.admin("POST", f"providers/{SECOND}/objects", json=seed).status_code == 201
    assert site.ask("/models/responses/resp_1", "GET").json()["id"] == "resp_1"
    assert hosts(site) == [FIRST, SECOND]
    items = site.ask("/models/responses/resp_1/input_items", "GET").json()
    assert items["data"][0]["content"] == [{"type": "input_text", "text": "Hello!"}]
    missing = site.ask("/models/responses/resp_2", "GET")
    assert (missing.status_code, missing.json()["error"]["type"]) == (404, "invalid_request_error")
    site.provider(FIRST, status=500)
    assert site.ask("/models/responses/resp_1", "GET").status_code == 500


def test_an_open_breaker_in_a_retry_gives_way_to_another_backend(site: Site) -> None:
    site.put("backends/one", backend(url=f"https://{FIRST}/v1", circuitBreaker=breaker(count=1)))
    aside(site, TO_BACKEND.format("two"))
    site.provider(FIRST, api_keys=[], status=429, retry_after=60)
    assert site.ask().status_code == 200
    assert hosts(site) == [FIRST, SECOND]
    site.azure.admin("DELETE", "requests")
    assert site.ask().status_code == 200
    (entry,) = site.log("gateway")
    # The gateway itself refused the first attempt: no provider saw it.
    assert [attempt["backend"] for attempt in entry["attempts"]] == ["two"]
    assert hosts(site) == [SECOND]


def test_an_exhausted_pool_in_a_retry_is_a_503_that_policies_see(site: Site) -> None:
    for name, host in (("one", FIRST), ("two", SECOND)):
        site.put(f"backends/{name}", backend(url=f"https://{host}/v1", circuitBreaker=breaker(count=1)))
        site.provider(host, api_keys=[], status=429, retry_after=30)
    site.put("backends/p", pool("one", "two"))
    site.backend("three", THIRD)
    note = '<set-variable name="seen" value="@(context.Response.StatusCode)" />'
    away = f'{note}<choose><when condition="@(context.Response.StatusCode == 503)">{TO_BACKEND.format("three")}</when>'
    shown = '<set-header name="x-seen"><value>@(context.Variables["seen"].ToString())</value></set-header>'
    site.policy(
        inbound=TO_BACKEND.format("p"),
        backend=AGAIN.format(3, LATER.format(f"{away}</choose>")),
        outbound=shown,
    )
    answer = site.ask()
    assert (answer.status_code, answer.headers["x-seen"]) == (200, "503")
    assert sorted(hosts(site)[:2]) == [FIRST, SECOND]
    assert hosts(site)[2:] == [THIRD]


def test_a_choose_in_the_backend_section_may_answer(site: Site) -> None:
    refuse = '<return-response><set-status code="403" reason="No" /><set-body>no</set-body></return-response>'
    site.policy(
        inbound=TO_BACKEND.format("one"),
        backend=f'<choose><when condition="@(context.Request.Headers.ContainsKey("x-no"))">{refuse}</when>'
        f"<otherwise>{AGAIN.format(1, '')}</otherwise></choose>",
        outbound='<set-header name="x-out"><value>1</value></set-header>',
    )
    refused = site.ask(headers={"api-key": site.key, "x-no": "1"})
    assert (refused.status_code, refused.text, "x-out" in refused.headers) == (403, "no", False)
    assert site.log("provider") == []
    assert site.ask().headers["x-out"] == "1"
    aside(site, refuse)
    site.provider(FIRST, status=500)
    assert (site.ask().status_code, len(site.log("provider"))) == (403, 2)


@pytest.mark.parametrize("count", [0, 51])
def test_a_number_of_retries_that_is_out_of_range_is_an_error(site: Site, count: int) -> None:
    number = f'@(int.Parse(context.Request.Headers.GetValueOrDefault("x-count", "{count}")))'
    site.policy(inbound=TO_BACKEND.format("one"), backend=AGAIN.format(number, ""))
    refused = site.ask()
    assert refused.status_code == 500
    assert site.log("gateway")[-1]["error"]["Source"] == "retry"
    assert site.log("provider") == []
    assert site.ask(headers={"api-key": site.key, "x-count": "50"}).status_code == 200
