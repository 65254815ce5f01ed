# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every credential source: what is missing, which one is chosen, what goes over the wire."""

from __future__ import annotations

import base64
import http.server
import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trustme
from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.client import ArmClient, create_client
from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.credentials.select import select_source
from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.errors import ConfigurationError
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA1

from tests.unit.plugins.module_utils._azure.azure_server import (
    BACKEND,
    SUBSCRIPTION,
    TENANT,
    TOKEN,
    Answer,
    AzureServer,
)
from tests.unit.plugins.module_utils._azure.conftest import CLIENT_ID, PRINCIPAL

Options = Callable[..., dict[str, Any]]
WITHOUT_SECRET: dict[str, Any] = {"tenant": TENANT, "client_id": CLIENT_ID}


def sign_in(server: AzureServer, options: Options, *, openid: bool = True, **given: Any) -> ArmClient:
    """Make a client and one call with it, which signs in; ``openid`` tells whether the authority is asked who it is."""
    server.serve_metadata()
    server.serve_token()
    if openid:
        server.serve_openid()
    server.on("GET", BACKEND, Answer(body={}))
    client = create_client(options(**{"cloud_environment": server.url, **given}))
    assert client.get(BACKEND) is not None
    return client


def assertion(request_form: dict[str, str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return header and claims of the client assertion in a token request."""
    parts = request_form["client_assertion"].split(".")[:2]
    header, claims = (json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))) for part in parts)
    return header, claims


def test_client_secret(server: AzureServer, options: Options) -> None:
    sign_in(server, options, **PRINCIPAL)
    form = server.token_request.form
    assert form["client_id"] == CLIENT_ID
    assert form["client_secret"] == PRINCIPAL["secret"]
    assert form["scope"] == f"{server.url}/.default"
    assert [request.path for request in server.requests] == [
        "/metadata/endpoints",
        f"/{TENANT}/v2.0/.well-known/openid-configuration",
        f"/{TENANT}/oauth2/v2.0/token",
        BACKEND,
    ]


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Return the path of a certificate and its private key in PEM form."""
    issued = trustme.CA().issue_cert("principal.example.com", key_type=trustme.KeyType.RSA)
    path = tmp_path / "principal.pem"
    path.write_bytes(issued.cert_chain_pems[0].bytes() + issued.private_key_pem.bytes())
    return path


def test_client_certificate(server: AzureServer, options: Options, certificate: Path) -> None:
    thumbprint = x509.load_pem_x509_certificate(certificate.read_bytes()).fingerprint(SHA1()).hex(":")
    sign_in(server, options, **WITHOUT_SECRET, x509_certificate_path=str(certificate), thumbprint=thumbprint)
    form = server.token_request.form
    _header, claims = assertion(form)
    assert claims["sub"] == CLIENT_ID
    assert claims["aud"] == f"{server.url}/{TENANT}/oauth2/v2.0/token"
    assert "client_secret" not in form


def test_another_certificate_than_the_thumbprints_is_refused(options: Options, certificate: Path) -> None:
    given = options(**WITHOUT_SECRET, x509_certificate_path=str(certificate), thumbprint="AA" * 20)
    with pytest.raises(ConfigurationError, match=r"thumbprint: the certificate in .* has the thumbprint [0-9A-F]{40}"):
        create_client(given)


def test_a_file_without_a_key_is_refused(options: Options, tmp_path: Path) -> None:
    path = tmp_path / "nothing.pem"
    path.write_text("nothing")
    for thumbprint in (None, "AA" * 20):
        with pytest.raises(ConfigurationError, match=r"nothing\.pem is not a PEM certificate"):
            create_client(options(**WITHOUT_SECRET, x509_certificate_path=str(path), thumbprint=thumbprint))


def test_oidc_token(server: AzureServer, options: Options) -> None:
    sign_in(server, options, openid=False, **WITHOUT_SECRET, oidc_token="the.oidc.token")
    assert server.token_request.form["client_assertion"] == "the.oidc.token"


def test_oidc_token_file(
    server: AzureServer, options: Options, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "token"
    path.write_text("token.from.file")
    for name, value in {"TENANT_ID": TENANT, "CLIENT_ID": CLIENT_ID, "FEDERATED_TOKEN_FILE": str(path)}.items():
        monkeypatch.setenv(f"AZURE_{name}", value)
    sign_in(server, options, openid=False)
    assert server.token_request.form["client_assertion"] == "token.from.file"


def test_environment(server: AzureServer, options: Options, monkeypatch: pytest.MonkeyPatch) -> None:
    awx = {"TENANT": TENANT, "CLIENT_ID": CLIENT_ID, "SECRET": "from-env", "CLOUD_ENVIRONMENT": server.url}
    for name, value in {**awx, "SUBSCRIPTION_ID": "99999999-9999-9999-9999-999999999999"}.items():
        monkeypatch.setenv(f"AZURE_{name}", value)
    client = sign_in(server, options, subscription_id=None, cloud_environment=None)
    assert client.service_path.startswith("/subscriptions/99999999-9999-9999-9999-999999999999/")
    assert server.token_request.form["client_secret"] == "from-env"


def test_auth_source_env_ignores_the_task(
    server: AzureServer, options: Options, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"TENANT_ID": TENANT, "CLIENT_ID": CLIENT_ID, "CLIENT_SECRET": "from-env"}.items():
        monkeypatch.setenv(f"AZURE_{name}", value)
    sign_in(server, options, auth_source="env", secret="from-task")
    assert server.token_request.form["client_secret"] == "from-env"


def test_a_task_outranks_the_environment(
    server: AzureServer, options: Options, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZURE_SECRET", "stale-secret-of-the-machine")
    sign_in(server, options, openid=False, **WITHOUT_SECRET, oidc_token="the.oidc.token")
    assert server.token_request.form["client_assertion"] == "the.oidc.token"
    assert "client_secret" not in server.token_request.form


@pytest.mark.parametrize("client_id", [None, CLIENT_ID])
def test_managed_identity(
    server: AzureServer, options: Options, monkeypatch: pytest.MonkeyPatch, client_id: str | None
) -> None:
    asked: list[str] = []

    class Endpoint(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            content = json.dumps({"access_token": TOKEN, "expires_on": "4102444800", "resource": "r"}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_arguments: object) -> None:
            """Keep the test's output quiet."""

    with http.server.HTTPServer(("127.0.0.1", 0), Endpoint) as endpoint:
        threading.Thread(target=endpoint.serve_forever, daemon=True).start()
        monkeypatch.setenv("IDENTITY_ENDPOINT", f"http://127.0.0.1:{endpoint.server_port}/msi/token")
        monkeypatch.setenv("IDENTITY_HEADER", "header")
        server.on("GET", "/metadata/endpoints", Answer(body={"authentication": {"loginEndpoint": server.url}}))
        server.on("GET", BACKEND, Answer(body={}))
        client = create_client(options(auth_source="msi", cloud_environment=server.url, client_id=client_id))
        assert client.get(BACKEND)
        endpoint.shutdown()
    (path,) = asked
    assert ("client_id" in path) == bool(client_id)
    assert server.arm_requests()[0].headers["Authorization"] == f"Bearer {TOKEN}"


@pytest.fixture
def az(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a program az on the PATH that answers as a signed-in Azure CLI does; return the log of its arguments."""
    log = tmp_path / "az.log"
    token = json.dumps({"accessToken": TOKEN, "expiresOn": "2099-01-01 00:00:00.000000", "expires_on": 4070908800})
    script = tmp_path / "bin" / "az"
    script.parent.mkdir()
    answers = f"case \"$*\" in 'account show'*) echo {SUBSCRIPTION} ;; *) echo '{token}' ;; esac"
    script.write_text(f'#!/bin/sh\necho "$@" >> {log}\n{answers}\n')
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{script.parent}{os.pathsep}{os.environ['PATH']}")
    return log


def test_azure_cli_tells_token_and_subscription(server: AzureServer, options: Options, az: Path) -> None:
    server.on("GET", "/metadata/endpoints", Answer(body={"authentication": {"loginEndpoint": server.url}}))
    server.on("GET", BACKEND, Answer(body={}))
    client = create_client(options(cloud_environment=server.url, subscription_id=None))
    assert client.get(BACKEND)
    assert client.service_path.startswith(f"/subscriptions/{SUBSCRIPTION}/")
    show, token = az.read_text().splitlines()
    assert show.startswith("account show")
    assert token.startswith("account get-access-token")
    assert f"{server.url}/.default" in token or f"{server.url}" in token


def test_no_az_is_told(options: Options, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigurationError) as caught:
        create_client(options(subscription_id=None))
    assert any("AZURE_SUBSCRIPTION_ID" in problem for problem in caught.value.problems)
    assert any("az login" in problem for problem in caught.value.problems)


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"secret": "s"}, ["AZURE_TENANT or AZURE_TENANT_ID", "AZURE_CLIENT_ID"]),
        ({"client_id": CLIENT_ID}, ["AZURE_TENANT or AZURE_TENANT_ID", "AZURE_SECRET or AZURE_CLIENT_SECRET"]),
        ({"auth_source": "env"}, ["AZURE_TENANT", "AZURE_CLIENT_ID", "AZURE_SECRET"]),
        ({"oidc_token": "t"}, ["AZURE_TENANT", "AZURE_CLIENT_ID"]),
        ({**WITHOUT_SECRET, "oidc_token_file_path": "/nowhere"}, ["/nowhere does not exist"]),
        ({**WITHOUT_SECRET, "x509_certificate_path": "/nowhere.pem"}, ["/nowhere.pem does not exist"]),
    ],
)
def test_all_that_is_missing_is_named_at_once(options: Options, given: dict[str, Any], named: list[str]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        create_client(options(**given))
    assert len(caught.value.problems) == len(named)
    for text, problem in zip(named, caught.value.problems, strict=True):
        assert text in problem


def test_all_problems_of_all_options_come_together(options: Options) -> None:
    bad = {
        "subscription_id": "my subscription",
        "resource_group": "rg/../other",
        "service_name": "-apim",
        "cloud_environment": "http://localhost:1",
        "timeout": 0,
        "parallelism": 65,
        "secret": "hidden-value",
    }
    with pytest.raises(ConfigurationError) as caught:
        create_client(options(**bad))
    text = str(caught.value)
    for name in (
        "subscription_id",
        "resource_group",
        "service_name",
        "https",
        "timeout",
        "parallelism",
        "tenant",
        "client_id",
    ):
        assert name in text
    assert len(caught.value.problems) == 8
    assert "hidden-value" not in text


def test_secrets_do_not_show_in_what_is_printed(options: Options) -> None:
    _source, chosen = select_source(options(**PRINCIPAL, oidc_token="the.oidc.token"))
    assert PRINCIPAL["secret"] not in repr(chosen)
    assert "the.oidc.token" not in repr(chosen)
