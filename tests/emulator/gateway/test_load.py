# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a chat request costs: gateway, policies with C#, and provider together."""

from __future__ import annotations

import asyncio
import json
from collections import Counter

from tests.emulator.gateway.load import Load, processor_seconds, send_load
from tests.emulator.gateway.site import CHAT, ONCE_MORE, Site
from tests.emulator.harness import Azure, backend, breaker, pool

REQUESTS = 1000
PER_CORE_SECOND = 300

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


def test_requests_per_second_of_one_core(azure: Azure) -> None:
    site = Site(azure)
    for name in ("a", "b"):
        site.put(f"backends/{name}", backend(url=f"https://{name}.openai.azure.com/openai", circuitBreaker=breaker()))
    site.put("backends/p", pool("a", "b"))
    site.policy(inbound=INBOUND, backend=ONCE_MORE.format(2, "false"), outbound=OUTBOUND)
    body = json.dumps({"model": "gpt-4o", "messages": [{"role": "user", "content": "word " * 200}]}).encode()
    headers = {"api-key": site.key, "Content-Type": "application/json"}

    def load(requests: int) -> Load:
        work = send_load(site.url + CHAT, headers, body, requests=requests, connections=8, ca=azure.bundle)
        return asyncio.run(work)

    load(100)
    before = processor_seconds(azure.pid)
    result = load(REQUESTS)
    used = processor_seconds(azure.pid) - before
    assert result.statuses == Counter({200: REQUESTS})
    assert REQUESTS / used > PER_CORE_SECOND, f"{used / REQUESTS * 1000:.2f} ms of processor time per request"
    assert Counter(entry["backend"] for entry in site.log("gateway")[-REQUESTS:]) == {"a": 500, "b": 500}
