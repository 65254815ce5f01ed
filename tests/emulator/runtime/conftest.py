# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One engine for all tests here, and short ways to run a request through a policy."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from apim_emulator.runtime import (
    Answer,
    Call,
    Evaluation,
    Forward,
    ForwardError,
    PolicyEngine,
    Program,
    ScopedPolicy,
    Send,
    compose,
)

Reply = Answer | ForwardError
Evaluate = Callable[..., Evaluation]
Prepare = Callable[..., Program]


@dataclass
class ScriptedIo:
    """The gateway's side of one request: answers in the given order, the last one for good; keeps what was asked."""

    replies: list[Reply] = field(default_factory=lambda: [Answer(200, "OK", [], b"")])
    streams: Mapping[int, bytes] = field(default_factory=dict)
    forwards: list[Forward] = field(default_factory=list)
    sent: list[Send] = field(default_factory=list)
    tokens: list[tuple[str, str | None]] = field(default_factory=list)
    read_streams: list[int] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)

    async def forward(self, request: Forward) -> Answer:
        self.forwards.append(request)
        return self._next()

    async def send(self, request: Send) -> Answer:
        self.sent.append(request)
        return self._next()

    async def token(self, resource: str, client_id: str | None) -> str:
        self.tokens.append((resource, client_id))
        if client_id == "unknown":
            raise ForwardError("authentication-managed-identity", "IdentityNotFound", "There is no such identity.")
        return f"token-for-{resource}"

    async def read(self, stream: int) -> bytes:
        self.read_streams.append(stream)
        return self.streams[stream]

    def emit(self, event: dict[str, Any]) -> None:
        self.events.append(event)

    def _next(self) -> Answer:
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        if isinstance(reply, ForwardError):
            raise reply
        return reply


def policies(inbound: str = "", backend: str = "", outbound: str = "", on_error: str = "") -> str:
    """A policy document; a backend section forwards unless told otherwise."""
    return (
        f"<policies><inbound>{inbound}</inbound><backend>{backend or '<forward-request />'}</backend>"
        f"<outbound>{outbound}</outbound><on-error>{on_error}</on-error></policies>"
    )


def call(**changes: Any) -> Call:
    """A POST to an operation of API `chat`, with a key of a product unless the context says otherwise."""
    defaults: dict[str, Any] = {
        "context": {
            "Api": {"Id": "chat", "Name": "Chat"},
            "Operation": {"Id": "complete", "UrlTemplate": "/deployments/{deployment-id}/complete?a={a}"},
            "Product": {"Id": "gold", "Name": "Gold"},
            "Subscription": {"Id": "sub-1", "Key": "key"},
            "Deployment": {"ServiceId": "test", "Region": "West Europe", "GatewayId": "managed"},
            "MatchedParameters": {"deployment-id": "gpt-4o"},
            "IpAddress": "10.0.0.7",
        },
        "method": "POST",
        "url": "/deployments/gpt-4o/complete",
        "original_url": "https://gateway.test:8443/openai/deployments/gpt-4o/complete",
        "headers": [("Content-Type", "application/json"), ("X-Many", "a"), ("x-many", "b")],
        "body": b'{"model": "gpt-4o"}',
    }
    return Call(**(defaults | changes))


@pytest.fixture(scope="session")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """The event loop that the engine lives in."""
    with asyncio.Runner() as runner:
        yield runner.get_loop()


@pytest.fixture(scope="session")
def engine(loop: asyncio.AbstractEventLoop) -> Iterator[PolicyEngine]:
    """A started engine."""

    async def create() -> PolicyEngine:
        engine = PolicyEngine()
        await engine.start()
        return engine

    engine = loop.run_until_complete(create())
    yield engine
    loop.run_until_complete(engine.stop())


@pytest.fixture(scope="session")
def prepare(loop: asyncio.AbstractEventLoop, engine: PolicyEngine) -> Prepare:
    """Compile the joined policy of some documents; one string is the policy of an API."""

    def run(*scopes: str | ScopedPolicy, fragments: Mapping[str, str] | None = None, **named: str) -> Program:
        documents = [ScopedPolicy("api", "/apis/chat", each) if isinstance(each, str) else each for each in scopes]
        policy = compose(documents, fragments or {}, named)
        return loop.run_until_complete(engine.prepare(policy))

    return run


@pytest.fixture
def io() -> ScriptedIo:
    """A backend that answers with an empty 200."""
    return ScriptedIo()


@pytest.fixture
def evaluate(loop: asyncio.AbstractEventLoop, engine: PolicyEngine, prepare: Prepare, io: ScriptedIo) -> Evaluate:
    """Run one request through the policy of an API; keywords are sections, `call`, `variables` and `program`."""

    def run(
        *,
        call: Call = call(),  # noqa: B008 - nobody changes it
        variables: Mapping[str, Any] | None = None,
        program: Program | None = None,
        **sections: str,
    ) -> Evaluation:
        compiled = program or prepare(policies(**sections))
        return loop.run_until_complete(engine.evaluate(compiled, call, io, variables))

    return run


@pytest.fixture
def value(evaluate: Evaluate) -> Callable[..., Any]:
    """The value that an expression gives to a variable."""

    def run(expression: str, **options: Any) -> Any:
        options.setdefault("backend", "<return-response />")
        found = evaluate(inbound=f"<set-variable name='v' value='@({expression})' />", **options)
        assert found.outcome.error is None, found.outcome.error
        return found.variables["v"]

    return run
