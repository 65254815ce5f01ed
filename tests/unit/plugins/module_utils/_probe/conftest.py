# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures: a gateway that answers what a test wrote down, an ARM that plays a script, and clients that trust both."""

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
from ansible_collections.citadel.ai_gateway.plugins.module_utils._probe.gateway import GatewayClient

from tests.unit.plugins.module_utils._azure.azure_server import SUBSCRIPTION, TENANT, AzureServer
from tests.unit.plugins.module_utils._probe.gateway_server import GatewayServer

_PRINCIPAL = {"tenant": TENANT, "client_id": "22222222-2222-2222-2222-222222222222", "secret": "the-client-secret"}
_PLACE = {"resource_group": "rg-hub", "service_name": "apim-hub", "subscription_id": SUBSCRIPTION}


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """Return the certificate authority that the clients trust."""
    return trustme.CA()


@pytest.fixture(autouse=True)
def _environment(authority: trustme.CA, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Trust the test's authority, go through no proxy, and take Azure's variables away."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name.startswith(("AZURE_", "ANSIBLE_AZURE_", "IDENTITY_", "MSI_")):
            monkeypatch.delenv(name)
    bundle = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(bundle))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))


@pytest.fixture
def server(authority: trustme.CA) -> Iterator[GatewayServer]:
    """Start a gateway."""
    with GatewayServer(authority) as running:
        yield running


@pytest.fixture
def client(server: GatewayServer) -> GatewayClient:
    """Return a client of that gateway that waits half a second for each byte."""
    return GatewayClient(server.url, 4, 0.5)


@pytest.fixture
def arm(authority: trustme.CA) -> Iterator[AzureServer]:
    """Start an ARM; at the end, nothing may have come that was not scripted, nor be left over."""
    with AzureServer(authority) as running:
        yield running
    assert running.unexpected == []
    assert running.left_over() == []


@pytest.fixture
def connect(arm: AzureServer) -> Callable[..., ArmClient]:
    """Return a function that makes a client of that ARM, which is ready to sign it in."""

    def made(**options: Any) -> ArmClient:
        arm.serve_metadata()
        arm.serve_openid()
        arm.serve_token()
        validator: Any = ArgumentSpecValidator(AUTH_ARGUMENT_SPEC)  # type: ignore[no-untyped-call]
        result = validator.validate({**_PLACE, **_PRINCIPAL, "cloud_environment": arm.url, **options})
        assert result.error_messages == []
        return create_client(result.validated_parameters)

    return made
