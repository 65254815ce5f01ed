# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filters that show results of a validation: what they add to the room of reports."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible_collections.citadel.ai_gateway.plugins.filter import (
    llm_validation_html,
    llm_validation_junit,
    llm_validation_table,
)

from tests.unit.plugins.module_utils._report.examples import good

DOORS = [llm_validation_html, llm_validation_junit, llm_validation_table]


def name_of(door: ModuleType) -> str:
    return door.__name__.rpartition(".")[2]


def filter_of(door: ModuleType) -> Callable[..., Any]:
    (function,) = door.FilterModule().filters().values()
    return function  # type: ignore[no-any-return]


@pytest.mark.parametrize("door", DOORS, ids=name_of)
def test_ansible_finds_the_filter_by_its_name(door: ModuleType) -> None:
    assert list(door.FilterModule().filters()) == [name_of(door)] == [yaml.safe_load(door.DOCUMENTATION)["name"]]


@pytest.mark.parametrize("door", DOORS, ids=name_of)
def test_the_documentation_names_every_option_and_default(door: ModuleType) -> None:
    options = yaml.safe_load(door.DOCUMENTATION)["options"]
    parameters = list(inspect.signature(filter_of(door)).parameters.values())
    assert list(options) == ["_input", *(each.name for each in parameters[1:])]
    assert [options[each.name]["default"] for each in parameters[1:]] == [each.default for each in parameters[1:]]


@pytest.mark.parametrize("door", DOORS, ids=name_of)
def test_the_filter_shows_results(door: ModuleType) -> None:
    assert "apim-load-balancing" in filter_of(door)([good()])


@pytest.mark.parametrize("door", DOORS, ids=name_of)
def test_problems_are_ansibles(door: ModuleType) -> None:
    with pytest.raises(AnsibleFilterError, match=r"results\[0\]\.outcome: is 'ok'"):
        filter_of(door)([{**good(), "outcome": "ok"}])


@pytest.mark.parametrize("width", [79, "wide", None, 100.5])
def test_a_width_that_no_table_has_is_refused(width: Any) -> None:
    with pytest.raises(AnsibleFilterError, match=r"width is .*; write an integer from 80 on"):
        llm_validation_table.llm_validation_table([good()], width)


def test_the_run_has_the_name_that_was_given() -> None:
    assert '<testsuites name="&lt;a&gt; b"' in llm_validation_junit.llm_validation_junit([good()], name="<a>\x00\nb")


def test_the_page_has_the_title_that_was_given() -> None:
    text = llm_validation_html.llm_validation_html([good()], title="<a>\x00\nb")
    assert "<title>Passed: 12 checks, 2 skipped (access 2) · &lt;a&gt; b</title>" in text
