# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lets a member of each pool fail, one pool after the other, and watches what clients get.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.errors import ClientError
from ansible_collections.citadel.ai_gateway.plugins.module_utils._probe.asking import Access, Asker
from ansible_collections.citadel.ai_gateway.plugins.module_utils._probe.faults import Fault, NotPutBack
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.judge_failover import Trial
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.observations import Observation
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.schedule import (
    AFTER,
    BEFORE,
    Failover,
)

# Between two requests, so that a timeline shows them apart.
_PAUSE_SECONDS = 0.15


def try_failovers(
    failovers: Sequence[Failover], fault: Fault, asker: Asker, access: Access, tell: Callable[[str], None]
) -> list[Trial]:
    """Return what clients of each pool got before, while and after one of its members failed.

    When a member could not be put back, the pools after it are left alone.
    """
    trials: list[Trial] = []
    for failover in failovers:
        broken = next((trial.failover.member.backend for trial in trials if trial.left_behind), "")
        if broken:
            trials.append(Trial(failover, error=f"{broken} could not be put back before"))
            continue
        tell(f"failover of {failover.route.name}: {failover.member.backend} fails")
        trials.append(_try_failover(failover, fault, asker, access))
    return trials


def _try_failover(failover: Failover, fault: Fault, asker: Asker, access: Access) -> Trial:
    trial = Trial(failover, cause=fault.cause, stand_in=fault.stand_in)
    watch = _Watch(trial, fault, asker)
    try:
        trial.before = watch.ask(BEFORE, access)
        trial.failing_from_ms = asker.gateway.now_ms
        with fault.failing(failover.member):
            trial.during = watch.ask(failover.during, access)
        trial.failing_to_ms = asker.gateway.now_ms
        fault.settle()
        watch.look()
        trial.after = watch.ask(AFTER, access)
    except NotPutBack as error:
        trial.left_behind = str(error)
    except ClientError as error:
        trial.error = str(error)
    return trial


class _Watch:
    """Asks, and looks at the member's breaker after each answer."""

    def __init__(self, trial: Trial, fault: Fault, asker: Asker) -> None:
        self._trial = trial
        self._fault = fault
        self._asker = asker

    def ask(self, number: int, access: Access) -> list[Observation]:
        found = []
        for _request in range(number):
            found += self._asker.ask_all([self._trial.failover.question], access)
            self.look()
            time.sleep(_PAUSE_SECONDS)
        return found

    def look(self) -> None:
        """Note when the breaker is seen to open or to close."""
        is_open = self._fault.is_open(self._trial.failover.member)
        if is_open is None:
            return
        now = self._asker.gateway.now_ms
        openings = self._trial.openings = self._trial.openings or []
        if is_open and (not openings or openings[-1][1] is not None):
            openings.append((now, None))
        elif not is_open and openings and openings[-1][1] is None:
            openings[-1] = (openings[-1][0], now)
