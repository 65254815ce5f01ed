# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lets backends of each model fail, one model after the other, and watches what clients get.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack

from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.errors import ClientError
from ansible_collections.citadel.ai_gateway.plugins.module_utils._probe.asking import Access, Asker
from ansible_collections.citadel.ai_gateway.plugins.module_utils._probe.faults import Fault, NotPutBack
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.failovers import (
    AFTER,
    BEFORE,
    Failover,
    Step,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.observations import Observation
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.topology import Topology
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.trials import Round, Trial

# Between two requests, so that a timeline shows them apart.
_PAUSE_SECONDS = 0.15
# The next pool may have the same members, whose breakers must have closed; looked at so often.
_LONGEST_REST, _LOOK_SECONDS = 60, 0.5


def try_failovers(
    failovers: Sequence[Failover],
    fault: Fault,
    asker: Asker,
    access: Access,
    topology: Topology,
    tell: Callable[[str], None],
) -> list[Trial]:
    """Return what clients of each model got before, while and after its backends failed, one after the other.

    When a member could not be put back, the models after it are left alone.
    """
    trials: list[Trial] = []
    for failover in failovers:
        broken = next((trial.failover.member.backend for trial in trials if trial.left_behind), "")
        if broken:
            trials.append(Trial(failover, error=f"{broken} could not be put back before"))
            continue
        if trials:
            _rest(trials[-1], fault)
        trials.append(_Attempted(failover, fault, asker, access, topology, tell).trial)
    return trials


def _rest(trial: Trial, fault: Fault) -> None:
    """Wait until the breakers of what failed have closed, where something tells, and no longer than they rest."""
    members = [member for each in trial.rounds for member in each.fails]
    until = time.monotonic() + min(
        _LONGEST_REST, max((each.breaker.rests_for for each in members if each.breaker), default=0) + 1
    )
    while time.monotonic() < until and any(fault.is_open(member) for member in members):
        time.sleep(_LOOK_SECONDS)


class _Attempted:
    """One trial. The breaker of the member that fails first is looked at after each answer."""

    def __init__(
        self,
        failover: Failover,
        fault: Fault,
        asker: Asker,
        access: Access,
        topology: Topology,
        tell: Callable[[str], None],
    ) -> None:
        self._failover = failover
        self._fault = fault
        self._asker = asker
        self._access = access
        self._topology = topology
        self._tell = tell
        self.trial = Trial(failover, cause=fault.cause, stand_in=fault.stand_in)
        try:
            self._go()
        except NotPutBack as error:
            self.trial.left_behind = str(error)
        except ClientError as error:
            self.trial.error = str(error)

    def _go(self) -> None:
        trial, gateway = self.trial, self._asker.gateway
        trial.before = self._ask(BEFORE)
        trial.failing_from_ms = gateway.now_ms
        with ExitStack() as failing:
            for place, step in enumerate(self._failover.steps):
                if place and not self._unserved(self._failover.steps[place:]):
                    break
                self._fail(step, failing)
        trial.failing_to_ms = gateway.now_ms
        self._fault.settle()
        self._look()
        trial.after = self._ask(AFTER)

    def _fail(self, step: Step, failing: ExitStack) -> None:
        """Let the members of a step fail, too, and ask, unless what must serve then has served already."""
        for member in step.fails:
            self._tell(f"failover of {self._failover.name}: {member.backend} fails")
            failing.enter_context(self._fault.failing(member))
        rounds = self.trial.rounds
        before = rounds[-1].fails if rounds else ()
        rounds.append(Round((*before, *step.fails), []))
        if len(rounds) == 1 or self._unserved([step]):
            rounds[-1].answers.extend(self._ask(step.number))

    def _unserved(self, steps: Sequence[Step]) -> bool:
        """Tell whether some step has not shown yet what it is for; where nothing tells, none has."""
        served = self.trial.served(self._topology)
        return any(served.isdisjoint(member.backend for member in step.serves) for step in steps)

    def _ask(self, number: int) -> list[Observation]:
        found = []
        for _request in range(number):
            found += self._asker.ask_all([self._failover.question], self._access)
            self._look()
            time.sleep(_PAUSE_SECONDS)
        return found

    def _look(self) -> None:
        """Note when the breaker is seen to open or to close."""
        is_open = self._fault.is_open(self._failover.member)
        if is_open is None:
            return
        now = self._asker.gateway.now_ms
        openings = self.trial.openings = self.trial.openings or []
        if is_open and (not openings or openings[-1][1] is not None):
            openings.append((now, None))
        elif not is_open and openings and openings[-1][1] is None:
            openings[-1] = (openings[-1][0], now)
