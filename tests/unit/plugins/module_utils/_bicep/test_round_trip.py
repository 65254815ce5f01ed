# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for every parameter file: values and comments arrive, in both directions, in YAML that linters accept."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.exporter import export_parameters
from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.importer import import_parameters
from hypothesis import given
from yamllint import linter  # type: ignore[import-untyped]
from yamllint.config import YamlLintConfig  # type: ignore[import-untyped]

from tests.unit.plugins.module_utils._bicep.parameter_files import (
    NOTE,
    ParameterFile,
    parameter_files,
    variables_of,
    yaml_of,
)

RULES = YamlLintConfig((Path(__file__).resolve().parents[5] / ".yamllint").read_text(encoding="utf-8"))


@given(parameter_files())
def test_every_value_arrives(file: ParameterFile) -> None:
    imported = import_parameters(file.text)
    assert imported.host == "apim-1"
    assert imported.warnings == ()
    assert variables_of(imported) == file.variables


@given(parameter_files())
def test_every_comment_arrives_once_and_in_order(file: ParameterFile) -> None:
    assert NOTE.findall(yaml_of(import_parameters(file.text))) == file.notes


@given(parameter_files())
def test_linters_accept_the_inventory(file: ParameterFile) -> None:
    assert [str(problem) for problem in linter.run(yaml_of(import_parameters(file.text)), RULES)] == []


@given(parameter_files())
def test_the_way_back_keeps_values_and_comments(file: ParameterFile) -> None:
    imported = import_parameters(file.text)
    there = yaml_of(imported)
    back = export_parameters(variables_of(imported), imported.host, [there])
    assert back.warnings == ()
    assert NOTE.findall(back.content) == file.notes
    again = import_parameters(back.content)
    assert variables_of(again) == file.variables
    # A comment may move once, to where the other language has a place for it; then it stays.
    assert export_parameters(variables_of(again), again.host, [yaml_of(again)]) == back


@given(parameter_files())
def test_the_way_back_over_arm_json_keeps_values(file: ParameterFile) -> None:
    imported = import_parameters(file.text)
    back = export_parameters(variables_of(imported), imported.host, form="json")
    assert variables_of(import_parameters(back.content)) == file.variables
