# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many questions at a time."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.client import ArmClient
from ansible_collections.citadel.ai_gateway.plugins.module_utils._probe.asking import Access, Asker
from ansible_collections.citadel.ai_gateway.plugins.module_utils._probe.gateway import GatewayClient
from ansible_collections.citadel.ai_gateway.plugins.module_utils._probe.tracing import Tracer
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.questions import (
    listing_questions,
    question,
    unknown_questions,
)

from tests.unit.plugins.module_utils._azure.azure_server import Answer, AzureServer, S
from tests.unit.plugins.module_utils._probe.gateway_server import GatewayServer, reply
from tests.unit.plugins.module_utils._validation.observed import API, AZURE

TRACED = {"traceEntries": {"backend": [{"source": "forward-request", "data": {"request": {"url": "https://a/b"}}}]}}


def test_a_key_is_never_shown() -> None:
    access = Access("the-key", {"an-api": "x-key"})
    assert "the-key" not in f"{access} {access!r} {[access]}"
    assert (access.header("an-api"), access.header("another")) == ({"x-key": "the-key"}, {"api-key": "the-key"})


@pytest.mark.parametrize("concurrency", [1, 8])
def test_answers_come_in_the_order_of_questions(
    arm: AzureServer, connect: Callable[..., ArmClient], client: GatewayClient, server: GatewayServer, concurrency: int
) -> None:
    arm.on("POST", f"{S}/gateways/managed/listDebugCredentials", *[Answer(body={"token": "t"})] * 2)
    arm.on("POST", f"{S}/gateways/managed/listTrace", *[Answer(body=TRACED)] * 12)
    server.on_any([0.01, reply('{"choices": [1]}', "202 Accepted", Apim_Trace_Id="42")])
    asker = Asker(client, Tracer(connect()), concurrency)
    questions = [question(API, f"model-{number}", "chat", {}) for number in range(10)]
    questions += [*listing_questions([AZURE]), *unknown_questions([API])]
    told: list[int] = []
    found = asker.ask_all(questions, Access("the-key", {API["name"]: "api-key", AZURE["name"]: "x-key"}), told.append)
    assert [seen.question for seen in found] == questions
    assert told == list(range(1, 13))
    assert asker.asked == 10
    assert all([attempt.url for attempt in seen.attempts or ()] == ["https://a/b"] for seen in found)
    keys = {(headers.get("api-key"), headers.get("x-key")) for _method, _path, headers, _body in server.requests}
    assert keys == {("the-key", None), (None, "the-key")}
