# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Single answers: of models, streams, lists, and to what must be refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.checks import (
    FAILED,
    PASSED,
    SKIPPED,
    Check,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.judge_answers import (
    judge_entries,
    judge_lists,
    judge_models,
    judge_streams,
    judge_unknown,
    remedy_for,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.observations import (
    Attempt,
    Observation,
    Piece,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.questions import (
    Unasked,
    entry_question,
    listing_questions,
    question,
    unknown_questions,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.topology import Topology

from tests.unit.plugins.module_utils._routing.inventories import backend, external, plan_of
from tests.unit.plugins.module_utils._validation.observed import API, answer, sent

PLAN = plan_of(backend("a"), backend("b"), external("x", "gpt-4o", "claude"))
TOPOLOGY = Topology(PLAN)
POOL = "gpt-4o-backend-pool"


def judged(observation: Observation) -> Check:
    (check,) = judge_models([observation], [], TOPOLOGY)
    assert bool(check.remedy) == (check.outcome == FAILED)
    return check


@pytest.mark.parametrize(
    "attempts",
    [None, [], [sent(PLAN, "a-gpt-4o")], [sent(PLAN, "a-gpt-4o", 429), sent(PLAN, "x-gpt-4o")]],
    ids=["untraced", "cached", "at once", "by the next route"],
)
def test_the_right_answer_of_a_listed_backend_passes(attempts: list[Attempt] | None) -> None:
    check = judged(answer(attempts, route=POOL, duration_ms=1234.5))
    assert check == Check("models", "gpt-4o by POST /models/chat/completions", PASSED, duration_s=1.234)


@pytest.mark.parametrize(
    ("spoiled", "message"),
    [
        ({"content": None}, "the answer has no choices"),
        ({"content": {"choices": []}}, "the answer has no choices"),
        ({"content": ["choices"]}, "the answer has no choices"),
        ({"status": 404, "code": "DeploymentNotFound", "message": "No"}, "HTTP 404 DeploymentNotFound: No"),
        ({"status": None, "error": "ReadTimeout: Read timed out"}, "ReadTimeout: Read timed out"),
        ({"error": "the answer is not JSON but text/html"}, "HTTP 200: the answer is not JSON but text/html"),
        ({"route": "another-pool"}, f"the route another-pool answered, not {POOL} or x-gpt-4o"),
    ],
)
def test_any_other_answer_fails(spoiled: dict[str, Any], message: str) -> None:
    check = judged(answer(**spoiled))
    assert (check.outcome, check.message) == (FAILED, message)


def test_an_answer_of_somebody_else_fails() -> None:
    stranger = judged(answer([Attempt("https://stranger.example/v1/chat", 200)]))
    assert stranger.message == "https://stranger.example/v1/chat answered, which the inventory does not list for it"
    other_model = judged(replace(answer([sent(PLAN, "a-gpt-4o")]), question=question(API, "claude", "chat", {})))
    assert "which the inventory does not list for it" in other_model.message


def test_an_answer_of_another_deployment_of_the_same_backend_fails() -> None:
    plan = plan_of(backend("a", "gpt-4o", {"name": "o3", "deployment": "O3-eu"}))
    topology, account = Topology(plan), "https://a.cognitiveservices.azure.com/openai/deployments"
    asked = question(API, "o3", "chat", {})
    found = {
        name: next(iter(judge_models([answer([Attempt(f"{account}/{name}/chat", 200)], question=asked)], [], topology)))
        for name in ("o3-eu", "O3%2Deu", "gpt-4o", "o3")
    }
    assert [name for name, check in found.items() if check.outcome == FAILED] == ["gpt-4o", "o3"]
    assert found["gpt-4o"].message == "the deployment gpt-4o answered, which the inventory does not list for it there"


@pytest.mark.parametrize(
    ("model", "outcome"),
    [("", PASSED), ("GPT-4o", PASSED), ("omni?", PASSED), ("omni??", PASSED), ("gpt-4.1", FAILED), ("o3", FAILED)],
)
def test_an_answer_to_a_request_for_another_model_fails(model: str, outcome: str) -> None:
    plan = plan_of(backend("a", {"name": "gpt-4o", "aliases": ["omniü"]}, "o3"))
    (check,) = judge_models([answer(model=model)], [], Topology(plan))
    assert check.outcome == outcome
    if outcome == FAILED:
        assert check.message == "its header x-llm-model names another model"


@pytest.mark.parametrize(
    ("capability", "member"),
    [
        ("chat", "choices"),
        ("completions", "choices"),
        ("embeddings", "data"),
        ("images", "data"),
        ("responses", "output"),
    ],
)
def test_each_operation_has_its_answer(capability: str, member: str) -> None:
    asked = question(API, "gpt-4o", capability, {})
    assert judged(answer(question=asked, content={member: [1]})).outcome == PASSED
    assert judged(answer(question=asked, content={"other": [1]})).message == f"the answer has no {member}"


def test_what_cannot_be_asked_is_left_out() -> None:
    (check,) = judge_models([], [Unasked("whisper", "inference-api", "no operation")], TOPOLOGY)
    assert (check.name, check.outcome, check.message) == ("whisper by inference-api", SKIPPED, "no operation")


@pytest.mark.parametrize(
    ("fields", "part"),
    [
        ({"status": None}, "network from here"),
        ({"status": 302}, "redirects"),
        ({"status": 400, "code": "unsupported_model"}, "do not route it"),
        ({"status": 401}, "managed identity"),
        ({"status": 429}, "quota"),
        ({"status": 503, "code": "backend_unavailable"}, "connectivity"),
        ({"status": 418}, "logs of the API"),
    ],
)
def test_each_failure_has_a_remedy(fields: dict[str, Any], part: str) -> None:
    assert part in remedy_for(answer(**fields))


def streamed(*times_ms: float, **fields: Any) -> Check:
    """The check of a stream whose first piece tells of the prompt, with a part of the answer at each of these times."""
    pieces = [Piece(5.0, 50, has_text=False), *(Piece(at_ms, 300, has_text=True) for at_ms in times_ms)]
    given = {"pieces": pieces, "duration_ms": max(times_ms, default=5.0), **fields}
    (check,) = judge_streams([answer(**given)])
    assert check.group == "streaming"
    assert bool(check.remedy) == (check.outcome == FAILED)
    return check


def test_a_stream_comes_in_parts_and_to_its_end() -> None:
    check = streamed(20.0, 70.0, 120.0)
    assert (check.outcome, check.message) == (PASSED, "3 parts, the first after 20 ms, the last after 120 ms")


@pytest.mark.parametrize(
    ("fields", "part"),
    [
        ({"pieces": []}, "in 0 pieces, not as a stream"),
        ({"pieces": [Piece(1.0, 9, has_text=True)]}, "in 1 pieces, not as a stream"),
        ({"error": "the stream ended before its end"}, "before its end"),
        ({"status": 503}, "HTTP 503"),
    ],
)
def test_another_stream_fails(fields: dict[str, Any], part: str) -> None:
    check = streamed(20.0, 70.0, **fields)
    assert (check.outcome, part in check.message) == (FAILED, True)


def test_a_stream_without_a_part_of_an_answer_fails() -> None:
    pieces = [Piece(float(each), 50, has_text=False) for each in range(3)]
    check = streamed(pieces=pieces)
    assert (check.outcome, check.message) == (FAILED, "none of its 3 pieces holds a part of an answer")
    too_short = streamed(pieces=pieces, was_cut_short=True)
    assert "the limit of tokens was reached" in too_short.message
    assert "llm_validation_chat_options" in too_short.remedy


def test_a_stream_that_was_held_back_fails() -> None:
    check = streamed(*(2003.0 + number / 40 for number in range(40)))
    assert (check.outcome, check.message) == (FAILED, "its 40 parts came within 1 ms, after 2003 ms")
    assert 'buffer-response="false"' in check.remedy


def test_what_was_answered_before_the_right_answer_is_told() -> None:
    check = judged(answer(others=(answer(status=429), answer(status=502))))
    assert (check.outcome, check.message) == (PASSED, "asked 3 times, before answered HTTP 429, HTTP 502")


def test_who_is_throttled_is_not_said_to_be_dead() -> None:
    check = judged(answer([sent(PLAN, "a-gpt-4o", 429)], status=429, others=(answer(status=429),)))
    assert (check.outcome, check.message) == (FAILED, "HTTP 429; answered 429 2 times: its quota is used up")
    assert "the backend is not dead: raise its quota" in check.remedy
    own = judged(answer([], status=429))
    assert "the gateway itself refuses" in own.remedy


@pytest.mark.parametrize(
    "own", [answer([], status=401), answer(status=401, message="Access denied due to invalid subscription key.")]
)
def test_whom_the_gateway_itself_refuses_is_told_to_check_the_key(own: Observation) -> None:
    assert "llm_validation_subscription_key" in judged(own).remedy
    assert "the managed identity" in judged(answer([sent(PLAN, "a-gpt-4o", 401)], status=401)).remedy


def listing(content: Any, **fields: Any) -> Check:
    (check,) = judge_lists([answer(question=listing_questions([API])[0], content=content, **fields)], PLAN)
    return check


ENTRIES = [
    {"name": name, "id": account}
    for name, account in (("gpt-4o", "a"), ("gpt-4o", "b"), ("gpt-4o", "x"), ("claude", "x"), ("other", "of another"))
]


def test_a_list_with_every_deployment_passes() -> None:
    check = listing({"value": ENTRIES})
    assert (check.group, check.name, check.outcome) == ("listing", "GET /models/deployments", PASSED)
    assert check.message == "5 deployments"


def test_what_a_list_lacks_is_named() -> None:
    check = listing({"value": ENTRIES[2:]})
    assert (check.outcome, check.message) == (FAILED, "it lacks gpt-4o of a, gpt-4o of b")
    many = plan_of(*(backend(f"m{number}") for number in range(8)))
    (check,) = judge_lists([answer(content={"value": []})], many)
    assert check.message.endswith("gpt-4o of m4 and 3 more")


def test_a_list_has_one_spelling_of_a_model() -> None:
    plan = plan_of(backend("a", "gpt-4o"), backend("b", "GPT-4O"))
    entries = [{"name": "gpt-4o", "id": "a"}, {"name": "gpt-4o", "id": "b"}]
    (check,) = judge_lists([answer(content={"value": entries})], plan)
    assert (check.outcome, check.message) == (PASSED, "2 deployments")


@pytest.mark.parametrize("content", [None, [], {}, {"value": None}, {"value": {}}, {"value": ["gpt-4o"]}, "text"])
def test_what_is_no_list_fails(content: Any) -> None:
    check = listing(content)
    assert (check.outcome, check.message) == (FAILED, "the answer is no list of deployments")
    assert listing(content, status=401, code="x").message == "HTTP 401 x"


@pytest.mark.parametrize(
    ("content", "fields", "outcome", "message"),
    [
        ({"name": "GPT-4o"}, {}, PASSED, ""),
        ({"name": "claude"}, {}, FAILED, "the answer is not the entry of gpt-4o"),
        ([], {}, FAILED, "the answer is not the entry of gpt-4o"),
        ({}, {"status": 404, "code": "DeploymentNotFound"}, FAILED, "HTTP 404 DeploymentNotFound"),
    ],
)
def test_an_entry_is_that_of_the_model(content: Any, fields: dict[str, Any], outcome: str, message: str) -> None:
    (check,) = judge_entries([answer(question=entry_question(API, "gpt-4o"), content=content, **fields)])
    assert (check.outcome, check.message) == (outcome, message)
    assert check.name == "gpt-4o by GET /models/deployments/..."


@pytest.mark.parametrize(
    ("fields", "outcome"),
    [
        ({"status": 400, "code": "unsupported_model"}, PASSED),
        ({"status": 400, "code": "missing_model_parameter"}, FAILED),
        ({"status": 404, "code": "unsupported_model"}, FAILED),
        ({"status": 200}, FAILED),
        ({"status": None, "error": "cut"}, FAILED),
    ],
)
def test_an_unknown_model_is_refused_as_such(fields: dict[str, Any], outcome: str) -> None:
    (check,) = judge_unknown([answer(question=unknown_questions([API])[0], **fields)])
    assert (check.outcome, check.name) == (outcome, "an unknown model by POST /models/chat/completions")
