# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backends, judged by what the gateway sent them."""

from __future__ import annotations

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.checks import (
    FAILED,
    PASSED,
    SKIPPED,
    Check,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.judge_backends import judge_backends
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.judge_unreached import Unproven
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.observations import Attempt, Observation
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.topology import (
    Topology,
    credential_headers,
)

from tests.unit.plugins.module_utils._routing.inventories import backend, external, plan_of
from tests.unit.plugins.module_utils._validation.observed import answer, sent

KEY = {"auth_scheme": "api_key", "credential": {"named_value": "the-key"}}
PLAN = plan_of(backend("a"), backend("b"), backend("c", priority=2), backend_scope="deployment")
UNPROVEN = Unproven(remedy="set something")
A, B, C = "a-gpt-4o", "b-gpt-4o", "c-gpt-4o"


def judged(
    *observations: Observation,
    plan: dict[str, object] = PLAN,
    untraced: str = "",
    unproven: Unproven = UNPROVEN,
) -> dict[str, Check]:
    """The checks by group and name."""
    found = list(judge_backends(observations, Topology(plan), untraced, credential_headers(plan), unproven))
    checks = {f"{check.group} {check.name}": check for check in found}
    assert len(checks) == len(found)
    return checks


def test_backends_that_answer_pass_and_one_that_was_never_asked_is_left_out() -> None:
    found = judged(answer([sent(PLAN, A)]), answer([sent(PLAN, A)]), answer([sent(PLAN, B)]))
    assert {name: check.outcome for name, check in found.items()} == {
        f"connectivity {A}": PASSED,
        f"secrets requests to {A}": PASSED,
        f"connectivity {B}": PASSED,
        f"secrets requests to {B}": PASSED,
        f"connectivity {C}": SKIPPED,
    }
    assert found[f"connectivity {A}"].message == "2 requests"
    assert found[f"connectivity {C}"].message == (
        "no request reached it: it stands behind others, or its weight is too small for so few requests: unproven; "
        "set something"
    )


def test_a_dead_backend_is_named_although_clients_got_their_answers() -> None:
    found = judged(*[answer([sent(PLAN, A, None), sent(PLAN, B)])] * 3, *[answer([sent(PLAN, B)])] * 50)
    dead = found[f"connectivity {A}"]
    assert (dead.outcome, dead.message) == (FAILED, "3 of 3 requests failed: 3 times no answer")
    assert "endpoint" in dead.remedy
    assert found[f"connectivity {B}"].outcome == PASSED


@pytest.mark.parametrize(
    ("statuses", "outcome"),
    [
        ([200] * 9 + [500], PASSED),
        ([200] * 8 + [500] * 2, FAILED),
        ([429] * 9 + [200], PASSED),
        ([200] * 5 + [429] * 4 + [None], FAILED),
        ([None], FAILED),
        ([401], FAILED),
    ],
    ids=["one of ten", "two of ten", "throttled at times", "throttled and silent", "silent", "401"],
)
def test_single_failures_are_told_and_many_fail(statuses: list[int | None], outcome: str) -> None:
    found = judged(*(answer([sent(PLAN, A, status)]) for status in statuses))[f"connectivity {A}"]
    assert found.outcome == outcome
    assert bool(found.remedy) == (outcome == FAILED)
    assert any(status == 200 for status in statuses) or str(len(statuses)) in found.message


def test_a_backend_that_only_throttles_is_not_judged() -> None:
    found = judged(*(answer([sent(PLAN, A, 429)]) for _ in range(9)))[f"connectivity {A}"]
    assert found.outcome == SKIPPED
    assert found.message == "throttled: 9 times HTTP 429 in 9 requests; raise its quota, or add a backend"


def test_the_worst_failure_gives_the_remedy() -> None:
    statuses = [429] * 5 + [401] * 2 + [403]
    found = judged(*(answer([sent(PLAN, A, status)]) for status in statuses))[f"connectivity {A}"]
    assert found.message == "8 of 8 requests failed: 5 times HTTP 429, 2 times HTTP 401, 1 times HTTP 403"
    assert "managed identity" in found.remedy


def test_who_is_in_no_inventory_is_named() -> None:
    found = judged(answer([Attempt("https://stranger.example/v1/chat", 500), sent(PLAN, A)]))
    stranger = found["connectivity https://stranger.example/v1/chat"]
    assert stranger.outcome == FAILED
    assert "does not list" in stranger.message


@pytest.mark.parametrize(
    ("observations", "untraced", "reason"),
    [
        ([answer(None)], "403: no traces", "403: no traces"),
        ([answer(None), answer(None)], "", "the gateway kept no trace of any request"),
        ([], "", "no request reached it"),
        ([answer(None), answer([sent(PLAN, B)])], "", "no request reached it"),
    ],
    ids=["refused", "none kept", "nothing asked", "some kept"],
)
def test_without_traces_nothing_is_claimed(observations: list[Observation], untraced: str, reason: str) -> None:
    found = judged(*observations, untraced=untraced)[f"connectivity {A}"]
    assert found.outcome == SKIPPED
    assert reason in found.message


def test_traces_that_end_in_the_middle_still_count() -> None:
    found = judged(answer([sent(PLAN, A, 500)]), answer(None), untraced="403: no traces")
    assert [found[f"connectivity {name}"].outcome for name in (A, B)] == [FAILED, SKIPPED]


def test_two_backends_with_one_url_are_not_taken_for_each_other() -> None:
    plan = plan_of(*(external(name, endpoint="https://x.example/v1", **KEY) for name in ("one", "two")))
    found = judged(answer([Attempt("https://x.example/v1/chat/completions", 200)]), plan=plan)
    assert found["connectivity one"].outcome == PASSED
    assert found["connectivity two"].outcome == SKIPPED
    assert "one URL with one" in found["connectivity two"].message


def test_the_key_of_the_caller_must_stay_in_the_gateway() -> None:
    found = judged(answer([sent(PLAN, A)]), answer([sent(PLAN, A, carries_key=True)]))[f"secrets requests to {A}"]
    assert (found.outcome, found.message) == (FAILED, "they carry the subscription key of the caller")


@pytest.mark.parametrize(
    ("headers", "foreign"),
    [
        (("authorization", "content-type", "host"), ""),
        (("api-key", "authorization", "cookie"), "api-key, cookie"),
        (("ocp-apim-subscription-key",), "ocp-apim-subscription-key"),
    ],
)
def test_a_backend_gets_no_credential_but_its_own(headers: tuple[str, ...], foreign: str) -> None:
    found = judged(answer([sent(PLAN, A, headers=headers)]))[f"secrets requests to {A}"]
    assert found.outcome == (FAILED if foreign else PASSED)
    assert foreign in found.message


def test_a_credential_that_somebody_else_gave_a_backend_is_not_foreign() -> None:
    plan = plan_of(external("x"))
    found = judged(answer([sent(plan, "x", headers=("api-key", "authorization"))]), plan=plan)
    assert found["secrets requests to x"].outcome == PASSED
    own = plan_of(external("x", **KEY))
    found = judged(answer([sent(own, "x", headers=("api-key", "authorization"))]), plan=own)
    assert found["secrets requests to x"].message.endswith("api-key")
