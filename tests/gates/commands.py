# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Running the commands that the gates consist of."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent


def run(command: str, *arguments: str | Path, cwd: Path, **environment: str) -> str:
    """Run a command of the virtual environment; returns what it printed, or fails the test with it."""
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    finished = subprocess.run(
        [str(BIN / command), *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, "PATH": path, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if finished.returncode:
        pytest.fail(f"{command} returned {finished.returncode}:\n{finished.stdout}", pytrace=False)
    return finished.stdout
