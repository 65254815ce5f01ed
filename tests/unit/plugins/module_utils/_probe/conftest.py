# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures: a gateway that answers what a test wrote down, and a client that trusts it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from ansible_collections.citadel.ai_gateway.plugins.module_utils._probe.gateway import GatewayClient

from tests.unit.plugins.module_utils._probe.gateway_server import GatewayServer


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """Return the certificate authority that the client trusts."""
    return trustme.CA()


@pytest.fixture(autouse=True)
def _environment(authority: trustme.CA, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Trust the test's authority, and go through no proxy."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
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
