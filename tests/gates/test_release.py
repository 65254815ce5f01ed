# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Ansible's own tools demand of a collection before it is published."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

import pytest
from ansible_test._internal.host_configs import NativePythonConfig
from ansible_test._internal.python_requirements import get_venv_packages

from tests.gates.commands import ROOT, run

pytestmark = pytest.mark.gate

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
IMPORTER_SETTINGS = """
[galaxy-importer]
CHECK_REQUIRED_TAGS = True
RUN_ANSIBLE_TEST = False
"""


def home_for_ansible_test() -> Path:
    """A home folder in which ansible-test finds its pip bootstrap, kept so that its environments are made only once."""
    home = ROOT / "build" / "ansible-test"
    cache = home / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    version = get_venv_packages(NativePythonConfig(version=PYTHON, path=sys.executable))["pip"].replace(".", "_")
    shutil.copy(ROOT / "tests" / "gates" / "get_pip.py", cache / f"get_pip_{version}.py")
    # How pip reaches its registry is the user's setting.
    settings = home / ".config" / "pip"
    settings.parent.mkdir(exist_ok=True)
    settings.unlink(missing_ok=True)
    settings.symlink_to(Path.home() / ".config" / "pip")
    return home


def test_sanity(installed: Path) -> None:
    assert not list(installed.glob("tests/sanity/ignore-*")), "sanity findings are repaired, never ignored"
    run("ansible-test", "sanity", "--color", "no", "--python", PYTHON, cwd=installed, HOME=str(home_for_ansible_test()))


def test_galaxy_would_import_it(archive: Path, tmp_path: Path) -> None:
    settings = tmp_path / "galaxy-importer.cfg"
    settings.write_text(IMPORTER_SETTINGS, encoding="utf-8")
    module = ("-m", "galaxy_importer.main")
    output = run("python", *module, archive, cwd=tmp_path, GALAXY_IMPORTER_CONFIG=str(settings))
    assert not re.findall(r"^(?:WARNING|ERROR).*", output, re.MULTILINE)


def test_changelog_is_generated_from_its_data() -> None:
    run("antsibull-changelog", "lint", cwd=ROOT)
    generated = run("antsibull-changelog", "generate", "--output", "/dev/stdout", cwd=ROOT)
    assert generated == (ROOT / "CHANGELOG.rst").read_text(encoding="utf-8")
