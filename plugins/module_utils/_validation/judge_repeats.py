# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judges failures that clients meet when a model is asked many times.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.checks import (
    Check,
    failed,
    skipped,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.judge_answers import remedy_for
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.observations import Observation
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.schedule import LATENCY, SHARES, Repeat

#: Of so many requests one may fail: single failures happen at every provider.
ONE_IN = 50
_MOST_OUTCOMES = 3


def name_of(repeat: Repeat) -> str:
    """Return what the check of a repeated question is called: its pool, or its model."""
    return repeat.route.name if repeat.route else repeat.question.model


def failures(answers: Sequence[Observation]) -> list[Observation]:
    """Return the answers that are failures, other than that a quota is used up.

    A breaker that throttling has opened refuses with 503 what a quota would: where nothing but 429 came of backends,
    such an answer is no other failure.
    """
    attempts = [attempt for answer in answers for attempt in answer.attempts or () if attempt.failed]
    throttled = any(answer.is_throttled for answer in answers) or any(attempt.throttled for attempt in attempts)
    only_throttled = throttled and all(attempt.throttled for attempt in attempts)
    return [
        answer
        for answer in answers
        if not answer.is_good and not answer.is_throttled and not (only_throttled and answer.met_open_breakers)
    ]


def deserves_more(answers: Sequence[Observation]) -> int:
    """Return how many more requests tell whether a single failure was one of ONE_IN; 0 when none would."""
    return max(0, ONE_IN - len(answers)) if len(failures(answers)) == 1 else 0


def judge_failures(repeat: Repeat, answers: Sequence[Observation]) -> Check | None:
    """Return the check of a repeated question that failures decide; None when there are good answers to go on with.

    More failures than one of ONE_IN fail, and so does a question without a good answer; when all that came in its place
    is that a quota is used up, nothing was measured.
    """
    return _judged(SHARES if repeat.route else LATENCY, name_of(repeat), repeat.question.model, answers)


def judge_unanswered(model: str, answers: Sequence[Observation]) -> Check:
    """Return the check of the latency of a model of which none could be measured.

    :param answers: all that came for it.
    """
    check = _judged(LATENCY, model, model, answers)
    return check or skipped(LATENCY, model, "no request was answered by the backend that was asked first")


def _judged(group: str, name: str, model: str, answers: Sequence[Observation]) -> Check | None:
    found, number = failures(answers), len(answers)
    is_answered = any(answer.is_good for answer in answers)
    if len(found) > number // ONE_IN or (found and not is_answered):
        outcomes = Counter(answer.outcome for answer in found)
        told = "; ".join(f"{times} times {what}" for what, times in outcomes.most_common(_MOST_OUTCOMES))
        message = f"{len(found)} of {number} requests for {model} failed: {told}"
        return failed(group, name, message, remedy_for(found[0]))
    if answers and not is_answered:
        return skipped(group, name, f"throttled: all {number} requests for {model} were refused with HTTP 429")
    return None
