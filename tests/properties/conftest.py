# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures: one embedded Azure per test process, with services for many inventories."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.integration.harness import RESOURCE_GROUP, ROOT, Azure, running_azure
from tests.properties.laboratory import Laboratory
from tests.properties.plausible import VAULT
from tests.properties.role import running_role

# A service serves until an inventory fails on it, so there are more than failures (and their smaller versions) need.
_SERVICES = [f"apim-generated-{number}" for number in range(1, 301)]
_DEFAULT = ROOT / "emulator/apim_emulator/default.yaml"


@pytest.fixture(scope="session")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azure]:
    """The embedded Azure of this test process, with the key vault that generated inventories name."""
    config: Path = tmp_path_factory.mktemp("azure") / "config.yaml"
    default = yaml.safe_load(_DEFAULT.read_text(encoding="utf-8"))
    config.write_text(yaml.safe_dump({**default, "key_vault_secrets": VAULT}), encoding="utf-8")
    with running_azure(f"--config={config}", *(f"--service={RESOURCE_GROUP}/{name}" for name in _SERVICES)) as azure:
        yield Azure({**azure.environment, **_trusting_it_alone(azure, config.parent)}, azure.pid)


def _trusting_it_alone(azure: Azure, folder: Path) -> dict[str, str]:
    """Return the variables of a bundle with the one authority that matters here: to read them all takes a while."""
    first, mark, _others = Path(azure.environment["SSL_CERT_FILE"]).read_text().partition("-----END CERTIFICATE-----\n")
    bundle = folder / "authority.pem"
    bundle.write_text(first + mark)
    return dict.fromkeys(("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"), str(bundle))


@pytest.fixture(scope="session")
def laboratory(azure: Azure) -> Iterator[Laboratory]:
    """Where generated inventories are onboarded and tried out."""
    with running_role(azure.environment) as role:
        yield Laboratory(azure, role, _SERVICES)
