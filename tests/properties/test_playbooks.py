# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Some of the generated inventories by ansible-playbook itself, as hosts of one run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.gateway.gateway import Gateway
from tests.integration.inventory import hosts
from tests.integration.playbook import ONBOARD, Playbooks
from tests.properties.cases import Case, unsafe
from tests.properties.generation import for_each
from tests.properties.hostile import inventories
from tests.properties.laboratory import Laboratory
from tests.properties.traffic import Traffic

pytestmark = pytest.mark.gate

_HOSTS = 6
# The first ones that are drawn are the simplest.
_DRAWN = 60


def _drawn() -> list[Case]:
    """Return inventories that a file can hold: no YAML has half a pair of surrogates."""
    cases: list[Case] = []
    for_each(inventories(), _DRAWN, 0, cases.append)
    return [case for case in cases if "\\ud" not in repr(case).lower()][-_HOSTS:]


def test_ansible_playbook_does_the_same(laboratory: Laboratory, tmp_path: Path) -> None:
    cases = {laboratory.new_service(): case for case in _drawn()}
    written = hosts({service.name: unsafe(case.host(service.name)) for service, case in cases.items()})
    run = Playbooks(laboratory.azure, tmp_path).run(ONBOARD, written)
    for service, case in cases.items():
        again = laboratory.role.onboard(case, service.name, check_mode=True)
        if again.problems:
            assert run.message(service.name) == again.problems
        else:
            assert (again.failed, again.result.get("changed")) == (False, False), f"{case}\n{run.output}"
            Traffic(Gateway(service), case).check()
    assert {each.host for each in run.failures} < {service.name for service in cases}, run.output
