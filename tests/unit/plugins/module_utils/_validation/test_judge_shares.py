# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How pools spread requests: by one sample, and by two."""

from __future__ import annotations

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.checks import FAILED, PASSED, SKIPPED
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.judge_shares import (
    ShareSample,
    judge_shares,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.observations import Attempt, Observation
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.schedule import Repeat
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.topology import Topology

from tests.unit.plugins.module_utils._routing.inventories import backend, external, plan_of
from tests.unit.plugins.module_utils._validation.observed import answer, chat, sent

PLAN = plan_of(
    backend("a", weight=70),
    backend("b", weight=30),
    backend("c", priority=2),
    external("x", priority=3),
    backend_scope="deployment",
)
A, B, C, X = "a-gpt-4o", "b-gpt-4o", "c-gpt-4o", "x-gpt-4o"
TOPOLOGY = Topology(PLAN)
POOL = TOPOLOGY.chain("gpt-4o")[0]


def sample(*observations: Observation) -> ShareSample:
    return ShareSample(Repeat(chat(), len(observations), POOL), POOL, observations, TOPOLOGY)


def served(**numbers: int) -> list[Observation]:
    names = {"a": A, "b": B, "c": C, "x": X}
    return [answer([sent(PLAN, names[name])]) for name, number in numbers.items() for _ in range(number)]


def test_shares_by_weight_pass_with_their_numbers() -> None:
    check, shares = judge_shares(sample(*served(a=42, b=18)), None, "")
    assert (check.group, check.name, check.outcome) == ("shares", "gpt-4o-backend-pool", PASSED)
    assert check.message == (
        f"{A} 42 (weight says 42), {B} 18 (weight says 18), {C} 0 (weight says 0); "
        "would have shown a share that is off by 18 points"
    )
    assert shares is not None
    assert shares["p_value"] > 0.9
    assert (shares["pool"], shares["model"], shares["requests"]) == ("gpt-4o-backend-pool", "gpt-4o", 60)
    assert shares["members"][0] == {"backend": A, "weight": 70, "priority": 1, "expected": 0.7, "served": 42}


@pytest.mark.parametrize("numbers", [{"a": 18, "b": 42}, {"a": 60}, {"a": 42, "b": 17, "c": 1}])
def test_shares_by_other_weights_or_priorities_fail_when_a_larger_sample_shows_them(numbers: dict[str, int]) -> None:
    first, second = (sample(*served(**numbers) * times) for times in (1, 5))
    assert first.is_suspicious
    check, shares = judge_shares(first, second, "")
    assert check.outcome == FAILED
    assert check.message.startswith("of 360 requests, measured twice: ")
    assert check.remedy
    assert shares is not None
    assert (shares["outcome"], shares["requests"]) == (FAILED, 360)


def test_a_smaller_deviation_fails_by_both_samples_together() -> None:
    first, second = sample(*served(a=33, b=27)), sample(*served(a=170, b=130))
    assert 0.001 < first.p_value < 0.1
    assert judge_shares(first, second, "")[0].outcome == FAILED


def test_an_unlikely_sample_of_a_right_pool_passes_by_both_together() -> None:
    first = sample(*served(a=34, b=26))
    assert first.is_suspicious
    check, shares = judge_shares(first, sample(*served(a=211, b=89)), "")
    assert check.outcome == PASSED
    assert "off by 15 points" in check.message
    assert shares is not None
    assert shares["requests"] == 360


@pytest.mark.parametrize("numbers", [{"b": 60}, {"c": 60}], ids=["a member", "a whole priority"])
def test_a_first_sample_that_an_open_breaker_spoiled_is_left_out(numbers: dict[str, int]) -> None:
    """The breaker opened before the first request and closed after the last: no trace shows it."""
    check, shares = judge_shares(sample(*served(**numbers)), sample(*served(a=210, b=90)), "")
    assert check.outcome == PASSED
    assert shares is not None
    assert shares["requests"] == 300


def test_a_second_sample_that_only_leans_the_same_way_decides_nothing() -> None:
    check, shares = judge_shares(sample(*served(b=60)), sample(*served(a=195, b=105)), "")
    assert (check.outcome, shares) == (SKIPPED, None)
    assert "as if a breaker had been open; validate again" in check.message


def test_without_requests_for_a_second_sample_only_what_is_most_unlikely_is_undecided() -> None:
    check, shares = judge_shares(sample(*served(a=34, b=26)), None, "")
    assert check.outcome == PASSED
    assert "off by 29 points" in check.message
    assert shares is not None
    check, shares = judge_shares(sample(*served(a=18, b=42)), None, "")
    assert (check.outcome, shares) == (SKIPPED, None)
    assert "no requests were left to measure once more; raise llm_validation_max_calls (max_calls)" in check.message


def test_a_sample_too_small_to_show_anything_says_so() -> None:
    check, _shares = judge_shares(sample(*served(a=1)), None, "")
    assert check.outcome == PASSED
    assert "too few requests to show any deviation" in check.message


@pytest.mark.parametrize("strange", [X, ""], ids=["of another route", "of no route"])
def test_one_who_is_not_in_the_pool_is_named(strange: str) -> None:
    place = sent(PLAN, strange) if strange else Attempt("https://stranger.example/v1", 200)
    first, second = sample(*served(a=42, b=18), answer([place])), sample(*served(a=209, b=90), answer([place]))
    assert first.is_suspicious
    check, _shares = judge_shares(first, second, "")
    assert check.outcome == FAILED
    assert f"{strange or 'https://stranger.example/v1'} 2 (not in the pool)" in check.message


@pytest.mark.parametrize(
    ("odd", "reason"),
    [
        (answer(None), "the gateway kept no trace of 1 of 61 requests"),
        (answer([]), "the gateway kept no trace of 1 of 61 requests"),
        (answer([sent(PLAN, A, 429), sent(PLAN, B)]), "1 of 61 requests met a failure, which moves the shares"),
        (answer(None, status=503), "1 of 61 requests met a failure, which moves the shares"),
        (answer([], status=503), "1 of 61 requests met a failure, which moves the shares"),
        (answer(None, status=None, error="cut"), "1 of 61 requests met a failure, which moves the shares"),
    ],
    ids=["untraced", "asked nobody", "failed over", "refused", "breakers open", "no answer"],
)
@pytest.mark.parametrize("numbers", [{"a": 42, "b": 18}, {"a": 18, "b": 42}], ids=["right", "wrong"])
def test_what_does_not_tell_of_weights_alone_gives_no_verdict(
    odd: Observation, reason: str, numbers: dict[str, int]
) -> None:
    found = sample(*served(**numbers), odd)
    assert not found.is_suspicious
    check, shares = judge_shares(found, None, "")
    assert (check.outcome, check.message, shares) == (SKIPPED, reason, None)
    suspicious = sample(*served(a=18, b=42))
    check, shares = judge_shares(suspicious, found, "")
    assert (check.outcome, check.message, shares) == (SKIPPED, reason, None)


def test_traces_that_end_in_the_middle_give_no_verdict() -> None:
    check, shares = judge_shares(sample(*served(a=42, b=18)), None, "403: no traces")
    assert (check.outcome, check.message, shares) == (SKIPPED, "403: no traces", None)


def test_no_requests_give_no_verdict() -> None:
    check, shares = judge_shares(sample(), None, "")
    assert (check.outcome, shares) == (SKIPPED, None)
