# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The result of a service, put together from what several modules found."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.checks import (
    FAILED,
    GROUPS,
    PASSED,
    SKIPPED,
    Check,
    passed,
    skipped,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.result import validation_result
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.plugins.module_utils._validation.probed import BAD, COMPARED, GOOD, SEEN, probe

SERVICE = {"name": "apim-hub", "resource_group": "rg-hub"}


def test_one_failed_check_fails_the_service() -> None:
    assert validation_result(SERVICE, None, None, [probe(GOOD)])["outcome"] == PASSED
    assert validation_result(SERVICE, None, None, [probe(GOOD, skipped("shares", "p", "no"))])["outcome"] == PASSED
    assert validation_result(SERVICE, None, None, [probe(GOOD, BAD)])["outcome"] == FAILED
    assert validation_result(SERVICE, COMPARED, SEEN, [probe(GOOD)])["outcome"] == FAILED


def test_a_result_names_the_service_and_is_json() -> None:
    found = validation_result(SERVICE, COMPARED, None, [probe(GOOD, shares=[{"pool": "p"}])])
    assert json.loads(json.dumps(found)) == found
    assert {name: found[name] for name in ("service", "resource_group", "gateway_url", "sku", "location")} == {
        "service": "apim-hub",
        "resource_group": "rg-hub",
        "gateway_url": "https://gw.example",
        "sku": "Developer",
        "location": "Sweden Central",
    }
    assert found["checks"][1] == {
        "group": "models",
        "name": "gpt-4o",
        "outcome": "passed",
        "message": "",
        "remedy": "",
        "duration_s": 0.012,
    }
    assert (found["shares"], found["failover"], found["models"]) == ([{"pool": "p"}], [], [])


def test_several_probes_add_up() -> None:
    calm = probe(GOOD, shares=[1], models=["old"], started="2026-11-30T10:00:00Z")
    failing = probe(passed("failover", "p"), shares=[], failover=[2], models=["new"], started="2026-11-30T10:05:00Z")
    found = validation_result(SERVICE, None, None, [calm, failing])
    assert (found["started"], found["duration_s"]) == ("2026-11-30T10:00:00Z", 3.0)
    assert found["calls"] == {"planned": 20, "made": 18}
    assert (found["shares"], found["failover"], found["models"]) == ([1], [2], ["new"])


def test_groups_come_in_the_order_in_which_people_read_them() -> None:
    mixed = [passed(group, "x") for group in reversed(GROUPS)]
    found = validation_result(SERVICE, COMPARED, SEEN, [probe(*mixed)])
    groups = [check["group"] for check in found["checks"]]
    assert groups == sorted(groups, key=GROUPS.index)
    assert set(groups) == set(GROUPS)


@pytest.mark.parametrize(("fields", "message"), [({"msg": "403"}, "403"), ({}, "could not be tried")])
def test_a_module_that_failed_is_a_failed_check(fields: dict[str, Any], message: str) -> None:
    broken = {"failed": True, **fields}
    found = validation_result(SERVICE, broken, broken, [broken])
    assert [(check["group"], check["outcome"]) for check in found["checks"]] == [
        ("configuration", "failed"),
        ("prerequisites", "failed"),
        ("connectivity", "failed"),
    ]
    assert message in found["checks"][-1]["message"]
    assert (found["gateway_url"], found["started"], found["duration_s"]) == ("", "", 0)
    assert found["calls"] == {"planned": 0, "made": 0}


def test_what_one_probe_found_stays_when_another_failed() -> None:
    found = validation_result(SERVICE, None, None, [probe(GOOD, shares=[1]), {"failed": True, "msg": "max_calls"}])
    assert (found["outcome"], found["shares"], found["gateway_url"]) == (FAILED, [1], "https://gw.example")


def test_a_prerequisite_keeps_its_remedy() -> None:
    (check,) = validation_result(SERVICE, None, SEEN, [])["checks"]
    assert (check["name"], check["message"], check["remedy"]) == ("role of a", "no role", "grant it")


def test_what_two_probes_found_alike_counts_once() -> None:
    found = validation_result(SERVICE, None, None, [probe(BAD), probe(BAD)])
    assert len(found["checks"]) == 1


@pytest.mark.parametrize("checks", [[], [skipped("shares", "p", "no traces"), skipped("models", "m", "no API")]])
def test_where_nothing_was_looked_at_nothing_passed(checks: list[Check]) -> None:
    assert validation_result(SERVICE, None, None, [probe(*checks)])["outcome"] == SKIPPED


def test_what_stopped_a_validation_is_a_failed_check() -> None:
    found = validation_result(SERVICE, None, None, [], failure=("the inventory", "llm_backends[0] has no endpoint"))
    assert found["outcome"] == FAILED
    (check,) = found["checks"]
    assert (check["group"], check["name"], check["outcome"]) == ("configuration", "the inventory", FAILED)
    assert check["message"] == "llm_backends[0] has no endpoint"


def test_where_nothing_may_be_skipped_a_skipped_check_has_failed() -> None:
    checks = [passed("models", "m"), skipped("shares", "p", "no traces"), skipped("latency", "l", "no requests")]
    found = validation_result(SERVICE, None, None, [probe(*checks)], required=["shares", "models"])
    outcomes = {check["group"]: check["outcome"] for check in found["checks"]}
    assert (found["outcome"], outcomes) == (FAILED, {"models": PASSED, "shares": FAILED, "latency": SKIPPED})
    (check,) = (check for check in found["checks"] if check["group"] == "shares")
    assert check["message"] == "skipped, which llm_validation_required forbids for shares: no traces"
    assert "take shares out of llm_validation_required" in check["remedy"]


CHECKS = st.builds(
    Check,
    st.sampled_from(GROUPS),
    st.sampled_from(["x", "x (2)", "x (3)", "y"]),
    st.sampled_from([PASSED, FAILED]),
    st.sampled_from(["", "m", "n"]),
)


@given(st.lists(CHECKS, max_size=12))
def test_no_check_is_lost_and_names_are_unique(checks: list[Check]) -> None:
    found = validation_result(SERVICE, None, None, [probe(*checks)])
    names = [(check["group"], check["name"]) for check in found["checks"]]
    assert len(names) == len(set(names)) == len(set(checks))
    assert found["outcome"] == min((check.outcome for check in checks), default=SKIPPED)
