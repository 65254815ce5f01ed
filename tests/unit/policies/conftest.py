# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts one Mono process with the fragments of every plan."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.unit.policies.gateway import Gateway, Host
from tests.unit.policies.plans import PLANS
from tests.unit.policies.rendering import FRAGMENTS, render


@pytest.fixture(scope="session")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """Return the process."""
    host = Host(tmp_path_factory.mktemp("policies"))
    host.start({name: {each: render(each, plan) for each in FRAGMENTS} for name, plan in PLANS.items()})
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
