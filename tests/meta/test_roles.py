# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A role's variables are described once for people and for Ansible, and the defaults are the described ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.meta.checkout import ROOT, files, relative


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
