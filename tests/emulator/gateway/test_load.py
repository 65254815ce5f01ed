# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a chat request costs: gateway, policies with C#, and provider together."""

from __future__ import annotations

import asyncio
import json
from collections import Counter

import pytest

from tests.emulator.gateway.load import send_load
from tests.emulator.gateway.site import CHAT, ONCE_MORE, Site
from tests.emulator.harness import Azure, backend, breaker, pool
from tests.emulator.processor import processor_seconds, processor_units

pytestmark = pytest.mark.timed

REQUESTS = 500
ROUNDS = 3
UNITS_PER_REQUEST = 500

# The shape of a routing policy: model from the body, identity, path by model, pool, retry.
INBOUND = """
<set-variable name="model" value='@((string)context.Request.Body.As<JObject>(preserveContent: true)["model"])' />
<set-header name="api-key" exists-action="delete" />
<choose><when condition='@(((string)context.Variables["model"]).Equals("GPT-4o", StringComparison.OrdinalIgnoreCase))'>
<set-variable name="pool" value="p" /></when></choose>
<authentication-managed-identity resource="https://cognitiveservices.azure.com"
 client-id="22222222-2222-2222-2222-222222222222" />
<rewrite-uri template='@("/deployments/" + context.Variables["model"] + "/chat/completions?api-version=2024-10-21")' />
<set-backend-service backend-id='@((string)context.Variables["pool"])' />
<llm-emit-token-metric namespace="usage"><dimension name="Backend ID" /></llm-emit-token-metric>
"""
OUTBOUND = """<set-header name="x-model" exists-action="override">
<value>@((string)context.Variables["model"])</value></set-header>"""


def test_a_request_costs_no_more_than_some_hundred_bodies(azure: Azure) -> None:
    site = Site(azure)
    for name in ("a", "b"):
        site.put(f"backends/{name}", backend(url=f"https://{name}.openai.azure.com/openai", circuitBreaker=breaker()))
    site.put("backends/p", pool("a", "b"))
    site.policy(inbound=INBOUND, backend=ONCE_MORE.format(2, "false"), outbound=OUTBOUND)
    body = json.dumps({"model": "gpt-4o", "messages": [{"role": "user", "content": "word " * 200}]}).encode()
    headers = {"api-key": site.key, "Content-Type": "application/json"}

    def load() -> None:
        sent = send_load(site.url + CHAT, headers, body, requests=REQUESTS, connections=8, ca=azure.bundle)
        assert asyncio.run(sent) == Counter({200: REQUESTS})

    load()
    costs = [processor_units(lambda: processor_seconds(azure.pid), load) / REQUESTS for _ in range(ROUNDS)]
    assert min(costs) <= UNITS_PER_REQUEST, costs
    served = Counter(entry["backend"] for entry in site.log("gateway")[-REQUESTS:])
    assert served == {"a": REQUESTS / 2, "b": REQUESTS / 2}
