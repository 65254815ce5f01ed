# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What reaches a provider, and what of its answers and failures comes back."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import orjson
import pytest
from apim_emulator.certificates import Authority
from apim_emulator.gateway.backends import BackendUnavailable
from apim_emulator.gateway.client import ProviderClient
from apim_emulator.gateway.exchange import Exchange
from apim_emulator.runtime import Answer, Forward, ForwardError, Send

from tests.emulator.gateway.conftest import Rig
from tests.emulator.gateway.views import backend, breaker, pool

HOST = "models.example"
CHAT = "/chat/completions"
BODY = orjson.dumps({"model": "m", "messages": [{"role": "user", "content": "Hi"}]})
KEY = {"header": {"Authorization": ["Bearer {{provider-key}}"]}}


def forward(path: str = CHAT, backend_id: str | None = "a", **changes: Any) -> Forward:
    request = Forward(
        method="POST",
        path_and_query=path,
        headers=[("Content-Type", "application/json")],
        body=BODY,
        backend_id=backend_id,
        base_url=None,
        timeout=10,
        follow_redirects=False,
        buffer_response=True,
    )
    for name, value in changes.items():
        setattr(request, name, value)
    return request


async def complete(exchange: Exchange, request: Forward) -> tuple[Answer, bytes]:
    answer = await exchange.forward(request)
    assert answer.stream is not None
    return answer, await exchange.read(answer.stream)


def external(name: str = "a", host: str = HOST, **changes: Any) -> Any:
    return backend(name, f"https://{host}/v1/", credentials=KEY, **changes)


def test_url_headers_and_credentials(rig: Rig) -> None:
    rig.provider(HOST, api_keys=["right"])
    credentials = {**KEY, "query": {"sv": ["a", "b c"], "api-version": ["2"]}}
    exchange = rig.exchange(backend("a", f"https://{HOST}/v1/?fixed=1", credentials=credentials), provider_key="right")
    headers = [
        ("Content-Type", "application/json"),
        ("authorization", "Bearer of-the-client"),
        ("X-Trace", "kept"),
        ("Connection", "x-hop"),
        ("X-Hop", "gone"),
        ("Transfer-Encoding", "chunked"),
        ("Host", "gateway.example"),
        ("Content-Length", "3"),
    ]
    answer, body = rig.run(complete(exchange, forward(f"{CHAT}?api-version=1&x=%2F", headers=headers)))
    assert (answer.status, answer.backend_id) == (200, "a")
    assert orjson.loads(body)["object"] == "chat.completion"
    (got,) = rig.received()
    assert got["url"] == f"https://{HOST}/v1/chat/completions?fixed=1&x=%2F&sv=a&sv=b%20c&api-version=2"
    assert orjson.loads(got["body"]) == orjson.loads(BODY)
    names = {name.lower() for name in got["headers"]}
    assert names == {"host", "content-type", "content-length", "x-trace", "authorization"}
    assert got["headers"]["Host"] == HOST


def test_authorization_of_a_backend(rig: Rig) -> None:
    rig.provider(HOST, api_keys=["right"])
    credentials = {"authorization": {"scheme": "Bearer", "parameter": "{{provider-key}}"}}
    exchange = rig.exchange(backend("a", f"https://{HOST}/v1", credentials=credentials), provider_key="right")
    assert rig.run(complete(exchange, forward()))[0].status == 200


def test_without_a_backend_the_base_url_or_the_api_decides(rig: Rig) -> None:
    rig.provider(HOST)
    exchange = rig.exchange()
    answer, _ = rig.run(complete(exchange, forward(backend_id=None, base_url=f"http://{HOST}/v1")))
    assert answer.status == 200
    assert rig.received()[0]["url"] == f"http://{HOST}/v1/chat/completions"
    with pytest.raises(ForwardError, match="has no backend"):
        rig.run(exchange.forward(forward(backend_id=None)))


@pytest.mark.parametrize(
    "url",
    [
        "https://elsewhere.example",
        "https://127.0.0.1:1",
        "http://localhost",
        "https://169.254.169.254",
        "ftp://x",
        "//",
    ],
)
def test_nothing_goes_to_the_network(rig: Rig, url: str) -> None:
    exchange = rig.exchange()
    with pytest.raises(ForwardError) as refused:
        rig.run(exchange.forward(forward(backend_id=None, base_url=url)))
    assert (refused.value.reason, refused.value.status) == ("BackendConnectionFailure", None)
    assert "no provider" in str(refused.value)
    (attempt,) = exchange.attempts
    assert attempt.error is not None
    assert "no provider" in attempt.error


@pytest.mark.parametrize(
    ("behaviour", "reason"), [({"refuse": True}, "BackendConnectionFailure"), ({"latency_ms": 2000}, "Timeout")]
)
def test_transport_failures(rig: Rig, behaviour: dict[str, Any], reason: str) -> None:
    rig.provider(HOST, **behaviour)
    exchange = rig.exchange(external(breaker=breaker()), provider_key="k")
    started = time.monotonic()
    for _ in range(4):
        with pytest.raises(ForwardError) as failure:
            rig.run(exchange.forward(forward(timeout=0.1)))
        assert (failure.value.source, failure.value.reason) == ("forward-request", reason)
    assert time.monotonic() - started < 7, "four times two seconds is what the backend takes"
    guarding = rig.backends.breaker(external())
    assert guarding is not None
    assert not guarding.is_open(), "without a status nothing counts"


def test_a_backend_that_fails_gives_way_and_comes_back(rig: Rig) -> None:
    rig.provider("one.example", status=429, retry_after=1, times=3)
    rig.provider("two.example", api_keys=["k"])
    members = external("a", "one.example", breaker=breaker()), external("b", "two.example", breaker=breaker())
    views = (*members, pool("p", ("a", 1, 100), ("b", 2, 100)))
    exchange = rig.exchange(*views, provider_key="k")
    served = [rig.run(complete(exchange, forward(backend_id="p")))[0] for _ in range(5)]
    assert [(answer.backend_id, answer.status) for answer in served] == [("a", 429)] * 3 + [("b", 200)] * 2
    time.sleep(1.05)
    rig.provider("one.example", api_keys=["k"])
    assert rig.run(complete(exchange, forward(backend_id="p")))[0].backend_id == "a"


def test_exhausted_pool_tells_what_the_request_was_told(rig: Rig) -> None:
    rig.provider(HOST, status=429, retry_after=17)
    views = external(breaker=breaker(condition={"count": 1})), pool("p", ("a", 1, 100))
    exchange = rig.exchange(*views, provider_key="k")
    assert rig.run(exchange.forward(forward(backend_id="p"))).status == 429
    with pytest.raises(BackendUnavailable) as exhausted:
        rig.run(exchange.forward(forward(backend_id="p")))
    assert (exhausted.value.status, exhausted.value.headers) == (503, [("Retry-After", "17")])
    with pytest.raises(BackendUnavailable) as later:
        rig.run(rig.exchange(*views, provider_key="k").forward(forward(backend_id="p")))
    assert later.value.headers == []
    assert len(rig.received()) == 1


def test_certificates_are_checked_as_the_backend_says(rig: Rig) -> None:
    rig.provider(HOST)
    unchecked = {"validateCertificateChain": False}
    views = backend("strict", f"https://{HOST}/v1"), backend("lax", f"https://{HOST}/v1", tls=unchecked)

    async def through_a_client_that_trusts_nobody_here(backend_id: str) -> int:
        client = ProviderClient(rig.providers, Authority().certificate_pem())
        client.open()
        exchange = rig.exchange(*views)
        exchange.client = client
        try:
            return (await exchange.forward(forward(backend_id=backend_id))).status
        finally:
            exchange.close()
            await client.close()

    with pytest.raises(ForwardError, match="certificate"):
        rig.run(through_a_client_that_trusts_nobody_here("strict"))
    assert rig.run(through_a_client_that_trusts_nobody_here("lax")) == 200


def test_a_body_that_breaks_off(rig: Rig) -> None:
    rig.provider(HOST, api_keys=["k"], cut_after=1)
    exchange = rig.exchange(external(), provider_key="k")
    with pytest.raises(ForwardError) as broken:
        rig.run(complete(exchange, forward()))
    assert broken.value.reason == "BackendConnectionFailure"


def test_closing_ends_what_is_under_way(rig: Rig) -> None:
    rig.provider(HOST, api_keys=["k"], latency_ms=5000)
    exchange = rig.exchange(external(), provider_key="k")

    async def give_up() -> float:
        started = time.monotonic()
        call = asyncio.create_task(exchange.forward(forward()))
        await asyncio.sleep(0.1)
        exchange.close()
        with pytest.raises(asyncio.CancelledError):
            await call
        return time.monotonic() - started

    assert rig.run(give_up()) < 4


def test_requests_of_policies_themselves(rig: Rig) -> None:
    rig.provider(HOST)
    exchange = rig.exchange()
    answer = rig.run(exchange.send(Send("GET", f"https://{HOST}/v1/models", [], None, 5)))
    assert answer.status == 200
    with pytest.raises(ForwardError) as refused:
        rig.run(exchange.send(Send("GET", "https://login.microsoftonline.com/", [], None, 5)))
    assert refused.value.source == "send-request"


def test_a_preflight_reaches_no_backend(rig: Rig) -> None:
    exchange = rig.exchange(external(), provider_key="k")
    exchange.forwards = False
    with pytest.raises(ForwardError):
        rig.run(exchange.forward(forward()))
    assert rig.received() == []
