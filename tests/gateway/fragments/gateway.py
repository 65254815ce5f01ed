# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sends requests through rendered fragments, in the Mono process that runs the gateway's policies."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlencode

from apim_emulator.runtime import (
    Answer,
    Call,
    Evaluation,
    Forward,
    PolicyEngine,
    Program,
    ScopedPolicy,
    Send,
    compose,
)

UAMI_CLIENT_ID = "22222222-2222-2222-2222-222222222222"
# The order of an API policy's inbound section.
INBOUND = (
    "set-llm-requested-model",
    "set-backend-pools",
    "set-target-backend-pool",
    "set-backend-authorization",
    "set-llm-usage",
)
# As a hub has it: tries again as long as that may help, and knows nothing of chains but the fragment.
_BACKEND_SECTION = """
    <backend>
        <retry condition="@(context.Response.StatusCode == 404 || context.Response.StatusCode == 429)" count="50"
                interval="0" first-fast-retry="true">
            <include-fragment fragment-id="set-fallback-backend" />
            <forward-request buffer-request-body="true" />
        </retry>
    </backend>"""
_GATEWAY_URL = "https://gateway.example/llm"
# Where this API's clients put their subscription key; no other API does.
_KEY_NAMES = {"Header": "X-Hub-Key", "Query": "hub-key"}


class Result(NamedTuple):
    """What became of a request.

    :ivar response: status, reason, headers and body (text) when a fragment answered, else None.
    :ivar sent: path, query, headers, body, backend and metric of the request as the policies left it.
    :ivar attempts: backend, path with query, token (None without) and body of each request that was forwarded; the
        body as JSON, None when it is none.
    """

    response: dict[str, Any] | None
    sent: dict[str, Any]
    variables: dict[str, Any]
    attempts: list[dict[str, Any]]

    @property
    def error(self) -> dict[str, Any]:
        """The error object of the fragment's JSON answer."""
        assert self.response is not None
        assert self.response["headers"]["Content-Type"] == "application/json"
        error: dict[str, Any] = json.loads(self.response["body"])["error"]
        return error

    @property
    def target(self) -> tuple[str, str]:
        """The chosen pool or backend and its type."""
        return self.variables["targetBackendPool"], self.variables["targetPoolType"]


class _Backend:
    """The gateway's side of one request: backends answer what they are told to, and a token tells what it is for."""

    def __init__(self, answers: Iterable[int]) -> None:
        self._answers = iter(answers)
        self.forwarded: list[Forward] = []
        self.events: list[dict[str, Any]] = []

    async def forward(self, request: Forward) -> Answer:
        self.forwarded.append(request)
        return Answer(next(self._answers), "", [], b"")

    async def send(self, request: Send) -> Answer:
        raise AssertionError(f"a fragment sent a request of its own to {request.url}")

    async def token(self, resource: str, client_id: str | None) -> str:
        return f"token of {client_id} for {resource}"

    async def read(self, stream: int) -> bytes:
        raise AssertionError(f"nothing streams here, but stream {stream} was read")

    def emit(self, event: dict[str, Any]) -> None:
        self.events.append(event)


class Host:
    """A policy engine with the fragments of several plans."""

    def __init__(self, plans: Mapping[str, Mapping[str, str]]) -> None:
        """Start the engine.

        :param plans: name of the plan -> fragment id -> rendered text.
        :raises ToolchainMissing: naming the Debian packages when a part of Mono is missing.
        """
        self._plans = plans
        self._programs: dict[tuple[str, tuple[ScopedPolicy, ...]], Program] = {}
        self._engine = PolicyEngine()
        self._runner = asyncio.Runner()
        self._runner.run(self._engine.start())

    def stop(self) -> None:
        """End the engine."""
        self._runner.run(self._engine.stop())
        self._runner.close()

    def evaluate(
        self,
        plan: str,
        policies: tuple[ScopedPolicy, ...],
        call: Call,
        variables: Mapping[str, Any],
        answers: Iterable[int],
    ) -> tuple[Evaluation, _Backend]:
        """Run a request through policies that include fragments of a plan.

        :param answers: the statuses of its attempts.
        """
        backend = _Backend(answers)
        program = self._program(plan, policies)
        return self._runner.run(self._engine.evaluate(program, call, backend, variables)), backend

    def _program(self, plan: str, policies: tuple[ScopedPolicy, ...]) -> Program:
        """Return the compiled policy of an API or an operation."""
        key = plan, policies
        if key not in self._programs:
            joined = compose(policies, self._plans[plan], {"uami-client-id": UAMI_CLIENT_ID})
            self._programs[key] = self._runner.run(self._engine.prepare(joined))
        return self._programs[key]


def including(fragments: Iterable[str]) -> tuple[ScopedPolicy, ...]:
    """Return the policy of an API that includes fragments in its inbound section, in this order."""
    includes = "".join(f'<include-fragment fragment-id="{name}" />' for name in fragments)
    policy = f"<policies><inbound>{includes}</inbound>{_BACKEND_SECTION}<outbound /><on-error /></policies>"
    return (ScopedPolicy("api", "/apis/llm", policy),)


class Gateway:
    """The fragments of one plan."""

    def __init__(self, host: Host, plan: str) -> None:
        """Speak of the fragments that ``host`` runs under the name ``plan``."""
        self._host = host
        self._plan = plan

    def send(
        self,
        path: str = "/chat/completions",
        *,
        model: Any = None,
        body: str | None = None,
        method: str = "POST",
        fragments: Iterable[str] = INBOUND,
        policies: tuple[ScopedPolicy, ...] | None = None,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        parameters: Mapping[str, str] | None = None,
        variables: Mapping[str, Any] | None = None,
        product: str | None = None,
        answers: Iterable[int] = (200,),
    ) -> Result:
        """Send a request through fragments, or through ``policies`` that include them.

        :param model: makes a JSON body with this model, unless ``body`` is given.
        :param parameters: what the path's template matched.
        :param variables: what earlier policies set.
        :param answers: the statuses of the attempts; one of 404 or 429 is followed by another attempt.
        """
        if body is None and model is not None:
            body = json.dumps({"model": model, "messages": [{"role": "user", "content": "2026-01-02T03:04:05+06:00"}]})
        path = path.replace("?", "%3F")  # what is here is a part of the path
        url = f"{path}?{urlencode(query)}" if query else path
        context: dict[str, Any] = {
            "MatchedParameters": dict(parameters or {}),
            "Api": {"Id": "llm", "SubscriptionKeyParameterNames": _KEY_NAMES},
            "Product": {"Name": product} if product else None,
            "Operation": {"Id": "operation"},
            "Subscription": {"Id": "client", "Key": "client"},
        }
        call = Call(
            context=context,
            method=method,
            url=url,
            original_url=_GATEWAY_URL + url,
            headers=list((headers or {}).items()),
            body=None if body is None else body.encode("utf-8", "surrogatepass"),
        )
        evaluation, backend = self._host.evaluate(
            self._plan, policies or including(fragments), call, variables or {}, answers
        )
        assert evaluation.outcome.error is None, evaluation.outcome.error
        return Result(
            None if backend.forwarded else _answer(evaluation),
            _request(evaluation, backend),
            evaluation.variables,
            [_attempt(each) for each in backend.forwarded],
        )


def _answer(evaluation: Evaluation) -> dict[str, Any]:
    outcome = evaluation.outcome
    body = (outcome.body or b"").decode()
    return {"status": outcome.status, "reason": outcome.reason, "headers": dict(outcome.headers), "body": body}


def _attempt(request: Forward) -> dict[str, Any]:
    headers = dict(request.headers)
    token = headers.get("Authorization", "").removeprefix("Bearer ")
    try:
        body = json.loads(request.body or "null")
    except ValueError:
        body = None
    return {
        "backend": request.backend_id,
        "path": request.path_and_query,
        "token": token.rpartition(" for ")[2] or None,
        "body": body,
    }


def _request(evaluation: Evaluation, backend: _Backend) -> dict[str, Any]:
    """Return the request as the policies left it; ``backend`` and ``metric`` only when a policy set them."""
    state = evaluation.state
    path, _, query = state["pathAndQuery"].partition("?")
    headers: dict[str, list[str]] = {}
    for name, value in state["headers"]:
        headers.setdefault(name, []).append(value)
    sent: dict[str, Any] = {
        "path": path,
        "query": parse_qs(query, keep_blank_values=True),
        "headers": headers,
        "body": None if state["body"] is None else base64.b64decode(state["body"]).decode("utf-8", "surrogatepass"),
    }
    if state["backendId"]:
        sent["backend"] = state["backendId"]
    if backend.events:
        sent["metric"] = backend.events[-1]
    return sent
