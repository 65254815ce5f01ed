# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the checkout holds, as the tests of this folder look at it."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
COLLECTION = "citadel.ai_gateway"


@cache
def project_files() -> tuple[Path, ...]:
    """Every file that is, or with the next `git add` would be, part of the repository; links left out; sorted."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listing = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    paths = (ROOT / name for name in sorted(set(listing.split("\0"))) if name)
    return tuple(path for path in paths if path.is_file() and not path.is_symlink())


def files(folder: str, pattern: str = "*.py") -> list[Path]:
    """Project files below a folder whose name matches. Finding none is an error: the test would check nothing."""
    found = [path for path in project_files() if path.is_relative_to(ROOT / folder) and path.match(pattern)]
    if not found:
        raise FileNotFoundError(f"no {pattern} below {folder}: this test would check nothing")
    return found


def relative(path: Path) -> str:
    """A path as people write it: from the root of the checkout."""
    return path.relative_to(ROOT).as_posix()


def module_names() -> list[str]:
    """Names of the collection's modules."""
    return [path.stem for path in files("plugins/modules") if path.stem != "__init__"]


def load(name: str) -> Any:
    """The data of one YAML file, named from the root of the checkout."""
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


def constant(path: Path, name: str) -> str:
    """The text that a Python file assigns to a name at its top level, such as a plugin's EXAMPLES."""
    for statement in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(statement, ast.Assign) and any(
            isinstance(target, ast.Name) and target.id == name for target in statement.targets
        ):
            return str(ast.literal_eval(statement.value))
    raise LookupError(f"{relative(path)} does not assign {name}")


def imported_names(path: Path) -> Iterator[str]:
    """Full dotted names that a Python file imports anywhere in it; `from a.b import c` gives a.b.c."""
    package = relative(path).removesuffix(".py").split("/")[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = [*base, *(node.module or "").split(".")] if node.module else base
            yield from (".".join([*module, alias.name]) for alias in node.names)
