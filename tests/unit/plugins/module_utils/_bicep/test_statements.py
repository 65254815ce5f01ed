# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Statements of parameter files with what stands above them: decorators, directives, and what has no counterpart."""

from __future__ import annotations

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.importer import import_parameters
from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.problems import ParameterFileError, Place

from tests.unit.plugins.module_utils._bicep.parameter_files import yaml_of


def test_descriptions_are_comments() -> None:
    file = (
        "// above\n@description('''\nOne\nTwo''')\n@export()\n// between\nvar unused string = 'x'\n\n"
        "@sys.description('Three')\nparam llmBackendConfig = []\n"
    )
    imported = import_parameters(file, host="h")
    assert yaml_of(imported) == "---\n# above\n# One\n# Two\n# between\n\n# Three\nllm_backends: []\n"
    assert imported.warnings == ()


def test_decorators_that_bicep_refuses_itself_are_told() -> None:
    file = "@secure()\nparam llmBackendConfig = []\n@description('${x}')\nvar x = 'y'\n"
    assert [warning.partition("; ")[::2] for warning in import_parameters(file, host="h").warnings] == [
        (
            "line 1, column 1: @secure says nothing about the value of a parameter and was left out",
            "remove it: in a parameter file Bicep takes decorators above var alone (BCP130)",
        ),
        (
            "line 3, column 2: @description is no plain string and was left out",
            "write its text itself, or a comment",
        ),
    ]


def test_directives_for_the_linter_are_read_past() -> None:
    file = "#disable-next-line no-unused-params\nparam llmBackendConfig = [\n  #restore-diagnostics BCP1\n]\n"
    assert yaml_of(import_parameters(file, host="h")) == "---\nllm_backends: []\n"


def test_types_of_variables_are_read_past() -> None:
    file = "var all { backendId: ('a' | 'b') }[] = [{ backendId: 'a' }]\nparam llmBackendConfig = all\n"
    assert yaml_of(import_parameters(file, host="h")) == "---\nllm_backends:\n  - {backend_id: a}\n"


@pytest.mark.parametrize(
    ("statement", "column", "message"),
    [
        ("extends 'base.bicepparam'", 1, "extends takes parameters from another file"),
        ("import { a } from 'b.bicep'", 1, "import takes variables from another file"),
        ("type size = int", 1, "type declares a type, and the inventory has none"),
        ("resource x 'y' = {}", 1, "resource belongs in a .bicep template"),
        ("@secure()", 1, "@secure is a decorator of nothing"),
        ("@'x'\nvar x = 1", 1, "@ begins no decorator"),
        ("param inferenceAPIType", 23, "inferenceAPIType has no value"),
        ("var x string", 13, "x has no value"),
        ("+ 1", 1, "+ begins no using, param or var"),
    ],
)
def test_statements_that_have_no_counterpart_are_named(statement: str, column: int, message: str) -> None:
    with pytest.raises(ParameterFileError) as raised:
        import_parameters(f"param llmBackendConfig = []\n{statement}\n", host="h")
    assert [(each.place, each.message) for each in raised.value.problems] == [(Place(2, column), message)]


def test_a_condition_on_several_lines_is_one_problem() -> None:
    file = "param llmBackendConfig = [{\n  weight: big // why\n    ? 70\n    : 30\n  priority: 1\n}]\nvar big = true\n"
    with pytest.raises(ParameterFileError) as raised:
        import_parameters(file, host="h")
    assert [str(each) for each in raised.value.problems] == [
        "line 2, column 11: a condition with ? and : cannot be carried over; write the value that it gives"
    ]
