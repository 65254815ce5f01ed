# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""One embedded Azure for the whole test session, with a service that each test finds empty."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.emulator.harness import Azure, serving


@pytest.fixture(scope="session")
def running_azure() -> Iterator[Azure]:
    """A running embedded Azure."""
    with serving() as azure:
        yield azure


@pytest.fixture
def azure(running_azure: Azure) -> Azure:
    """The running embedded Azure, without anything that an earlier test left."""
    running_azure.clean()
    return running_azure
