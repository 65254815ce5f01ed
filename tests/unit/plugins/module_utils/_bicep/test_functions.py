# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Functions that convert one value: what they give, and where their result is not certain."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.importer import import_parameters
from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.problems import ParameterFileError

from tests.unit.plugins.module_utils._bicep.parameter_files import variables_of

DECLARED = "param apim = { name: 'apim-1' }\nvar name = 'x'\nvar held = { by: 'y' }\n"
NO_BOOLEAN = "bool has neither 'true' nor 'false' nor an integer as its value or default"
NO_INTEGER = "int has no integer as its value or default"
NO_JSON = "json has a text that is no JSON, is too deep, or has other numbers than integers of 64 bits"


def value_of(expression: str) -> Any:
    """The value of an expression, as a variable of the inventory holds it."""
    imported = import_parameters(f"{DECLARED}param inferenceAPIPath = {expression}\n")
    return variables_of(imported)["llm_universal_api"]["path"]


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("bool('tRue')", True),
        ("bool('false')", False),
        ("bool(-1)", True),
        ("bool(0)", False),
        ("int('-7')", "-7"),
        ("int(7)", "7"),
        ("toLower('GPT-4o')", "gpt-4o"),
        ("toUpper('ab')", "AB"),
        ("string(7)", "7"),
        ("'${string(int('07'))}'", "7"),
        ("any('a')", "a"),
        ("json('null')", None),
        ("json('true')", True),
        ('json(\'{"a": ["b", {"c": "d"}]}\').a[1].c', "d"),
        ("name!", "x"),
        ("held!.by", "y"),
    ],
)
def test_literals_are_converted(expression: str, value: Any) -> None:
    assert value_of(expression) == value


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("bool(readEnvironmentVariable('A', 'False'))", "{{ @'A', default='False') | bool }}"),
        ("sys.int(readEnvironmentVariable('A'))", "{{ @'A', default=undef()) | int }}"),
        ("int(int(readEnvironmentVariable('A', '1')))", "{{ @'A', default='1') | int }}"),
        ("'a-${toLower(readEnvironmentVariable('A', 'B'))}'", "a-{{ @'A', default='B') | lower }}"),
        ("toUpper('a-${readEnvironmentVariable('A', 'B')}')", "A-{{ @'A', default='B') | upper }}"),
        ("string(readEnvironmentVariable('A', 'b'))", "{{ @'A', default='b') }}"),
    ],
)
def test_what_the_environment_holds_is_converted_when_it_is_read(expression: str, value: str) -> None:
    assert value_of(expression) == value.replace("@", "lookup('ansible.builtin.env', ")


def test_a_number_around_a_text_is_a_number() -> None:
    file = "param llmBackendConfig = [{ weight: int('70'), priority: int(readEnvironmentVariable('P', '1')) }]"
    assert variables_of(import_parameters(file, host="h"))["llm_backends"] == [
        {"weight": 70, "priority": "{{ lookup('ansible.builtin.env', 'P', default='1') | int }}"}
    ]


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("bool('yes')", NO_BOOLEAN),
        ("bool(readEnvironmentVariable('A', ''))", NO_BOOLEAN),
        ("int('1.5')", NO_INTEGER),
        ("int(true)", NO_INTEGER),
        ("int(readEnvironmentVariable('A', 'x'))", NO_INTEGER),
        ("int('1${readEnvironmentVariable('A')}')", "int has more than an environment variable in it"),
        ("bool(int(readEnvironmentVariable('A')))", "bool converts what int gives"),
        ("string(int(readEnvironmentVariable('A')))", "string converts what the environment holds"),
        ("json(readEnvironmentVariable('A'))", "json converts what the environment holds"),
        ("json('{')", NO_JSON),
        ("json('1.5')", NO_JSON),
        ("json('123456789012345678901')", NO_JSON),
        ("json('[\"\\\\ud800\"]')", NO_JSON),
        (f"json('{'[' * 100_000}')", NO_JSON),
        ("string(true)", "string has neither a string nor an integer as its argument"),
        ("toLower('É')", "toLower or toUpper has other letters than A to Z in its argument"),
        ("toLower(['a'])", "toLower has an array or an object as its argument"),
        ("int()", "int has not one argument"),
        ("int(unknown)", "unknown is not declared in this file"),
    ],
)
def test_what_is_not_certain_is_refused(expression: str, message: str) -> None:
    with pytest.raises(ParameterFileError) as raised:
        value_of(expression)
    assert [problem.message for problem in raised.value.problems] == [message]


def test_a_string_holds_nothing_that_bool_or_int_converts() -> None:
    with pytest.raises(ParameterFileError) as raised:
        value_of("'${int(readEnvironmentVariable('A'))}'")
    assert [str(problem).partition("; ")[::2] for problem in raised.value.problems] == [
        (
            "line 4, column 29: a string contains what int makes of an environment variable",
            "write readEnvironmentVariable without int",
        )
    ]
