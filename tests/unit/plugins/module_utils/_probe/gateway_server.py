# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small HTTPS server that answers with the bytes that a test wrote down, and may go away in the middle of them."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

import trustme


def reply(body: str = "{}", status: str = "200 OK", kind: str = "application/json", **headers: str) -> bytes:
    """Return a whole answer, as it goes over the wire; underscores in names of headers stand for hyphens."""
    content = body.encode()
    fields = {"Content-Type": kind, "Content-Length": str(len(content)), "Connection": "close", **headers}
    lines = [f"HTTP/1.1 {status}", *(f"{name.replace('_', '-')}: {value}" for name, value in fields.items())]
    return "\r\n".join([*lines, "", ""]).encode() + content


def stream_head() -> bytes:
    """Return the head of a stream in chunks."""
    fields = ("Content-Type: text/event-stream; charset=utf-8", "Transfer-Encoding: chunked", "Connection: close")
    return "\r\n".join(["HTTP/1.1 200 OK", *fields, "", ""]).encode()


def chunk(text: str) -> bytes:
    """Return a piece of a stream; an empty one ends it."""
    return f"{len(text.encode()):x}\r\n{text}\r\n".encode()


class GatewayServer:
    """The server; use it as a context manager. Each request gets the pieces of ``answer``, then the connection ends.

    A number among the pieces is a pause in seconds. ``requests`` holds method, path and headers of what came.
    """

    def __init__(self, authority: trustme.CA) -> None:
        self.answer: list[bytes | float] = [reply()]
        self._first: list[list[bytes | float]] = []
        self._lock = threading.Lock()
        self.requests: list[tuple[str, str, dict[str, str], bytes]] = []
        self._httpd = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._httpd.daemon_threads = True
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("localhost").configure_cert(context)
        self._httpd.socket = context.wrap_socket(self._httpd.socket, server_side=True, do_handshake_on_connect=False)
        self.url = f"https://localhost:{self._httpd.server_port}"

    def on_any(self, pieces: Iterable[bytes | float]) -> None:
        """Answer every request with these pieces."""
        self.answer = list(pieces)

    def on_first(self, *answers: bytes) -> None:
        """Answer the first requests with one of these each, before what any gets."""
        self._first = [[answer] for answer in answers]

    def next_answer(self) -> list[bytes | float]:
        """Return the pieces for a request that has come."""
        with self._lock:
            return self._first.pop(0) if self._first else self.answer

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._httpd.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._httpd.shutdown()
        self._httpd.server_close()
        self._thread.join()


def _handler(server: GatewayServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle(self) -> None:
            try:
                super().handle()
            except OSError:  # the client went away
                self.close_connection = True

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            server.requests.append((self.command, self.path, dict(self.headers), body))
            for piece in server.next_answer():
                if isinstance(piece, bytes):
                    self.wfile.write(piece)
                    self.wfile.flush()
                else:
                    time.sleep(piece)
            self.close_connection = True

        do_GET = do_POST = _serve  # noqa: N815

        def log_message(self, *_arguments: Any) -> None:
            """Keep the test's output quiet."""

    return Handler
