# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks many questions at a time, and learns from the traces where each one went.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from ansible_collections.citadel.ai_gateway.plugins.module_utils._probe.gateway import GatewayClient
from ansible_collections.citadel.ai_gateway.plugins.module_utils._probe.tracing import Tracer
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.budget import Budget
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.observations import Observation
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.questions import Question


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


class Asker:
    """Asks as one client, so many questions at a time.

    :ivar asked: how many questions went out that an LLM answers.
    :ivar budget: where requests are taken that were not announced.
    """

    def __init__(self, gateway: GatewayClient, tracer: Tracer, concurrency: int, budget: Budget | None = None) -> None:
        self.gateway = gateway
        self.tracer = tracer
        self._concurrency = concurrency
        self.asked = 0
        self.budget = budget or Budget()

    def ask(self, question: Question, access: Access) -> Observation:
        """Ask one question."""
        trace = self.tracer.credential(question.api)
        seen = self.gateway.ask(question, access.header(question.api), trace)
        self.tracer.complete(seen, access.key)
        return seen

    def ask_all(
        self, questions: Sequence[Question], access: Access, progress: Callable[[int], None] | None = None
    ) -> list[Observation]:
        """Ask all questions and return what came back, in their order.

        :param progress: called with the number of answers so far.
        """
        found: list[Observation] = []
        with ThreadPoolExecutor(self._concurrency) as executor:
            for seen in executor.map(lambda question: self.ask(question, access), questions):
                found.append(seen)
                if progress:
                    progress(len(found))
        self.asked += sum(seen.question.costs and not seen.met_open_breakers for seen in found)
        return found
