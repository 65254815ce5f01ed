# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Public names: aliases and fallbacks of models."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.plugins.module_utils._routing.inventories import backend, external, only_problem, plan_of, problems_of

PTU = {"name": "ptu", "deployment": "gpt-4o-ptu", "sku": "GlobalProvisionedManaged"}
KEY = {"auth_scheme": "api_key", "credential": {"named_value": "the-key"}}


def chain_of(plan: dict[str, Any], model: str) -> list[tuple[str, str]]:
    """Return (route, model served there) of each hop of a model."""
    (found,) = (each for each in plan["models"] if each["name"] == model)
    return [(hop["route"], hop["model"]) for hop in found["hops"]]


def status_codes_of(plan: dict[str, Any]) -> dict[str, list[str]]:
    return {each["name"]: each["circuit_breaker"]["status_codes"] for each in plan["backends"]}


def test_aliases_of_all_entries_are_names_of_the_model() -> None:
    plan = plan_of(
        backend("a", {"name": "GPT-4o", "aliases": ["Chat", "gpt-4O", "chat"]}),
        backend("b", {"name": "gpt-4o", "aliases": ["CHAT", "default"]}),
    )
    (model,) = plan["models"]
    assert (model["aliases"], model["keys"]) == (["Chat", "default"], ["gpt-4o", "chat", "default"])
    assert [each["aliases"] for each in model["deployments"]] == [["Chat", "default"], ["Chat", "default"]]


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ("CHAT", "is 'Chat', the name of another model ('CHAT')"),
        ({"name": "m", "aliases": ["chat"]}, "is 'chat', an alias of another model ('gpt-4o')"),
    ],
)
def test_an_alias_of_two_models_is_refused(other: Any, message: str) -> None:
    problem = only_problem(backend("a", {"name": "gpt-4o", "aliases": ["x", "Chat"]}), backend("b", other))
    assert problem.path.endswith(
        ("llm_backends[0].supported_models[0].aliases[1]", "[1].supported_models[0].aliases[0]")
    )
    assert (problem.message, problem.remedy) == (message, "give each model aliases of its own")


def test_fallbacks_follow_the_routes_of_their_model_in_order_and_once() -> None:
    plan = plan_of(
        backend("a", {**PTU, "fallbacks": ["chat", "gpt-4o", "small"]}, {"name": "gpt-4o", "aliases": ["chat"]}),
        backend("b", "gpt-4o", {"name": "small", "fallbacks": ["ptu"]}),
    )
    assert chain_of(plan, "ptu") == [
        ("a-gpt-4o-ptu", "ptu"),
        ("gpt-4o-backend-pool", "gpt-4o"),
        ("b-small", "small"),
    ]
    assert chain_of(plan, "small") == [("b-small", "small"), ("a-gpt-4o-ptu", "ptu")]
    assert chain_of(plan, "gpt-4o") == [("gpt-4o-backend-pool", "gpt-4o")]
    assert {route["scope"] for route in plan["routes"]} == {"deployment"}
    assert {route["name"]: route["models"] for route in plan["routes"]} == {
        "a-gpt-4o-ptu": ["ptu"],
        "b-small": ["small"],
        "gpt-4o-backend-pool": ["gpt-4o"],
    }


def test_models_that_have_nothing_to_do_with_fallbacks_stay_as_they_are() -> None:
    plan = plan_of(backend("a", {**PTU, "fallbacks": ["gpt-4o"]}, "gpt-4o", "Phi-4"))
    assert [(route["name"], route["scope"]) for route in plan["routes"]] == [
        ("a", "backend"),
        ("a-gpt-4o", "deployment"),
        ("a-gpt-4o-ptu", "deployment"),
    ]


@pytest.mark.parametrize("pool", ["gpt-4o-backend-pool", "GPT-4o-Backend-Pool"])
def test_a_fallback_may_be_one_pool_of_a_model(pool: str) -> None:
    plan = plan_of(
        backend("a", {**PTU, "fallbacks": [pool]}, "gpt-4o"),
        backend("b"),
        external("x", "gpt-4o", priority=2, **KEY),
    )
    assert chain_of(plan, "gpt-4o")[1:] == [("x-gpt-4o", "gpt-4o")]
    assert chain_of(plan, "ptu") == [("a-gpt-4o-ptu", "ptu"), ("gpt-4o-backend-pool", "gpt-4o")]


def test_a_model_comes_before_a_pool_of_the_same_name() -> None:
    plan = plan_of(backend("a", PTU | {"fallbacks": ["m-backend-pool"]}, "m"), backend("b", "m", "m-backend-pool"))
    assert chain_of(plan, "ptu")[1] == ("b-m-backend-pool", "m-backend-pool")


@pytest.mark.parametrize(
    ("fallback", "message", "remedy"),
    [
        ("gpt4o", "is 'gpt4o', which is no model, alias or pool of the inventory", "write 'gpt-4o'"),
        ("xyz", "is 'xyz', which is no model", "write a name or alias of a model, or the name of its pool"),
        ("B", "is 'B', a backend; fallbacks are", "name a model instead: 'phi-4.1' is one that it serves"),
        (
            "b-phi-41",
            "is 'b-phi-41', a backend; fallbacks are",
            "name a model instead: 'phi-4.1' is one that it serves",
        ),
        ("gpt4o-backend-pool", "is 'gpt4o-backend-pool', which is no model", "write 'gpt-4o-backend-pool'"),
        ("PTU", "is 'PTU', the model itself", "name another model, or remove it"),
        ("reserved", "is 'reserved', the model itself", "name another model, or remove it"),
    ],
)
def test_a_fallback_that_leads_nowhere_is_refused(fallback: str, message: str, remedy: str) -> None:
    ptu = {**PTU, "aliases": ["reserved"], "fallbacks": ["gpt-4o", fallback]}
    problem = only_problem(backend("a", ptu, "gpt-4o"), backend("b", "gpt-4o", "phi-4.1"))
    assert problem.path == "llm_backends[0].supported_models[0].fallbacks[1]"
    assert message in problem.message
    assert problem.remedy == remedy


def test_backends_of_one_name_do_not_hide_a_fallback_that_leads_nowhere() -> None:
    models = ({"name": "m", "fallbacks": ["xyz"]}, "n")
    paths = [problem.path for problem in problems_of(backend("a", *models), backend("A", *models))]
    assert paths == ["llm_backends[1].backend_id", "llm_backends[0].supported_models[0].fallbacks[0]"]


def test_a_fallback_that_is_an_alias_and_another_models_pool_is_refused() -> None:
    ptu = {**PTU, "fallbacks": ["GPT-4o-backend-pool"]}
    small = {"name": "small", "aliases": ["gpt-4o-Backend-Pool"]}
    problem = only_problem(backend("a", ptu, "gpt-4o", small), backend("b"))
    assert problem.path == "llm_backends[0].supported_models[0].fallbacks[0]"
    assert problem.message == "is 'gpt-4o-backend-pool', an alias of one model and the pool of another"
    assert problem.remedy == "write the name of the model that is meant, or give it another alias"
    assert chain_of(plan_of(backend("a", ptu, small)), "ptu")[1:] == [("a-small", "small")]
    own = {"name": "gpt-4o", "aliases": ["gpt-4o-backend-pool"]}
    assert chain_of(plan_of(backend("a", ptu, own), backend("b")), "ptu")[1:] == [("gpt-4o-backend-pool", "gpt-4o")]


def test_a_model_does_not_fall_back_to_its_own_pool() -> None:
    own = {"name": "gpt-4o", "fallbacks": ["gpt-4o-backend-pool"]}
    problem = only_problem(backend("a", own), backend("b"))
    assert problem.path == "llm_backends[0].supported_models[0].fallbacks[0]"
    assert problem.message == "is 'gpt-4o-backend-pool', the model itself"


def test_fallbacks_are_given_once_or_alike() -> None:
    given = {**PTU, "fallbacks": ["chat", "small"]}
    others = backend("c", {"name": "gpt-4o", "aliases": ["chat"]}, "small")
    alike = plan_of(backend("a", given), backend("b", {**given, "fallbacks": ["GPT-4o", "small"]}), others)
    once = plan_of(backend("a", given), backend("b", PTU), others)
    assert chain_of(alike, "ptu") == chain_of(once, "ptu")
    for different in (["small", "chat"], ["small"], []):
        problem = only_problem(backend("a", given), backend("b", {**given, "fallbacks": different}), others)
        assert problem.path == "llm_backends[1].supported_models[0].fallbacks"
        assert problem.message == "differs from llm_backends[0].supported_models[0].fallbacks, of the same model"


def test_all_names_that_lead_nowhere_are_told_at_once() -> None:
    found = problems_of(
        backend("a", {"name": "m", "aliases": ["n"], "fallbacks": ["x", "y"]}, {"name": "n", "fallbacks": ["M"]})
    )
    assert [problem.path.removeprefix("llm_backends[0].supported_models[0].") for problem in found] == [
        "aliases[0]",
        "fallbacks[0]",
        "fallbacks[1]",
    ]


def test_only_the_refused_requests_leave_a_provisioned_deployment() -> None:
    plan = plan_of(backend("a", {**PTU, "fallbacks": ["gpt-4o"]}, "gpt-4o"))
    assert status_codes_of(plan) == {
        "a": ["500-599"],
        "a-gpt-4o": ["429", "500-599"],
        "a-gpt-4o-ptu": ["500-599"],
    }


@pytest.mark.parametrize("codes", [["429", "500-599"], ["429"]])
def test_status_codes_that_the_inventory_gives_win(codes: list[str]) -> None:
    models = ({**PTU, "fallbacks": ["gpt-4o"]}, "gpt-4o")
    for plan in (
        plan_of(backend("a", *models), circuit_breaker={"status_codes": codes}),
        plan_of(backend("a", *models, circuit_breaker={"status_codes": codes})),
    ):
        assert status_codes_of(plan)["a-gpt-4o-ptu"] == codes


def test_what_reserved_capacity_refuses_is_for_the_other_members_and_then_for_fallbacks() -> None:
    """Its breaker stays closed, so a pool would go on asking it; each priority of it is a step, before others."""
    reserved = {"name": "m", "sku": "ProvisionedManaged"}
    plan = plan_of(
        backend("standard", {"name": "m", "fallbacks": ["small"]}, "small"),
        backend("first", reserved),
        backend("twin", reserved, weight=50),
        backend("second", reserved, priority=2),
        backend("late", "m", priority=2),
    )
    assert [route for route, _model in chain_of(plan, "m")] == [
        "m-backend-pool",
        "standard-m",
        "second-m",
        "late-m",
        "standard-small",
    ]
    assert [each["backend"] for each in plan["pools"][0]["members"]] == ["first-m", "twin-m"]
    assert {route["name"]: route["retries"] for route in plan["routes"]}["m-backend-pool"] == 1
    assert [name for name, codes in status_codes_of(plan).items() if "429" not in codes and "-" in name] == [
        "first-m",
        "second-m",
        "twin-m",
    ]
    assert [warning.partition(",")[0] for warning in plan["warnings"][:2]] == [
        f"m: reserved capacity comes before other members of priority {priority}" for priority in (1, 2)
    ]


def test_reserved_capacity_whose_refusals_open_its_breaker_is_a_member_like_others() -> None:
    models = ({"name": "m", "sku": "ProvisionedManaged", "fallbacks": ["small"]}, "small")
    plan = plan_of(backend("a", *models, circuit_breaker={"status_codes": ["400-499"]}), backend("b", "m"))
    assert chain_of(plan, "m") == [("m-backend-pool", "m"), ("a-small", "small")]
    apart = plan_of(backend("a", *models, circuit_breaker={"status_codes": ["430-599"]}), backend("b", "m"))
    assert [route for route, _model in chain_of(apart, "m")] == ["a-m", "b-m", "a-small"]


def test_a_provisioned_deployment_is_spared_only_where_all_its_models_have_fallbacks() -> None:
    spilling = {**PTU, "fallbacks": ["gpt-4o"]}
    other = {"name": "reports", "deployment": "GPT-4o-PTU"}
    plan = plan_of(backend("a", spilling, other, "gpt-4o"), backend_scope="deployment")
    assert status_codes_of(plan)["a-gpt-4o-ptu"] == ["429", "500-599"]
    assert plan["warnings"][0] == (
        "ptu: gpt-4o-ptu on a is provisioned, but taken out for all when it refuses some requests, because reports "
        "lists it without fallbacks; give it some there too"
    )
    both = plan_of(backend("a", spilling, {**other, "fallbacks": ["gpt-4o"]}, "gpt-4o"))
    assert status_codes_of(both)["a-gpt-4o-ptu"] == ["500-599"]
    assert len(both["warnings"]) == 1


def test_a_provisioned_deployment_in_one_pool_with_others_is_a_warning() -> None:
    provisioned = {"name": "gpt-4o", "sku": "ProvisionedManaged"}
    (warning,) = plan_of(backend("a", provisioned), backend("b", priority=2))["warnings"]
    assert warning.startswith("gpt-4o-backend-pool: a provisioned deployment that refuses some requests is taken out")
    assert warning.endswith("name that in fallbacks")
    assert plan_of(backend("a", provisioned), backend("b", provisioned, priority=2), backend("c", "small"))["warnings"]
    assert plan_of(backend("a", provisioned), backend("b"))["warnings"] == []


def test_a_chain_that_retries_cannot_cross_is_a_warning() -> None:
    models = ({"name": "m", "fallbacks": ["n"]}, "n")
    plan = plan_of(*(backend(f"b{number}", *models) for number in range(10)))
    assert [warning.split(":")[0] for warning in plan["warnings"]] == ["m", "several routes are tried in order for m"]
    assert plan["warnings"][0] == (
        "m: a request may meet 27 failures before the breakers of all failing members of m-backend-pool are open, but "
        "is sent there 25 times at most; lower the count of the breakers"
    )


def test_a_single_backend_with_a_high_count_is_tried_once_and_no_warning() -> None:
    models = ({"name": "m", "fallbacks": ["n"]}, "n")
    plan = plan_of(backend("a", *models, circuit_breaker={"count": 60}))
    assert [warning.split(":")[0] for warning in plan["warnings"]] == ["several routes are tried in order for m"]


def test_routes_that_no_attempt_is_left_for_are_a_warning() -> None:
    names = [f"n{number:02}" for number in range(51)]
    (warning, _hubs) = plan_of(backend("a", {"name": "m", "fallbacks": names}, *names))["warnings"]
    assert warning == "m: a request tries the first 51 of its 52 routes at most"
    assert len(plan_of(backend("a", {"name": "m", "fallbacks": names[1:]}, *names))["warnings"]) == 1
