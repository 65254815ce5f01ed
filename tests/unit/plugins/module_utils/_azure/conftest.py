# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures: a certificate authority, a scripted server per test, options as Ansible would hand them over."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.argument_spec import AUTH_ARGUMENT_SPEC
from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.client import ArmClient, create_client

from tests.unit.plugins.module_utils._azure.azure_server import SUBSCRIPTION, TENANT, AzureServer

CLIENT_ID = "22222222-2222-2222-2222-222222222222"
PRINCIPAL: dict[str, Any] = {"tenant": TENANT, "client_id": CLIENT_ID, "secret": "the-client-secret"}


@pytest.fixture(scope="session")
def trusted() -> trustme.CA:
    """Return the certificate authority that the client trusts."""
    return trustme.CA()


@pytest.fixture(autouse=True)
def _environment(trusted: trustme.CA, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Take Azure's and proxies' variables away, and trust the test's authority."""
    for name in list(os.environ):
        if name.startswith(("AZURE_", "ANSIBLE_AZURE_", "IDENTITY_", "MSI_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    bundle = tmp_path / "ca.pem"
    trusted.cert_pem.write_to_path(str(bundle))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))


@pytest.fixture
def server(trusted: trustme.CA) -> Iterator[AzureServer]:
    """Start a server; at the end, nothing may have come that was not scripted, nor be left over."""
    with AzureServer(trusted) as running:
        yield running
    assert running.unexpected == []
    assert running.left_over() == []


@pytest.fixture
def options() -> Callable[..., dict[str, Any]]:
    """Return a function that validates options as Ansible does, environment fallbacks included."""

    def validated(**given: Any) -> dict[str, Any]:
        coordinates = {"resource_group": "rg-hub", "service_name": "apim-hub", "subscription_id": SUBSCRIPTION}
        validator: Any = ArgumentSpecValidator(AUTH_ARGUMENT_SPEC)  # type: ignore[no-untyped-call]
        set_by_task = {name: value for name, value in {**coordinates, **given}.items() if value is not None}
        result = validator.validate(set_by_task)
        assert result.error_messages == []
        return dict(result.validated_parameters)

    return validated


@pytest.fixture
def connect(server: AzureServer, options: Callable[..., dict[str, Any]]) -> Callable[..., ArmClient]:
    """Return a function that makes a client for the server, which is ready to sign it in."""

    def client(**given: Any) -> ArmClient:
        server.serve_metadata()
        server.serve_openid()
        server.serve_token()
        return create_client(options(cloud_environment=server.url, **{**PRINCIPAL, **given}))

    return client
