# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""One set of providers for all tests here; each test finds them as they were configured."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from tests.emulator.providers.stand import Stand


@pytest.fixture(scope="module")
def running_stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    """Running providers, under their own names in this process."""
    stand = Stand(tmp_path_factory.mktemp("providers"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", stand.resolve(socket.getaddrinfo))
        yield stand
    stand.stop()


@pytest.fixture
def stand(running_stand: Stand) -> Stand:
    """The running providers, without anything that an earlier test left."""
    running_stand.clean()
    return running_stand
