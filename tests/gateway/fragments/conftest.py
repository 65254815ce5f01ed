# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts one policy engine with the fragments of every plan."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.gateway.fragments.gateway import Gateway, Host
from tests.gateway.fragments.plans import PLANS
from tests.gateway.fragments.rendering import FRAGMENTS, render


@pytest.fixture(scope="session")
def host() -> Iterator[Host]:
    """Return the engine."""
    host = Host({name: {each: render(each, plan) for each in FRAGMENTS} for name, plan in PLANS.items()})
    yield host
    host.stop()


@pytest.fixture
def gateway_of(host: Host) -> Callable[[str], Gateway]:
    """Return the gateway of a plan, by its name in ``PLANS``."""
    return lambda plan: Gateway(host, plan)


@pytest.fixture(scope="session")
def gateway(host: Host) -> Gateway:
    """Return a gateway with targets of every type, pooled and direct."""
    return Gateway(host, "providers")
