# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""An embedded Azure with accounts, roles and clients of every role; each test finds the roles as configured."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.emulator.access.land import CONFIG, Land
from tests.emulator.harness import serving


@pytest.fixture(scope="module")
def running_land() -> Iterator[Land]:
    """A running embedded Azure."""
    with serving(config=CONFIG) as azure:
        yield Land(azure)


@pytest.fixture
def land(running_land: Land) -> Iterator[Land]:
    """The running embedded Azure, which a test leaves with the role assignments that it found."""
    before = running_land.assignments()
    yield running_land
    running_land.restore(before)
