# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an inventory is refused for, and what the refusal says."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.module_utils.parsing.convert_bool import boolean
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.plan import build_plan
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.problems import InventoryError

from tests.unit.plugins.module_utils._routing.inventories import (
    IDENTITY,
    backend,
    external,
    only_problem,
    plan_of,
    problems_of,
)

HUGE = 10**5000  # more digits than Python, and so pytest, writes out
MISSING = object()


@pytest.mark.parametrize(
    ("field", "value", "message", "remedy"),
    [
        ("backend_id", MISSING, "is missing", "write a name of 1 to 80 letters"),
        ("backend_id", "", "is empty", "write a name of 1 to 80 letters"),
        ("backend_id", "1st", "is '1st'", "starting with a letter"),
        ("backend_id", "a.b", "is 'a.b'", "letters, digits and hyphens"),
        ("backend_id", "a-", "is 'a-'", "ending with a letter or digit"),
        ("backend_id", "a" * 81, "(83 characters)", "1 to 80"),
        ("backend_id", ["a"], "is a list of 1, not a string", "write a name"),
        pytest.param("backend_id", HUGE, "is an integer of 16610 bits, not a string", "write a name", id="huge id"),
        ("backend_type", MISSING, "is missing", "write one of ai-foundry, azure-openai, external"),
        ("backend_type", "azureOpenai", "is 'azureOpenai'", "write azure-openai"),
        ("backend_type", "bedrock", "is 'bedrock'", "write one of ai-foundry"),
        ("auth_scheme", "managedIdentity", "is 'managedIdentity'", "write managed_identity"),
        ("auth_scheme", "none", "is 'none'", "write one of managed_identity, api_key, token"),
        ("endpoint", MISSING, "is missing", "write an https URL"),
        ("endpoint", "h.openai.azure.com", "which is not a URL of a host", "write an https URL"),
        ("endpoint", "http://h", "which is not https", "write an https URL"),
        ("endpoint", "ftp://h", "which is not https", "write an https URL"),
        ("endpoint", "https://h:port", "which is not a URL", "write an https URL"),
        ("endpoint", "https://[h", "which is not a URL", "write an https URL"),
        ("endpoint", "https://h/{{key}}", "which is not a URL of a host", "write an https URL"),
        ("endpoint", "https://h/\x00", "which is not a URL of a host", "write an https URL"),
        ("endpoint", "https://h/?a=b", "which has a query or a fragment", "write https://h"),
        ("endpoint", "https://h/#a", "which has a query or a fragment", "write https://h"),
        ("endpoint", f"https://h/{'a' * 2000}", "which is longer than 2000 characters", "write an https URL"),
        ("supported_models", MISSING, "is missing", "list at least one model"),
        ("supported_models", [], "is a list of 0", "list at least one model"),
        ("supported_models", "gpt-4o", "is 'gpt-4o'", "list at least one model"),
        ("priority", 0, "is 0", "write an integer from 1 to 5"),
        ("priority", 6, "is 6", "write an integer from 1 to 5"),
        ("priority", True, "is True", "write an integer from 1 to 5"),
        pytest.param("priority", HUGE, "is an integer of 16610 bits", "write an integer", id="huge priority"),
        ("weight", 1001, "is 1001", "write an integer from 1 to 1000"),
        ("weight", 0, "is 0", "write an integer from 1 to 1000"),
        ("weight", 1.5, "is 1.5", "write an integer from 1 to 1000"),
        ("weight", "ten", "is 'ten'", "write an integer from 1 to 1000"),
        ("circuit_breaker", "off", "is 'off', not a mapping", "write a mapping with enabled, count"),
    ],
)
def test_a_field_is_refused_with_path_and_remedy(field: str, value: Any, message: str, remedy: str) -> None:
    item = backend("b", **{field: value})
    if value is MISSING:
        del item[field]
    problem = only_problem(backend("a", "gpt-5"), item)
    assert problem.path == f"llm_backends[1].{field}"
    assert message in problem.message
    assert remedy in problem.remedy


@pytest.mark.parametrize(
    ("model", "path", "message"),
    [
        (None, "", "is None, not a mapping"),
        (["gpt-4o"], "", "is a list of 1, not a mapping"),
        ({}, ".name", "is missing"),
        ("", ".name", "is empty"),
        ("a\nb", ".name", r"is 'a\nb'"),
        ("\ud800", ".name", r"is '\ud800'"),
        ("x" * 257, ".name", "(259 characters)"),
        ("gpt-4o, gpt-4o-mini", ".name", "a comma stands between names"),
        ({"name": "m", "aliases": ["a,b"]}, ".aliases[0]", "a comma stands between names"),
        ("Non-LLM-Request", ".name", "which the policies use for requests without a model"),
        ({"name": "m", "capacity": -1}, ".capacity", "is -1"),
        ({"name": "m", "sku": ""}, ".sku", "is empty"),
        ({"name": "m", "retirement_date": "2027-02-30"}, ".retirement_date", "is '2027-02-30'"),
        ({"name": "m", "retirement_date": "soon"}, ".retirement_date", "is 'soon'"),
        ({"name": "m", "retirement_date": [HUGE]}, ".retirement_date", "is a list of 1"),
        ({"name": "m", "modelFormat": "OpenAI"}, ".modelFormat", "is not a known field"),
        ({"name": "m", "deployment": ""}, ".deployment", "is empty"),
        ({"name": "m", "deployment": "d" * 257}, ".deployment", "(259 characters)"),
        ({"name": "m", "deployment": "a\nb"}, ".deployment", r"is 'a\nb'"),
        ({"name": "m", "aliases": "n"}, ".aliases", "is 'n', not a list"),
        ({"name": "m", "aliases": ["n", None]}, ".aliases[1]", "is None"),
        ({"name": "m", "aliases": ["n", "non-llm-request"]}, ".aliases[1]", "which the policies use"),
        ({"name": "m", "aliases": ["x" * 257]}, ".aliases[0]", "(259 characters)"),
        ({"name": "m", "fallbacks": "gpt-4o"}, ".fallbacks", "not a list"),
        ({"name": "m", "fallbacks": [{"gpt-4o": 1}]}, ".fallbacks[0]", "is a mapping"),
        ({"name": "m", "capabilities": "chat"}, ".capabilities", "not a list"),
        ({"name": "m", "capabilities": ["chat", "a b"]}, ".capabilities[1]", "is not the name of a capability"),
    ],
)
def test_a_model_is_refused_with_its_place(model: Any, path: str, message: str) -> None:
    problem = only_problem(backend("b", "gpt-4o", model))
    assert problem.path == f"llm_backends[0].supported_models[1]{path}"
    assert message in problem.message


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("enabled", "maybe"),
        ("count", 0),
        ("count", 10_001),
        ("interval", "10 s"),
        ("interval", "PT0S"),
        ("interval", "PT\uff110S"),
        ("interval", "P"),
        ("interval", 0),
        ("interval", "9" * 5000),
        ("trip_duration", -5),
        ("trip_duration", "PT1.5S"),
        ("accept_retry_after", 2),
        ("status_codes", []),
        ("status_codes", "429"),
        ("status_codes", [429] * 11),
        ("error_reasons", "Timeout"),
        ("error_reasons", ["Timeout"] * 11),
    ],
)
@pytest.mark.parametrize("everywhere", [True, False])
def test_a_breaker_is_refused_with_its_place(field: str, value: Any, everywhere: bool) -> None:
    settings = {field: value}
    if everywhere:
        problem = only_problem(backend("b"), circuit_breaker=settings)
        assert problem.path == f"llm_circuit_breaker.{field}"
    else:
        problem = only_problem(backend("b", circuit_breaker=settings))
        assert problem.path == f"llm_backends[0].circuit_breaker.{field}"
    assert problem.remedy.startswith("write ")


@pytest.mark.parametrize(
    "code", ["42", "600", "4\uff129", "503-500", "429.0", True, None, pytest.param(HUGE, id="huge"), ["429"]]
)
def test_a_status_code_is_refused_with_its_index(code: Any) -> None:
    problem = only_problem(backend("b", circuit_breaker={"status_codes": [429, code]}))
    assert problem.path == "llm_backends[0].circuit_breaker.status_codes[1]"


@pytest.mark.parametrize(
    ("written", "remedy"),
    [("backendId", "write backend_id"), ("prioritty", "write priority"), ("xyz", "known fields are backend_id, ")],
)
def test_an_unknown_field_is_named_with_the_one_that_is_meant(written: str, remedy: str) -> None:
    problem = only_problem(backend("b", **{written: 1}))
    assert problem.path == f"llm_backends[0].{written}"
    assert problem.remedy.startswith(remedy)


@pytest.mark.parametrize("name", ["line\nbreak", "x" * 5000, "\ud800", pytest.param(HUGE, id="huge"), None])
def test_the_name_of_an_unknown_field_stays_on_its_line(name: Any) -> None:
    path = only_problem({**backend("b"), name: 1}).path
    assert path.isprintable()
    assert len(path) < 120


@pytest.mark.parametrize(
    ("service", "path"),
    [
        ({"apim_subscription_id": "x"}, "apim_subscription_id"),
        ({"apim_resource_group": "ends."}, "apim_resource_group"),
        ({"apim_resource_group": ""}, "apim_resource_group"),
        ({"apim_service_name": "1st"}, "apim_service_name"),
        ({"apim_service_name": "a" * 51}, "apim_service_name"),
        ({"apim_service_name": None}, "apim_service_name"),
        ({"apim_service_name": True}, "apim_service_name"),
        pytest.param({"apim_service_name": HUGE}, "apim_service_name", id="huge"),
    ],
)
def test_a_service_is_refused_by_its_variable(service: dict[str, Any], path: str) -> None:
    valid = {"apim_subscription_id": IDENTITY["client_id"], "apim_resource_group": "rg", "apim_service_name": "apim"}
    assert plan_of(service=valid)
    assert only_problem(service=valid | service).path == path


@pytest.mark.parametrize(
    ("identity", "paths"),
    [
        (None, ["apim_managed_identity"]),
        ({}, ["apim_managed_identity"]),
        ("id", ["apim_managed_identity"]),
        ({"client_id": "x"}, ["apim_managed_identity.client_id"]),
        ({"client_id": IDENTITY["client_id"], "name": "id"}, ["apim_managed_identity"]),
        ({"name": "id"}, ["apim_managed_identity.resource_group"]),
        ({"subscription_id": "x", "resource_group": "rg"}, ["name", "subscription_id"]),
        ({"resource_group": "rg", "name": "id", "tenant": "t"}, ["apim_managed_identity.tenant"]),
    ],
)
def test_an_identity_is_refused_by_its_field(identity: Any, paths: list[str]) -> None:
    found = [problem.path for problem in problems_of(backend("b"), managed_identity=identity)]
    assert len(found) == len(paths)
    assert all(path.endswith(expected) for path, expected in zip(found, paths, strict=True))


@pytest.mark.parametrize("identity", [IDENTITY, {"resource_group": "rg", "name": "id"}])
def test_an_identity_by_client_id_or_by_name_is_enough(identity: dict[str, str]) -> None:
    assert plan_of(backend("b"), managed_identity=identity)["models"]


@pytest.mark.parametrize("owner", ["", None, 7, "two words", "-a", "a" * 65, "a]b"])
def test_an_owner_that_cannot_mark_is_refused(owner: Any) -> None:
    assert only_problem(backend("b"), owner=owner).path == "llm_owner"


@pytest.mark.parametrize("value", ["maybe", "", None, 2, -1, 0.5, []])
@pytest.mark.parametrize("variable", ["adopt", "prune", "preflight"])
def test_a_variable_that_is_true_or_false_must_be_clear(variable: str, value: Any) -> None:
    problem = only_problem(backend("b"), **{variable: value})
    assert (problem.path, problem.remedy) == (f"llm_{variable}", "write true or false")


@pytest.mark.parametrize(
    ("value", "expected"),
    [(value, True) for value in (True, "yes", "On", "y", "T", 1, "1", 1.0, " true ")]
    + [(value, False) for value in (False, "no", "OFF", "n", "f", 0, "0", 0.0, "False")],
)
def test_booleans_are_what_ansible_takes_for_one(value: Any, expected: bool) -> None:
    assert boolean(value) is expected  # type: ignore[no-untyped-call]
    plan = plan_of(backend("b", circuit_breaker={"enabled": value}), preflight=value)
    assert plan["preflight"] is expected
    assert plan["backends"][0]["circuit_breaker"]["enabled"] is expected


@pytest.mark.parametrize("delay", ["soon", -3, 1.5, None, True, 86_401])
def test_a_delay_is_a_number_of_seconds(delay: Any) -> None:
    problem = only_problem(backend("b"), prune_delay=delay)
    assert (problem.path, problem.remedy) == ("llm_prune_delay", "write a number of seconds from 0 to 86400")


def test_the_remedy_for_a_duration_tells_of_whole_seconds() -> None:
    problem = only_problem(backend("b", circuit_breaker={"interval": 0.5}))
    assert problem.remedy == "write an ISO 8601 duration such as PT10S, or a whole number of seconds above 0"


def test_a_list_of_backends_is_empty_on_purpose_only() -> None:
    with pytest.raises(InventoryError) as refusal:
        build_plan(None)
    (problem,) = refusal.value.problems
    assert (problem.path, problem.message) == ("llm_backends", "is missing")
    assert "write [] where an inventory is to have none" in problem.remedy
    assert build_plan([])["models"] == []


@pytest.mark.parametrize("prune", [True, "yes", "True", 1])
def test_an_inventory_without_backends_never_empties_a_gateway(prune: Any) -> None:
    problem = only_problem(prune=prune)
    assert problem.path == "llm_backends"
    assert problem.remedy == "list the backends, or set llm_prune to false"
    assert plan_of(backend("b"), prune=prune)["backends"]


@pytest.mark.parametrize("prune", [False, "no", "false", 0])
def test_an_inventory_without_backends_is_one_where_nothing_is_removed(prune: Any) -> None:
    assert plan_of(prune=prune)["backends"] == []


def test_ids_that_differ_in_case_alone_are_refused() -> None:
    problem = only_problem(backend("East"), backend("west"), backend("EAST"))
    assert problem.path == "llm_backends[2].backend_id"
    assert problem.message == "'EAST' is already the id of llm_backends[0]"


def test_a_thirty_first_backend_of_a_model_is_refused() -> None:
    problem = only_problem(*(backend(f"b{number}") for number in range(31)))
    assert problem.path == "llm_backends[30].supported_models"
    assert problem.message == "31 backends serve 'gpt-4o', but a pool holds 30"


def test_a_token_of_entra_never_goes_to_an_external_provider() -> None:
    problem = only_problem(external("mistral", auth_scheme="managed_identity"))
    assert (problem.path, problem.remedy) == ("llm_backends[0].auth_scheme", "write api_key or token")


def test_all_problems_come_at_once_in_the_order_of_reading() -> None:
    with pytest.raises(InventoryError) as refusal:
        build_plan([{"backend_id": "1"}, "x"], circuit_breaker=[], owner="", service=5)
    assert [problem.path for problem in refusal.value.problems] == [
        "llm_circuit_breaker",
        "llm_backends[0].backend_id",
        "llm_backends[0].backend_type",
        "llm_backends[0].auth_scheme",
        "llm_backends[0].endpoint",
        "llm_backends[0].supported_models",
        "llm_backends[1]",
        "llm_owner",
        "service",
    ]
    text = str(refusal.value).splitlines()
    assert text[0] == "The inventory has 9 problems; nothing was written:"
    assert text[1:] == [f"  - {problem}" for problem in refusal.value.problems]


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://user:s3cret@host",
        "https://s3cret@host",
        "https://user:s3cret/x@host",
        "https://user:s3cret?x@host",
        "https://user:s3\u2100cret@host/s3cret",
        "https://user@s3cret@host",
        "https:/user:s3cret@host",
        "user:s3cret@host",
        "https://host/?api-key=s3cret",
        "https://host/?api-key=a@s3cret",
        "https://host/#s3cret",
    ],
)
def test_secrets_of_an_endpoint_never_appear(endpoint: str) -> None:
    problem = only_problem(external("b", endpoint=endpoint))
    assert problem.path == "llm_backends[0].endpoint"
    assert "s3" not in str(problem)
    assert "cret" not in str(problem)


@pytest.mark.parametrize(
    "value",
    [
        {"east": {"api_key": "s3cret"}},
        [{"api_key": "s3cret"}],
        "https://user:s3cret@host",
        "https://user:p@s3cret@host",
    ],
)
@pytest.mark.parametrize("field", ["backend_id", "backend_type", "supported_models", "priority", "circuit_breaker"])
def test_secrets_in_the_wrong_place_never_appear(field: str, value: Any) -> None:
    for problem in problems_of(backend("b", **{field: value})):
        assert "s3cret" not in str(problem)


def test_an_unknown_field_never_shows_its_value() -> None:
    assert "s3cret" not in str(only_problem(backend("b", api_key="s3cret")))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("auth_scheme", "Bearer s3cret"),
        ("auth_scheme", "s3cret-of-mine"),
        ("auth_scheme", "sk-abcdefghijkl"),
        ("backend_type", "s3cret key"),
        ("backend_id", "Bearer s3cret"),
        ("priority", "sk-abcdefghijkl"),
        ("endpoint", "https://host.example/sk-abcdefghijkl x"),
        ("endpoint", "https://host.example/s3cret/chat/completions"),
        ("endpoint", "https://host.example/s3cret?x=1"),
        ("endpoint", "Bearer s3cret"),
        ("endpoint", "s3cret"),
        ("endpoint", "https://s3cret key/v1"),
    ],
)
def test_what_may_be_a_secret_is_not_quoted(field: str, value: str) -> None:
    problem = only_problem(backend("b", **{field: value}))
    assert problem.path == f"llm_backends[0].{field}"
    assert "s3cret" not in str(problem)
    assert "abcdefghijkl" not in str(problem)


@pytest.mark.parametrize("name", ["s3cret", "sk-abcdefghijkl", "Bearer x", "a" * 41])
def test_the_name_of_an_unknown_field_may_be_a_secret(name: str) -> None:
    problem = only_problem({**backend("b"), name: True})
    assert (problem.path, problem.message) == ("llm_backends[0]", "field 6 is not a known one (its name is not shown)")
    assert name not in problem.remedy
