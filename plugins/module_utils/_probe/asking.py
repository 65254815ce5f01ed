# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks many questions at a time, and learns from the traces where each one went.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from ansible_collections.citadel.ai_gateway.plugins.module_utils._probe.gateway import GatewayClient
from ansible_collections.citadel.ai_gateway.plugins.module_utils._probe.tracing import Tracer
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.budget import LIMIT, Budget
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.observations import Observation
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.questions import Question

# What a gateway refuses for the moment is asked again so often: a quota of several backends may run out one after the
# other, and what throttles may then open a breaker.
MOST_AGAIN = 3
# Azure OpenAI counts quotas by the minute, and breakers rest for a minute unless they are told otherwise. Who asks for
# more waits than all of these together, like a quota of a day, is not waited for.
LONGEST_PAUSE = 60


@dataclass(frozen=True)
class Access:
    """With what a client shows itself: the key of a subscription, in the header that an API takes it in, and more.

    :ivar further: returns the headers that every request has.
    """

    key: str
    headers: dict[str, str]
    further: Callable[[], Mapping[str, str]] = dict

    def header(self, api: str) -> dict[str, str]:
        """Return the headers for an API."""
        return {**self.further(), self.headers.get(api, "api-key"): self.key}

    def __repr__(self) -> str:
        return "Access(***)"


@dataclass(frozen=True)
class Patience:
    """How long is waited for what a gateway refuses for the moment.

    :ivar what: what people call the questions.
    :ivar rests_for: returns for how many seconds breakers stay open that a question may meet.
    :ivar tell: shows a line about progress.
    """

    what: str
    rests_for: Callable[[Question], float]
    tell: Callable[[str], None]

    def wishes(self, answer: Observation, again: int) -> float | None:
        """Return after how many seconds a question is worth another try; None when it is not.

        :param again: how often it was asked again already.
        """
        if not answer.may_pass:
            return None
        if answer.retry_after is not None:
            return answer.retry_after if answer.retry_after <= MOST_AGAIN * LONGEST_PAUSE else None
        # A second more, for the clocks of several gateways.
        return self.rests_for(answer.question) + 1 if answer.met_open_breakers else 2.0**again

    def wait(self, answers: Sequence[Observation], seconds: float) -> None:
        """Say why some questions are asked again, and wait before it."""
        pause = min(LONGEST_PAUSE, math.ceil(seconds))
        reasons = Counter(
            "open circuit breakers" if answer.met_open_breakers else f"HTTP {answer.status}" for answer in answers
        )
        told = ", ".join(f"{number} met {reason}" for reason, number in reasons.items())
        self.tell(f"{self.what}: {told}, asked again in {pause} seconds")
        time.sleep(pause)


class Asker:
    """Asks as one client, so many questions at a time.

    :ivar asked: how many questions went out that an LLM answers; each time counts.
    :ivar exposed: where answers handed out credentials, by the name of the API.
    :ivar budget: where requests are taken that were not announced.
    """

    def __init__(self, gateway: GatewayClient, tracer: Tracer, concurrency: int, budget: Budget | None = None) -> None:
        self.gateway = gateway
        self.tracer = tracer
        self._concurrency = concurrency
        self.asked = 0
        self.exposed: dict[str, set[str]] = {}
        self.budget = budget or Budget()

    def ask(self, question: Question, access: Access, *, traced: bool = True) -> Observation:
        """Ask one question."""
        trace = self.tracer.credential(question.api) if traced else ""
        seen = self.gateway.ask(question, access.header(question.api), trace)
        if traced:
            self.tracer.complete(seen, access.key)
        if seen.attempts:
            seen.attempts = [replace(each, url=self._shown(each.url, access.key)) for each in seen.attempts]
        return seen

    def _shown(self, url: str, key: str) -> str:
        """Return the URL of an attempt as it may be shown: a policy may have put a credential into its path."""
        return self.gateway.masker.known(url, key)

    def ask_all(
        self,
        questions: Sequence[Question],
        access: Access,
        progress: Callable[[int], None] | None = None,
        *,
        traced: bool = True,
    ) -> list[Observation]:
        """Ask all questions and return what came back, in their order.

        :param progress: called with the number of answers so far.
        :param traced: whether traces shall tell where they went.
        """
        found: list[Observation] = []
        self.asked += sum(question.costs for question in questions)
        with ThreadPoolExecutor(self._concurrency) as executor:
            for seen in executor.map(lambda question: self.ask(question, access, traced=traced), questions):
                found.append(seen)
                if seen.exposes:
                    self.exposed.setdefault(seen.question.api, set()).update(seen.exposes)
                if progress:
                    progress(len(found))
        return found

    def ask_patiently(
        self,
        questions: Sequence[Question],
        access: Access,
        patience: Patience,
        progress: Callable[[int], None] | None = None,
    ) -> list[Observation]:
        """Ask all questions, and those again that are refused for the moment; return what tells most of each.

        That is a good answer, or else the last one that met more than open breakers: these tell of earlier requests.
        """
        answers = self.ask_all(questions, access, progress)
        latest, total = list(answers), 0
        for again in range(MOST_AGAIN):
            wishes = {
                number: wish for number, seen in enumerate(latest) if (wish := patience.wishes(seen, again)) is not None
            }
            waiting = {number: wish for number, wish in wishes.items() if self._may_ask_again(questions[number])}
            if len(waiting) < len(wishes):
                left = len(wishes) - len(waiting)
                patience.tell(f"{patience.what}: {left} cannot be asked again within {LIMIT}")
            if not waiting:
                break
            patience.wait([latest[number] for number in waiting], max(waiting.values()))
            found = self.ask_all([questions[number] for number in waiting], access)
            for number, seen in zip(waiting, found, strict=True):
                latest[number], answers[number] = seen, _more_telling(answers[number], seen)
            total += len(waiting)
        if total:
            patience.tell(f"{patience.what}: {total} requests were asked again")
        return answers

    def _may_ask_again(self, question: Question) -> bool:
        return not question.costs or bool(self.budget.take(1))


def _more_telling(before: Observation, now: Observation) -> Observation:
    """Return that of two answers to a question that tells more, with the others among its ``others``."""
    keeps = now.met_open_breakers and not before.met_open_breakers
    kept, other = (before, now) if keeps else (now, before)
    others = (*before.others, *now.others, replace(other, others=()))
    return replace(kept, others=others)
