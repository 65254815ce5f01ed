# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A role's variables are described once for people and for Ansible, and the defaults are the described ones."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.variables import VARIABLES, meant_by

from tests.meta.checkout import ROOT, files, relative

_OWN_NAME = re.compile(r"^ *(?:register: )?((?:llm|apim)_[a-z_]+)(?:: *| *$)", re.MULTILINE)


def role_folders() -> list[Path]:
    """Folders of the collection's roles."""
    return sorted({ROOT / "roles" / path.relative_to(ROOT / "roles").parts[0] for path in files("roles", "*.yml")})


def content(path: Path) -> Any:
    """The data of a YAML file."""
    return yaml.safe_load(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("role", role_folders(), ids=relative)
def test_defaults_are_the_documented_ones(role: Path) -> None:
    options = content(role / "meta" / "argument_specs.yml")["argument_specs"]["main"]["options"]
    defaults = content(role / "defaults" / "main.yml")
    documented = {name: option["default"] for name, option in options.items() if "default" in option}
    assert {name: value for name, value in defaults.items() if name in documented} == documented
    # What the documentation cannot state as a constant: looked up when the role runs, or due from the user and empty.
    for name in defaults.keys() - documented.keys():
        assert name in options
        assert "{{" in str(defaults[name]) or (options[name].get("required") and not defaults[name])


@pytest.mark.parametrize("role", role_folders(), ids=relative)
def test_role_has_what_galaxy_shows(role: Path) -> None:
    assert content(role / "meta" / "main.yml")["galaxy_info"]["description"]
    assert (role / "README.md").read_text(encoding="utf-8").strip()


def test_misspellings_are_looked_for_among_all_documented_variables() -> None:
    specs = [content(role / "meta" / "argument_specs.yml")["argument_specs"] for role in role_folders()]
    assert set(VARIABLES) == {name for entries in specs for entry in entries.values() for name in entry["options"]}


def test_no_name_that_the_collection_sets_is_taken_for_a_misspelling() -> None:
    found = {
        name
        for folder in ("roles", "playbooks")
        for path in files(folder, "*.yml")
        for name in _OWN_NAME.findall(path.read_text(encoding="utf-8"))
    }
    assert {"llm_routing_plan", "llm_onboarding_result", "llm_validation_results"} <= found
    assert {name: meant_by(name) for name in found if meant_by(name)} == {}
