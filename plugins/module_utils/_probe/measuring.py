# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks models many times: for the shares of their pools, and for latency.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._probe.asking import Access, Asker
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.checks import Check
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.judge_repeats import (
    deserves_more,
    judge_failures,
    name_of,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.judge_shares import (
    LARGER,
    ShareSample,
    judge_shares,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.observations import Observation
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.schedule import Repeat
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.topology import Route, Topology

# Answers between two lines about progress.
_STEP = 25
# Seconds between two measurements of one pool.
_LONGEST_PAUSE = 60


class Measuring:
    """Asks one question after the other, each many times, and judges what came.

    :ivar seen: all answers.
    :ivar checks: what was found.
    :ivar shares: the shares of the pools that could be measured, for the result.
    """

    def __init__(self, asker: Asker, access: Access, topology: Topology, tell: Callable[[str], None]) -> None:
        self._asker = asker
        self._access = access
        self._topology = topology
        self._tell = tell
        self.seen: list[Observation] = []
        self.checks: list[Check] = []
        self.shares: list[dict[str, Any]] = []

    def measure(self, repeat: Repeat) -> None:
        """Ask a question many times. Where one request failed, more of them tell how often that happens."""
        answers = self._ask(repeat, repeat.number)
        if more := deserves_more(answers):
            answers += self._ask(repeat, self._asker.budget.take(more, more))
        check = judge_failures(repeat, answers)
        if check is None and repeat.route is not None:
            check = self._judge_shares(repeat, repeat.route, answers)
        self.checks += [check] if check else []

    def _judge_shares(self, repeat: Repeat, route: Route, answers: list[Observation]) -> Check:
        first, second = ShareSample(repeat, route, answers, self._topology), None
        if first.is_disturbed and (number := self._asker.budget.take(repeat.number, repeat.number)):
            answers = self._ask_later(repeat, route, number, "a request failed, measured once more")
            first = ShareSample(repeat, route, answers, self._topology)
        # A large sample tells weights that are little wrong apart from chance; a small one is no better than the first.
        if first.is_suspicious and (number := self._asker.budget.take(LARGER * repeat.number, repeat.number)):
            more = self._ask_later(repeat, route, number, f"unlikely, measured by {number} more requests")
            second = ShareSample(repeat, route, more, self._topology)
            answers = [*answers, *more]
        if check := judge_failures(repeat, answers):
            return check
        check, numbers = judge_shares(first, second, self._asker.tracer.unavailable)
        self.shares += [numbers] if numbers else []
        return check

    def _ask_later(self, repeat: Repeat, route: Route, number: int, reason: str) -> list[Observation]:
        """Ask when breakers have closed: one that was open before the first request leaves a member out, unseen."""
        pause = min(_LONGEST_PAUSE, route.rests_for)
        self._tell(f"shares of {route.name}: {reason} in {pause} seconds")
        time.sleep(pause)
        return self._ask(repeat, number)

    def _ask(self, repeat: Repeat, number: int) -> list[Observation]:
        what = f"{'shares' if repeat.route else 'latency'} of {name_of(repeat)}"

        def progress(done: int) -> None:
            if done == number or done % _STEP == 0:
                self._tell(f"{what}: {done} of {number}")

        answers = self._asker.ask_all([repeat.question] * number, self._access, progress)
        self.seen += answers
        return answers
