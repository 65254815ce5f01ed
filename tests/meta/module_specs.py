# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each module documents and what it accepts, both read from the module itself."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

from ansible.module_utils.basic import AnsibleModule

from tests.meta.checkout import COLLECTION, ROOT, module_names

Options = dict[str, dict[str, Any]]


class _DeclaredError(Exception):
    """Ends a module's main() at the moment it declares what it accepts."""


@dataclass(frozen=True)
class Declared:
    """What a module passes to AnsibleModule."""

    options: Options
    supports_check_mode: bool


@cache
def documentation() -> dict[str, Any]:
    """Documentation of every module, fragments merged, by the module's short name; as ansible-doc reads it."""
    command = [str(Path(sys.executable).with_name("ansible-doc")), "--type", "module", "--json"]
    names = [f"{COLLECTION}.{name}" for name in module_names()]
    environment = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "collections")}
    finished = subprocess.run([*command, *names], check=False, capture_output=True, text=True, env=environment)
    if finished.returncode:
        raise ValueError(finished.stderr)
    return {name.rpartition(".")[2]: entry for name, entry in json.loads(finished.stdout).items()}


@cache
def declared(name: str) -> Declared:
    """What a module declares: its main() is started and stopped where it builds its AnsibleModule."""
    module = importlib.import_module(f"ansible_collections.{COLLECTION}.plugins.modules.{name}")
    arguments: dict[str, Any] = {}

    def capture(_self: AnsibleModule, argument_spec: Options, **others: Any) -> None:
        arguments.update(others, argument_spec=argument_spec)
        raise _DeclaredError

    with patch.object(AnsibleModule, "__init__", capture):
        try:
            module.main()
        except _DeclaredError:
            return Declared(arguments["argument_spec"], bool(arguments.get("supports_check_mode")))
    raise LookupError(f"{name}.main() builds no AnsibleModule")
