# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Retirement dates: told ahead, and excluded or refused when they are past."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.unit.plugins.module_utils._routing.inventories import backend, only_problem, plan_of, problems_of

TODAY = date(2026, 11, 22)
EXCLUDE = {"retired": "exclude"}


def model(name: str, day: str, **fields: Any) -> dict[str, Any]:
    return {"name": name, "retirement_date": day, **fields}


def warnings_of(*backends: dict[str, Any], **retirement: Any) -> list[str]:
    return list(plan_of(*backends, retirement=retirement or None, today=TODAY)["warnings"])


@pytest.mark.parametrize(
    ("day", "warnings"),
    [
        ("2026-11-21", ["retired on 2026-11-21, still routed to: m on a"]),
        ("2026-11-22", ["retires on 2026-11-22, in 0 days: m on a"]),
        ("2026-11-23", ["retires on 2026-11-23, in 1 day: m on a"]),
        ("2026-12-22", ["retires on 2026-12-22, in 30 days: m on a"]),
        ("2026-12-23", []),
    ],
)
def test_a_date_is_told_thirty_days_ahead(day: str, warnings: list[str]) -> None:
    assert warnings_of(backend("a", model("m", day))) == warnings


@pytest.mark.parametrize(("days", "count"), [(0, 0), (29, 0), (30, 1), ("30", 1)])
def test_how_far_ahead_is_a_setting(days: Any, count: int) -> None:
    assert len(warnings_of(backend("a", model("m", "2026-12-22")), warn_days=days)) == count


def test_dates_are_told_in_order_and_one_by_one() -> None:
    late = [model(f"m{number}", "2026-12-01") for number in range(7)]
    assert warnings_of(backend("a", *late), backend("b", model("m0", "2026-01-01"))) == [
        "retired on 2026-01-01, still routed to: m0 on b",
        "retires on 2026-12-01, in 9 days: m0 on a, m1 on a, m2 on a, m3 on a, m4 on a and 2 more",
    ]


def test_without_a_date_of_today_nothing_is_compared() -> None:
    listed = backend("a", model("m", "2000-01-01"))
    assert plan_of(listed, retirement={"retired": "fail"})["warnings"] == []
    assert plan_of(listed, retirement=EXCLUDE)["models"]


def test_a_retired_deployment_is_excluded_on_demand() -> None:
    backends = (
        backend("a", model("m", "2026-11-21", aliases=["x"], fallbacks=["n"]), "n"),
        backend("b", "M", model("old", "2020-01-01", aliases=["older"], fallbacks=["n"])),
    )
    plan = plan_of(*backends, retirement=EXCLUDE, today=TODAY)
    assert [entry["name"] for entry in plan["models"]] == ["m", "n"]
    first = plan["models"][0]
    assert (first["aliases"], [each["backend_id"] for each in first["deployments"]]) == (["x"], ["b"])
    assert [hop["route"] for hop in first["hops"]] == ["b-M", "a-n"]
    assert [each["description"] for each in plan["backends"][:2]] == [
        "LLM backend (ai-foundry): n",
        "LLM backend (ai-foundry): M",
    ]
    assert plan["warnings"][-3:] == [
        "retired on 2020-01-01, excluded: old on b",
        "retired on 2026-11-21, excluded: m on a",
        "no longer served, nor by their fallbacks, because all their deployments are excluded: old, older",
    ]
    kept = plan_of(*backends, today=TODAY)
    assert len(kept["models"]) == 3
    assert not [warning for warning in kept["warnings"] if "no longer served" in warning]


def test_fallbacks_to_what_is_excluded_are_left_out() -> None:
    plan = plan_of(
        backend("a", {"name": "m", "fallbacks": ["old", "p-backend-pool"]}, model("old", "2020-01-01")),
        backend("b", "p"),
        backend("c", model("p", "2020-01-01")),
        retirement=EXCLUDE,
        today=TODAY,
    )
    assert [hop["route"] for hop in plan["models"][0]["hops"]] == ["a-m", "b-p"]
    alone = backend("a", {"name": "m", "fallbacks": ["old"]}, model("old", "2020-01-01"))
    (route,) = plan_of(alone, retirement=EXCLUDE, today=TODAY)["routes"]
    assert (route["name"], route["scope"]) == ("a", "backend")


def test_an_account_whose_models_are_all_excluded_stays() -> None:
    plan = plan_of(backend("a", model("old", "2020-01-01")), retirement=EXCLUDE, today=TODAY)
    assert [(each["name"], each["description"]) for each in plan["backends"]] == [("a", "LLM backend (ai-foundry)")]
    assert plan["models"] == plan["routes"] == []


def test_a_retired_deployment_fails_on_demand() -> None:
    listed = backend("a", "n", model("m", "2026-11-21"), model("o", "2026-11-22"))
    problem = only_problem(listed, retirement={"retired": "fail"}, today=TODAY)
    assert problem.path == "llm_backends[0].supported_models[1].retirement_date"
    assert problem.message == "'m' retired on 2026-11-21, and llm_retirement.retired is fail"
    assert problem.remedy == "remove the model, or set llm_retirement.retired to exclude or keep"


@pytest.mark.parametrize(
    ("retirement", "path"),
    [
        ("keep", "llm_retirement"),
        ({"warn_days": -1}, "llm_retirement.warn_days"),
        ({"warn_days": 3651}, "llm_retirement.warn_days"),
        ({"retired": "drop"}, "llm_retirement.retired"),
        ({"warn": 3}, "llm_retirement.warn"),
    ],
)
def test_a_setting_is_refused_with_its_place(retirement: Any, path: str) -> None:
    (problem,) = problems_of(backend("a"), retirement=retirement, today=TODAY)
    assert problem.path == path
