# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Spreads: entries of a variable among those of the array or object around it."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.importer import import_parameters
from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.problems import ParameterFileError

from tests.unit.plugins.module_utils._bicep.parameter_files import variables_of, yaml_of

COMMENTED = """\
var models = [ // all
  // small
  'a' // cheap
  // more to come
]
param llmBackendConfig = [
  {
    supportedModels: [
      // shared
      ...models // by everyone
      // own
      'b'
    ]
  }
]
"""
INVENTORY = """\
---
llm_backends:
  - supported_models:
      # shared
      # by everyone
      # all
      # small
      - a # cheap
      # more to come
      # own
      - b
"""


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("[...models, { name: 'c' }]", ["a", "b", "c"]),
        ("[\n  { name: 'c' }\n  ...models\n]", ["c", "a", "b"]),
        ("[...models, ...[], ...models]", ["a", "b", "a", "b"]),
        ('[...[one], ...json(\'[{"name": "d"}]\')]', ["c", "d"]),
    ],
)
def test_arrays_are_spread(value: str, expected: list[str]) -> None:
    declared = "var models = [{ name: 'a' }, { name: 'b' }]\nvar one = { name: 'c' }\n"
    file = f"{declared}param llmBackendConfig = [{{ supportedModels: {value} }}]"
    models = variables_of(import_parameters(file, host="h"))["llm_backends"][0]["supported_models"]
    assert [model["name"] for model in models] == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("{ backendId: 'b', ...shared }", {"backend_id": "b", "priority": 1, "weight": 50}),
        ("{\n  ...shared\n  weight: 70\n}", {"priority": 1, "weight": 70}),
        ("{ weight: 70, ...shared }", {"weight": 50, "priority": 1}),
    ],
)
def test_of_properties_that_are_spread_the_last_counts(value: str, expected: dict[str, Any]) -> None:
    file = f"param llmBackendConfig = [{value}]\nvar shared = {{ priority: 1, weight: 50 }}"
    assert variables_of(import_parameters(file, host="h"))["llm_backends"] == [expected]


def test_comments_of_a_spread_arrive() -> None:
    assert yaml_of(import_parameters(COMMENTED, host="h")) == INVENTORY


def test_comments_of_an_empty_spread_go_to_what_follows() -> None:
    file = "var none = [ // yet\n]\nparam llmBackendConfig = [\n  // spread\n  ...none // here\n  {}\n  ...none\n]\n"
    assert yaml_of(import_parameters(file, host="h")) == (
        "---\nllm_backends:\n  # spread\n  # here\n  # yet\n  - {}\n  # yet\n"
    )


@pytest.mark.parametrize(
    ("value", "place", "message"),
    [
        ("[...shared]", 27, "what is spread here is not an array"),
        ("[{ ...['a'] }]", 29, "what is spread here is not an object"),
        ("[...readEnvironmentVariable('A')]", 27, "what is spread here is not an array"),
        ("[...unknown]", 30, "unknown is not declared in this file"),
        ("...shared", 26, "a spread with ... stands outside of [ ] and { }"),
        ("[{ backendId: concat(...shared) }]", 47, "a spread with ... stands outside of [ ] and { }"),
    ],
)
def test_what_cannot_be_spread_is_told(value: str, place: int, message: str) -> None:
    with pytest.raises(ParameterFileError) as raised:
        import_parameters(f"param llmBackendConfig = {value}\nvar shared = {{ priority: 1 }}", host="h")
    assert (place, message) in {(problem.place.column, problem.message) for problem in raised.value.problems}


def test_spreads_that_multiply_are_refused() -> None:
    file = f"var many = json('[{'1,' * 5000}1]')\nparam llmBackendConfig = [{'...many, ' * 500}]"
    with pytest.raises(ParameterFileError, match="values are more than 80 deep, or more than 200000"):
        import_parameters(file, host="h")
