# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts that cannot be trusted, reached or understood."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.client import create_client
from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.errors import (
    ArmError,
    AuthenticationFailed,
    ConfigurationError,
    ConnectionFailed,
    TlsFailed,
)

from tests.unit.plugins.module_utils._azure.azure_server import BACKEND, Answer, AzureServer
from tests.unit.plugins.module_utils._azure.conftest import PRINCIPAL

Options = Callable[..., dict[str, Any]]


def test_an_untrusted_certificate_is_one_clear_error_at_once(options: Options) -> None:
    with AzureServer(trustme.CA()) as stranger:
        with pytest.raises(TlsFailed) as caught:
            create_client(options(cloud_environment=stranger.url, **PRINCIPAL))
        assert stranger.connections == 1
        assert stranger.requests == []
    text = str(caught.value)
    assert stranger.url.removeprefix("https://") in text
    assert "CERTIFICATE_VERIFY_FAILED" in text
    assert "REQUESTS_CA_BUNDLE" in text


def test_an_untrusted_authority_is_the_same_error(server: AzureServer, options: Options) -> None:
    with AzureServer(trustme.CA()) as stranger:
        server.on("GET", "/metadata/endpoints", Answer(body={"authentication": {"loginEndpoint": stranger.url}}))
        client = create_client(options(cloud_environment=server.url, **PRINCIPAL))
        with pytest.raises(TlsFailed, match=stranger.url.removeprefix("https://")):
            client.get(BACKEND)
        assert stranger.connections == 1


def test_a_certificate_for_another_name_is_refused(server: AzureServer, options: Options) -> None:
    url = server.url.replace("localhost", "127.0.0.1")
    with pytest.raises(TlsFailed, match="IP address mismatch"):
        create_client(options(cloud_environment=url, **PRINCIPAL))


def test_a_server_without_tls_is_a_tls_error(options: Options) -> None:
    with socket.create_server(("127.0.0.1", 0)) as plain:

        def speak_http() -> None:
            connection, _address = plain.accept()
            with connection:
                connection.recv(100)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        threading.Thread(target=speak_http, daemon=True).start()
        with pytest.raises(TlsFailed):
            create_client(options(cloud_environment=f"https://localhost:{plain.getsockname()[1]}", **PRINCIPAL))


@pytest.mark.parametrize("content", [None, "no certificate in here"])
def test_a_useless_bundle_is_named(
    options: Options, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str | None
) -> None:
    bundle = tmp_path / "useless.pem"
    if content:
        bundle.write_text(content)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
    with pytest.raises(ConfigurationError, match=r"REQUESTS_CA_BUNDLE: .*useless\.pem"):
        create_client(options(cloud_environment="https://localhost:9", **PRINCIPAL))


def test_a_refused_connection_is_tried_a_few_times_then_told(options: Options) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    start = time.monotonic()
    with pytest.raises(ConnectionFailed, match=r"Connection refused.*HTTPS_PROXY"):
        create_client(options(cloud_environment=f"https://localhost:{port}", **PRINCIPAL))
    assert 1 < time.monotonic() - start < 20


def test_an_unknown_host_is_told(options: Options) -> None:
    with pytest.raises(ConnectionFailed, match="ConnectionFailed"):
        create_client(options(cloud_environment="https://arm.invalid", **PRINCIPAL))


def test_a_refused_secret_is_told_without_it(server: AzureServer, options: Options) -> None:
    server.on("GET", "/metadata/endpoints", Answer(body={"authentication": {"loginEndpoint": server.url}}))
    description = "AADSTS7000215: Invalid client secret provided."
    server.serve_openid()
    server.serve_token(Answer(401, {"error": "invalid_client", "error_description": description}))
    client = create_client(options(cloud_environment=server.url, **PRINCIPAL))
    with pytest.raises(AuthenticationFailed, match="AADSTS7000215") as caught:
        client.get(BACKEND)
    assert PRINCIPAL["secret"] not in str(caught.value)
    assert "client_id" in caught.value.hint


def test_an_authority_that_is_not_reached_is_no_refusal(server: AzureServer, options: Options) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    server.on(
        "GET", "/metadata/endpoints", Answer(body={"authentication": {"loginEndpoint": f"https://localhost:{port}"}})
    )
    client = create_client(options(cloud_environment=server.url, **PRINCIPAL))
    with pytest.raises(ConnectionFailed, match=rf":{port}: .*Connection refused"):
        client.get(BACKEND)


@pytest.fixture
def proxy() -> Iterator[tuple[str, list[str]]]:
    """Run a proxy that tunnels one connection; return its URL and the list of the hosts that were asked for."""
    asked: list[str] = []

    def copy(source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while chunk := source.recv(65536):
                target.sendall(chunk)

    def tunnel() -> None:
        client, _address = listener.accept()
        asked.append(client.recv(65536).decode().split()[1])
        host, port = asked[0].split(":")
        with client, socket.create_connection((host, int(port))) as target:
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            threading.Thread(target=copy, args=(client, target), daemon=True).start()
            copy(target, client)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=tunnel, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", asked


def test_a_proxy_of_the_environment_is_used(
    server: AzureServer, options: Options, monkeypatch: pytest.MonkeyPatch, proxy: tuple[str, list[str]]
) -> None:
    url, asked = proxy
    monkeypatch.setenv("HTTPS_PROXY", url)
    server.serve_metadata()
    assert create_client(options(cloud_environment=server.url, **PRINCIPAL))
    assert asked == [server.url.removeprefix("https://")]


def test_no_proxy_is_respected(server: AzureServer, options: Options, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "localhost")
    server.on("GET", "/metadata/endpoints", Answer(404, "<html></html>"))
    with pytest.raises(ArmError, match="HTTP 404"):
        create_client(options(cloud_environment=server.url, **PRINCIPAL))
