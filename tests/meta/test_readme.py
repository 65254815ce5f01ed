# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The README names everything that a user can call or set."""

from __future__ import annotations

from collections.abc import Iterator

import yaml

from tests.meta.checkout import ROOT, files, module_names


def callable_or_settable() -> Iterator[str]:
    """Names of modules, filters, playbooks, roles and the variables that roles take."""
    yield from module_names()
    yield from (path.stem for path in files("plugins/filter") if path.stem != "__init__")
    yield from (path.stem for path in files("playbooks", "*.yml") if path.parent == ROOT / "playbooks")
    for path in files("roles", "argument_specs.yml"):
        yield path.parents[1].name
        for entry_point in yaml.safe_load(path.read_text(encoding="utf-8"))["argument_specs"].values():
            yield from entry_point["options"]


def test_readme_names_everything() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [name for name in callable_or_settable() if f"`{name}`" not in text] == []
