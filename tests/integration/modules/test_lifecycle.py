# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Create, modify and delete, each in check mode and for real, each a first and a repeated time, with every module."""

from __future__ import annotations

import itertools

import pytest

from tests.integration.modules.lifecycles import LIFECYCLES, Lifecycle
from tests.integration.modules.steps import Gateway, State, Step, task

_EMPTY: State = {"backends": {}, "namedValues": {}, "policyFragments": {}}


@pytest.mark.parametrize("life", LIFECYCLES, ids=lambda life: life.module)
def test_check_mode_tells_real_runs_do_and_repeated_runs_change_nothing(life: Lifecycle, gateway: Gateway) -> None:
    phases = {"create": life.create, "modify": life.modify, "delete": life.delete}
    tasks = [
        task(life.module, f"{name} {mode} {time}", check=mode == "check", **phase.options)
        for name, phase in phases.items()
        for mode, time in itertools.product(("check", "real"), ("first", "again"))
    ]

    steps = gateway.run(*life.setup, *tasks)

    held = steps[len(life.setup) - 1].state if life.setup else _EMPTY
    remaining = iter(steps[len(life.setup) :])
    for phase in phases.values():
        matrix = check, check_again, real, real_again = tuple(itertools.islice(remaining, 4))
        assert [step.changed for step in matrix] == [True, True, True, False], real.name
        assert [check.writes, check_again.writes, real_again.writes] == [[], [], []], real.name
        assert check.state == check_again.state == held, real.name
        held = _EMPTY | phase.holds
        assert real.writes == phase.writes
        assert real.state == real_again.state == held
        assert_differences_agree(life.subject, *matrix)


def assert_differences_agree(subject: str, check: Step, check_again: Step, real: Step, real_again: Step) -> None:
    """Check mode shows the difference that the real run makes, and a run that changes nothing shows none."""
    before, after = real.diff[subject]
    assert before != after
    assert check.diff == check_again.diff == real.diff
    assert check.actions == check_again.actions == real.actions
    assert real_again.diff == {}
    assert set(real_again.actions.values()) <= {"unchanged"}
