# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Goes through the checks of a gateway, one kind after the other, and tells how far it is.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.errors import (
    ArmError,
    DeadlineExceeded,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._probe.asking import Access, Asker, Patience
from ansible_collections.citadel.ai_gateway.plugins.module_utils._probe.measuring import Measuring
from ansible_collections.citadel.ai_gateway.plugins.module_utils._probe.products import ProductQuestions, try_products
from ansible_collections.citadel.ai_gateway.plugins.module_utils._probe.service import Product, ServiceReader
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.checks import SKIPPED, Check, skipped
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.held_back import held_back
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.judge_answers import (
    judge_entries,
    judge_lists,
    judge_models,
    judge_streams,
    judge_unknown,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.judge_backends import (
    judge_backends,
    reached,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.judge_exposed import judge_exposed
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.judge_failover import judge_failover
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.judge_latency import (
    judge_latency,
    latencies,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.judge_repeats import judge_unanswered
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.judge_unreached import Unproven
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.leaks import judge_leaks
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.model_options import ModelOptions
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.observations import Observation
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.questions import (
    Question,
    account_question,
    entry_question,
    listing_questions,
    unknown_questions,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.restrictions import judge_products
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.schedule import Schedule
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.topology import Topology
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.trials import Trial, shown_trial

# Answers between two lines about progress.
_STEP = 25


class Validation:
    """The traffic of one validation: what is asked, in which order, and what is found.

    :ivar checks: what was found so far.
    :ivar measured: parts of the result, by name.
    """

    def __init__(
        self,
        plan: Mapping[str, Any],
        apis: Sequence[Mapping[str, str]],
        schedule: Schedule,
        asker: Asker,
        access: Access,
        tell: Callable[[str], None],
    ) -> None:
        self._plan = plan
        self._apis = apis
        self._schedule = schedule
        self._asker = asker
        self._access = access
        self._tell = tell
        self._topology = Topology(plan)
        self._seen: list[Observation] = []
        self.checks: list[Check] = []
        self.measured: dict[str, Any] = {}

    def check_lists(self) -> None:
        """Read the list of models by each API, and one entry of it."""
        self._tell("reading the lists of models")
        lists = self._ask("lists of models", listing_questions(self._apis))
        self.checks += judge_lists(lists, self._plan)
        names = [model["name"] for model in self._plan["models"] if not set(model["name"]) & set("\\/?#{}%")]
        if names:
            entries = [entry_question(api, names[0]) for api in self._apis]
            self.checks += judge_entries(self._ask("entries of lists", entries))

    def check_models(self) -> None:
        """Ask every model by every API."""
        questions = self._schedule.questions
        answers = self._ask("models", questions.asked, shows=True)
        self._note(answers)
        self.checks += judge_models(answers, questions.unasked, self._topology)

    def check_streams(self) -> None:
        """Ask for streams."""
        answers = self._ask("streams", self._schedule.streams, shows=True)
        self._note(answers)
        answers = [self._quicker(answer) for answer in answers]
        self.checks += judge_streams(answers)
        self.measured["streaming"] = [
            {
                "model": each.question.model,
                "first_chunk_ms": round(each.parts[0].at_ms, 1),
                "total_ms": round(each.duration_ms, 1),
                "chunks": len(each.parts),
            }
            for each in answers
            if each.is_good and each.parts
        ]

    def measure(self, options: ModelOptions, *, latency: bool) -> None:
        """Ask each model many times: for the shares of its pool, and for latency."""
        measuring = Measuring(self._asker, self._access, self._topology, self._tell)
        for repeat in self._schedule.repeats:
            measuring.measure(repeat)
        self._seen += measuring.seen
        self.checks += measuring.checks
        self.checks += [skipped("shares", name, reason) for name, reason in self._schedule.unmeasured.items()]
        self.measured["shares"] = measuring.shares
        if latency:
            self._judge_latency(options, {repeat.question.model for repeat in self._schedule.repeats})

    def _judge_latency(self, options: ModelOptions, repeated: Collection[str]) -> None:
        """Judge the latency of all models, those too that gave no answer whose latency could be measured."""
        answers = [each for each in self._seen if not each.question.streams]
        found = self.measured["latency"] = latencies(answers, self._topology)
        self.checks += judge_latency(found, options)
        told = {each["model"] for each in found} | {
            check.name for check in self.checks if check.group == "latency" and check.name in repeated
        }
        self.checks += [
            judge_unanswered(model, [each for each in answers if each.question.model == model])
            for model in sorted(set(repeated) - told)
        ]

    def check_access(self, products: Sequence[ProductQuestions], reader: ServiceReader) -> None:
        """Ask for a model that nobody serves, and as a client of each product that restricts models for one of both."""
        self._tell("asking for what must be refused")
        self.checks += judge_unknown(self._ask("unknown models", unknown_questions(self._apis)))
        trials = try_products(products, reader, self._ask_as, self._apis)
        self.checks += judge_products(trials)
        if not products:
            self.checks.append(skipped("access", "forbidden models", "no product restricts models or pools"))

    def judge_backends(self, credentials: Mapping[str, frozenset[str]], remedy: str) -> None:
        """Judge backends by all that the gateway sent them; those without a request by what their accounts store.

        :param remedy: what lets requests reach a backend.
        """
        accounts = self._topology.accounts()
        found = reached(self._seen, self._topology)
        wanted = dict.fromkeys(account for name, account in sorted(accounts.items()) if name not in found)
        questions = {account: each for account in wanted if (each := account_question(self._apis, account))}
        if questions:
            self._tell(f"asking {len(questions)} accounts that no request reached for what they store")
        answers = self._ask("accounts", list(questions.values()))
        later = {member.backend for failover in self._schedule.failovers for member in failover.members}
        unproven = Unproven(dict(zip(questions, answers, strict=True)), remedy, later)
        untraced = self._asker.tracer.unavailable
        self.checks += judge_backends(self._seen, self._topology, untraced, credentials, unproven)

    def judge_failovers(self, trials: Sequence[Trial], credentials: Mapping[str, frozenset[str]], remedy: str) -> None:
        """Judge the models whose backends were made to fail, and by what went to the others these."""
        self.checks += [judge_failover(trial, self._topology) for trial in trials]
        self.checks += [skipped("failover", name, reason) for name, reason in self._schedule.unable.items()]
        shown = [trial for trial in trials if not trial.error and not trial.left_behind]
        self.measured["failover"] = [shown_trial(trial, self._topology) for trial in shown]
        seen = [each for trial in trials for each in trial.of_the_well(self._topology)]
        tried = {member.backend for trial in trials for member in trial.failover.members}
        untraced = self._asker.tracer.unavailable
        for check in judge_backends(seen, self._topology, untraced, credentials, Unproven(remedy=remedy)):
            if check.outcome != SKIPPED or check.name in tried:
                self.checks.append(check)

    def judge_leaks(self, reader: ServiceReader, products: Sequence[Product]) -> None:
        """Look for credentials that can be read in the service; what ARM does not show is not judged."""
        self._tell("looking for credentials that can be read")
        try:
            policies = reader.policies(self._apis, products)
            backends, named_values = reader.collection("backends"), reader.collection("namedValues")
            planned = [each["name"] for each in self._plan["backends"]]
            self.checks += judge_leaks(backends, named_values, policies, planned)
        except DeadlineExceeded:
            raise
        except ArmError as error:
            self.checks.append(skipped("secrets", "what can be read in API Management", str(error)))

    def judge_answers(self) -> None:
        """Judge all answers by whether they hand out credentials."""
        self.checks += judge_exposed(self._asker.exposed)

    def _ask_as(self, question: Question, access: Access) -> Observation:
        """Ask as another client than that of the validation."""
        (answer,) = self._ask("products", [question], access=access)
        return answer

    def _ask(
        self, what: str, questions: Sequence[Question], *, shows: bool = False, access: Access | None = None
    ) -> list[Observation]:
        """Ask, and again what the gateway refuses for the moment.

        :param shows: whether to tell how many answers have come.
        :param access: as whom; as the client of the validation if it is not given.
        """
        progress = self._progress(what, len(questions)) if shows else None
        patience = Patience(what, self._rests_for, self._tell)
        return self._asker.ask_patiently(questions, access or self._access, patience, progress)

    def _rests_for(self, question: Question) -> float:
        """Return for how many seconds breakers stay open that a question may meet."""
        known = question.model in self._topology.models
        return max((route.rests_for for route in self._topology.chain(question.model)), default=0) if known else 0

    def _note(self, answers: Sequence[Observation]) -> None:
        """Keep what answers tell of backends."""
        self._seen += [each for answer in answers for each in answer.evidence]

    def _quicker(self, answer: Observation) -> Observation:
        """Return a stream, or another one of the same question where it seems to be held back.

        A busy machine may have kept this client from reading it in time, and nobody promises that traces, which are
        left out now, do not collect what they tell of.
        """
        if not answer.is_good or not held_back(answer.pieces, answer.duration_ms) or not self._asker.budget.take(1):
            return answer
        self._tell(f"streams: that of {answer.question.model} seems to be held back, asked once more without a trace")
        (other,) = self._asker.ask_all([answer.question], self._access, traced=False)
        return other if other.is_good else answer

    def _progress(self, what: str, number: int) -> Callable[[int], None]:
        """Return what tells of every so many answers, and of the last one."""

        def progress(done: int) -> None:
            if done == number or done % _STEP == 0:
                self._tell(f"{what}: {done} of {number}")

        return progress
