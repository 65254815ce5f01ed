# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The archive holds what a control node needs and nothing else, and works from wherever it is installed."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

import pytest

from tests.gates.commands import ROOT, run

pytestmark = pytest.mark.gate

SHIPPED = {
    "CHANGELOG.rst",
    "CONTRIBUTING.md",
    "FILES.json",
    "LICENSE",
    "MANIFEST.json",
    "README.md",
    "bindep.txt",
    "changelogs",
    "meta",
    "monitoring",
    "playbooks",
    "plugins",
    "policies",
    "reports",
    "requirements.txt",
    "roles",
    "tests",
}
COLLECTION = "citadel.ai_gateway"


def only(collections_path: Path) -> dict[str, str]:
    """Environment in which Ansible finds the installed copy, not the checkout that the virtual environment links."""
    return {"ANSIBLE_COLLECTIONS_PATH": str(collections_path), "ANSIBLE_COLLECTIONS_SCAN_SYS_PATH": "false"}


def plugins_of(installed: Path) -> list[tuple[str, str]]:
    """Kind and full name of every plugin that has documentation."""
    kinds = {"modules": "module", "filter": "filter", "inventory": "inventory"}
    return [
        (kind, f"{COLLECTION}.{path.stem}")
        for folder, kind in kinds.items()
        for path in sorted((installed / "plugins" / folder).glob("*.py"))
        if path.stem != "__init__"
    ]


def test_archive_holds_what_ships(archive: Path) -> None:
    with tarfile.open(archive) as content:
        names = content.getnames()
    assert {name.split("/")[0] for name in names} == SHIPPED
    assert {name for name in names if name.startswith("tests/")} == {"tests/config.yml"}
    assert not [name for name in names if "/." in name or "__pycache__" in name]


def test_every_plugin_has_documentation(installed: Path, collections_path: Path) -> None:
    plugins = plugins_of(installed)
    assert plugins
    for kind, name in plugins:
        output = run(
            "ansible-doc", "--json", "--type", kind, name,
            cwd=collections_path, **only(collections_path),
        )  # fmt: skip
        assert json.loads(output)[name]["doc"]["short_description"]


def test_every_role_has_documentation(installed: Path, collections_path: Path) -> None:
    roles = [f"{COLLECTION}.{path.name}" for path in sorted((installed / "roles").iterdir())]
    output = run(
        "ansible-doc", "--json", "--type", "role", *roles,
        cwd=collections_path, **only(collections_path),
    )  # fmt: skip
    assert sorted(json.loads(output)) == roles


def test_installed_playbook_onboards_once(collections_path: Path) -> None:
    onboard = f"ansible-playbook {COLLECTION}.onboard --inventory {ROOT / 'inventories' / 'local'}"
    output = run(
        "apim-emulator", "exec", "--", "sh", "-c", f"{onboard} && {onboard}",
        cwd=collections_path, **only(collections_path),
    )  # fmt: skip
    recaps = [line for line in output.splitlines() if "failed=" in line]
    first, second = recaps[: len(recaps) // 2], recaps[len(recaps) // 2 :]
    assert first
    assert not [line for line in first if "changed=0 " in line]
    assert not [line for line in second if "changed=0 " not in line]
