# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backends that no request for a model reached, by what their accounts answer."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.checks import (
    FAILED,
    PASSED,
    SKIPPED,
    Check,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.judge_unreached import (
    Unproven,
    judge_unreached,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.observations import Attempt, Observation
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.questions import account_question

from tests.unit.plugins.module_utils._validation.observed import API, AZURE, INFERENCE

URL = "https://a.openai.azure.com/openai/files"
REASON = "no request reached it"


def judged(status: int | None = None, **fields: Any) -> Check:
    """The check of a backend whose account gave an answer, to which its own requests are added."""
    question = account_question([API], "a")
    assert question is not None
    answer = Observation(question, status=status, **fields)
    return judge_unreached("a-gpt-4o", "a", REASON, Unproven({"a": answer}, "raise something"))


def test_the_question_names_the_account_and_costs_nothing() -> None:
    question = account_question([INFERENCE, AZURE, API], "a")
    assert question is not None
    assert (question.method, question.path) == ("GET", "/openai/files?api-version=2024-10-21")
    assert question.headers == {"x-llm-backend": "a"}
    assert not question.costs
    assert account_question([INFERENCE], "a") is None


@pytest.mark.parametrize("traced", [True, False])
@pytest.mark.parametrize(
    ("status", "outcome"),
    [(200, PASSED), (401, FAILED), (403, FAILED), (500, FAILED), (502, FAILED), (404, SKIPPED), (400, SKIPPED),
     (405, SKIPPED), (429, SKIPPED)],
)  # fmt: skip
def test_what_an_account_answers_decides(status: int, outcome: str, traced: bool) -> None:
    check = judged(status, attempts=[Attempt(URL, status)] if traced else None)
    assert (check.group, check.name, check.outcome) == ("connectivity", "a-gpt-4o", outcome)
    assert check.message.startswith(f"{REASON}; asked for GET /models/files its account a answers HTTP {status}")
    assert bool(check.remedy) == (outcome == FAILED)
    assert check.message.endswith("proves no more than that it is there; raise something") == (outcome == SKIPPED)


def test_an_account_that_does_not_answer_fails_whatever_the_gateway_makes_of_it() -> None:
    check = judged(502, attempts=[Attempt(URL, None)], code="backend_unreachable")
    assert check.outcome == FAILED
    assert check.message.endswith("its account a does not answer (HTTP 502 backend_unreachable)")
    assert "network" in check.remedy


@pytest.mark.parametrize(
    "fields", [{"attempts": []}, {"code": "backend_pool_access_forbidden"}], ids=["by its trace", "by its code"]
)
def test_an_answer_of_the_gateway_itself_tells_nothing_of_the_account(fields: dict[str, Any]) -> None:
    check = judged(403, **fields)
    assert (check.outcome, check.message) == (SKIPPED, f"{REASON}: unproven; raise something")


def test_without_an_answer_it_stays_unproven() -> None:
    assert judge_unreached("b", "b", REASON, Unproven(remedy="raise something")).message == (
        f"{REASON}: unproven; raise something"
    )
    later = judge_unreached("b", "b", REASON, Unproven(remedy="raise something", later={"b"}))
    assert later.message == f"{REASON}: unproven; failover makes it serve"
