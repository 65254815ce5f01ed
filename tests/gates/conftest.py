# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The archive as a release would publish it, and a copy installed as a user would install it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.gates.commands import ROOT, run


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The collection's archive, built from the checkout."""
    folder = tmp_path_factory.mktemp("archive")
    run("ansible-galaxy", "collection", "build", "--output-path", folder, cwd=ROOT)
    return next(folder.glob("*.tar.gz"))


@pytest.fixture(scope="session")
def collections_path(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A collections path that holds nothing but the installed archive."""
    folder = tmp_path_factory.mktemp("collections")
    # Without --force the copy that the virtual environment links would count as installed.
    run("ansible-galaxy", "collection", "install", archive, "--force", "--collections-path", folder, cwd=folder)
    return folder


@pytest.fixture(scope="session")
def installed(collections_path: Path) -> Path:
    """The folder of the installed collection."""
    return collections_path / "ansible_collections" / "citadel" / "ai_gateway"
