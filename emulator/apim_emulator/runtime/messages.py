# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the policy engine and the gateway hand each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

Headers = list[tuple[str, str]]
"""Header fields in the order of the wire, one entry per field line."""


@dataclass
class Call:
    """A request as it reaches the policies: its API, operation and key are known.

    context: JSON for `context`, every member optional, in the spelling of the policy expressions reference: RequestId,
    Timestamp (ISO 8601), Api {Id, Name, Path, Protocols, ServiceUrl (text), IsCurrentRevision, Revision, Version,
    SubscriptionKeyParameterNames {Header, Query}}, Operation {Id, Method, Name, UrlTemplate}, Product {Id, Name, State,
    ApprovalRequired, SubscriptionRequired, SubscriptionLimit, Groups [{Id, Name}]}, Subscription {Id, Name, Key,
    PrimaryKey, SecondaryKey, CreatedDate, StartDate, EndDate}, User {Id, Email, FirstName, LastName, Note, Groups},
    Deployment {Region, ServiceName, ServiceId, GatewayId}, MatchedParameters {name: value}, IpAddress. What is absent
    or null is null for the policies (Product, Subscription and User without a key or a product).
    url: path and query below the API's suffix, with a leading slash, as the backend is to see it.
    original_url: the absolute URL that the client asked for.
    body: None when the request has none.
    refusal: why the gateway does not let the request in (no operation, no key). Only `on-error` runs then.
    """

    context: dict[str, Any]
    method: str
    url: str
    original_url: str
    headers: Headers
    body: bytes | None
    refusal: ForwardError | None = None


@dataclass
class Forward:
    """What `forward-request` asks for.

    backend_id, base_url: as set-backend-service left them, at most one of them; without either the API's service URL.
    path_and_query: what follows that base, with a leading slash. timeout: seconds to the response's headers.
    buffer_response: False when the policy wants the body to pass as it comes.
    """

    method: str
    path_and_query: str
    headers: Headers
    body: bytes | None
    backend_id: str | None
    base_url: str | None
    timeout: float
    follow_redirects: bool
    buffer_response: bool


@dataclass
class Send:
    """What `send-request` asks for; timeout in seconds."""

    method: str
    url: str
    headers: Headers
    body: bytes | None
    timeout: float


@dataclass
class Answer:
    """A response: its body, or the number of the stream that holds it on the gateway's side, or neither.

    backend_id: the single backend that answered (a pool's chosen member), for metrics.
    """

    status: int
    reason: str
    headers: Headers
    body: bytes | None = None
    stream: int | None = None
    backend_id: str | None = None


class ForwardError(Exception):
    """No response came from a backend.

    source, reason, message: of context.LastError. status: None for a transport failure, which leaves context.Response
    null inside `retry`; a number (503 for an open breaker or an exhausted pool) is that of context.Response, and
    headers are its headers.
    """

    def __init__(
        self, source: str, reason: str, message: str, status: int | None = None, headers: Headers | None = None
    ) -> None:
        super().__init__(message)
        self.source = source
        self.reason = reason
        self.message = message
        self.status = status
        self.headers = headers or []


class GatewayIo(Protocol):
    """What the engine needs done for one request. Each method may be called more than once, also at the same time."""

    async def forward(self, request: Forward) -> Answer:
        """Send the request to its backend. Raises ForwardError. A stream of an earlier answer is then abandoned."""

    async def send(self, request: Send) -> Answer:
        """Send a request of a policy's own. Raises ForwardError."""

    async def token(self, resource: str, client_id: str | None) -> str:
        """An access token of the service's managed identity: the system-assigned one, or the one with this client id.

        Raises ForwardError when there is none.
        """

    async def read(self, stream: int) -> bytes:
        """The whole body of a stream, which is over then. Raises ForwardError when it breaks."""

    def emit(self, event: dict[str, Any]) -> None:
        """Take note of a metric or a trace, see `engine`."""


class BodyWatcher(Protocol):
    """Counts the tokens of a response that passes as a stream."""

    def feed(self, chunk: bytes) -> None:
        """Look at the next bytes sent to the client."""

    def close(self) -> None:
        """The body is complete, or broke off: account for what passed."""


@dataclass
class Outcome:
    """What the client gets.

    Either body or stream, or neither. watcher: must see the stream's bytes, when not None.
    error: context.LastError as JSON when an error ended the pipeline and no `return-response` answered it. The status
    and the body are complete then as well ({"statusCode", "message"}, and "activityId" for a 500).
    """

    status: int
    reason: str
    headers: Headers
    body: bytes | None = None
    stream: int | None = None
    error: dict[str, Any] | None = None
    watcher: BodyWatcher | None = None
