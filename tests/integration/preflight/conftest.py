# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures: an embedded Azure with accounts, roles on them, and services of different tiers and identities."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import yaml

from tests.integration.harness import Azure, Service, running_azure
from tests.integration.preflight.estate import CONFIGURATION, SHARED_SERVICES


@pytest.fixture(scope="session")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azure]:
    """The embedded Azure of this test process."""
    path = tmp_path_factory.mktemp("azure") / "configuration.yml"
    path.write_text(yaml.safe_dump(CONFIGURATION), encoding="utf-8")
    with running_azure("--config", path) as azure:
        yield azure


@pytest.fixture(scope="session")
def new_service(azure: Azure) -> Callable[[], Service]:
    """Gives out APIM services that are still empty."""
    unused = iter(SHARED_SERVICES)
    return lambda: Service(azure, next(unused))
