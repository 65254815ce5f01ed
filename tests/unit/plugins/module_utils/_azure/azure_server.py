# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small HTTPS server that plays scripted conversations with the client under test.

It knows nothing of Azure but a token endpoint and a metadata document: every other answer is written down in the test,
is given once and in order, and every request is recorded as it came over the wire.
"""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import trustme

TENANT = "11111111-1111-1111-1111-111111111111"
TOKEN = "header.payload.signature-of-a-token"
SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
S = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-hub/providers/Microsoft.ApiManagement/service/apim-hub"
BACKEND = f"{S}/backends/eastus"


def refused(code: str, message: str = "No.", **more: Any) -> dict[str, Any]:
    """Return ARM's error envelope."""
    return {"error": {"code": code, "message": message, "details": None, **more}}


@dataclass(frozen=True)
class Answer:
    """One scripted answer; ``drop`` closes the connection without a word, ``delay`` waits seconds before."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    drop: bool = False
    delay: float = 0.0

    def content(self) -> bytes:
        """Return the body: bytes as they are, text encoded, anything else as JSON."""
        if self.body is None:
            return b""
        if isinstance(self.body, bytes):
            return self.body
        return (self.body if isinstance(self.body, str) else json.dumps(self.body)).encode()


@dataclass(frozen=True)
class Request:
    """One request as it arrived."""

    method: str
    path: str
    query: dict[str, str]
    headers: Mapping[str, str]
    body: bytes
    at: float

    @property
    def json(self) -> Any:
        """The parsed body."""
        return json.loads(self.body)

    @property
    def form(self) -> dict[str, str]:
        """The body as a form."""
        return {name: values[0] for name, values in parse_qs(self.body.decode()).items()}


class AzureServer:
    """The server; use it as a context manager. ``url`` is its https address without a slash."""

    def __init__(self, authority: trustme.CA) -> None:
        self._script: defaultdict[tuple[str, str], list[Answer]] = defaultdict(list)
        self._lock = threading.Lock()
        self.requests: list[Request] = []
        self.unexpected: list[str] = []
        self.connections = 0
        self.httpd = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.httpd.daemon_threads = True
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("localhost").configure_cert(context)
        self.httpd.socket = context.wrap_socket(self.httpd.socket, server_side=True, do_handshake_on_connect=False)
        self.url = f"https://localhost:{self.httpd.server_port}"

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self.httpd.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self.httpd.shutdown()
        self.httpd.server_close()
        self._thread.join()

    def on(self, method: str, path: str, *answers: Answer) -> None:
        """Script the next answers to ``method`` on ``path`` (without query)."""
        self._script[method, path] += answers

    def serve_metadata(self) -> None:
        """Script the document that a client asks for when it knows only the URL."""
        authentication = {"loginEndpoint": self.url, "audiences": [self.url]}
        document = {"name": "TestCloud", "resourceManager": self.url, "authentication": authentication}
        self.on("GET", "/metadata/endpoints", Answer(body=document))

    def serve_openid(self) -> None:
        """Script the authority's description of itself, which MSAL asks for (azure-identity's own client does not)."""
        base = f"{self.url}/{TENANT}"
        openid = {
            "issuer": f"{base}/v2.0",
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            "token_endpoint": f"{base}/oauth2/v2.0/token",
        }
        self.on("GET", f"/{TENANT}/v2.0/.well-known/openid-configuration", Answer(body=openid))

    def serve_token(self, answer: Answer | None = None) -> None:
        """Script how the authority answers a service principal: with one token, unless told otherwise."""
        token = {"token_type": "Bearer", "expires_in": 3600, "access_token": TOKEN}
        self.on("POST", f"/{TENANT}/oauth2/v2.0/token", answer or Answer(body=token))

    def answer(self, request: Request) -> Answer:
        """Record a request and take the next answer to it."""
        with self._lock:
            self.requests.append(request)
            waiting = self._script[request.method, request.path]
            if waiting:
                return waiting.pop(0)
            self.unexpected.append(f"{request.method} {request.path}")
        return Answer(400, {"error": {"code": "NotScripted", "message": f"{request.method} {request.path}"}})

    def left_over(self) -> list[str]:
        """Name the answers that nobody came for."""
        return [f"{method} {path}" for (method, path), waiting in self._script.items() if waiting]

    @property
    def token_request(self) -> Request:
        """The one request for a token."""
        (request,) = [request for request in self.requests if request.path.endswith("/token")]
        return request

    def arm_requests(self) -> list[Request]:
        """Return the requests that went to ARM, without sign-in and metadata."""
        return [request for request in self.requests if request.path.startswith("/subscriptions")]


def _handler(server: AzureServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def setup(self) -> None:
            server.connections += 1
            super().setup()

        def handle(self) -> None:
            try:
                super().handle()
            except OSError:  # the client refused our certificate or went away, as some tests want it to
                self.close_connection = True

        def _serve(self) -> None:
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            request = Request(self.command, parts.path, query, dict(self.headers), body, time.monotonic())
            answer = server.answer(request)
            time.sleep(answer.delay)
            if answer.drop:
                self.close_connection = True
                return
            content = answer.content()
            self.send_response(answer.status)
            for name, value in {"Content-Type": "application/json", **answer.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_PUT = do_PATCH = do_DELETE = do_POST = _serve  # noqa: N815

        def log_message(self, *_arguments: object) -> None:
            """Keep the test's output quiet."""

    return Handler
