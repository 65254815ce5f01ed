# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A process with all that descends from it, as Linux tells of it in /proc: workers of Ansible lead sessions of their
own, so that no signal to a group reaches them.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

_PROC = Path("/proc")
_PATIENCE_SECONDS = 60


def kill_tree(root: int) -> set[int]:
    """Kill a process and all of its descendants as at one moment; return their ids.

    They are stopped first, or one could start another between the look at the tree and its end.
    """
    tree: set[int] = set()
    while new := _tree(root) - tree:
        _signal(new, signal.SIGSTOP)
        tree |= new
    _signal(tree, signal.SIGKILL)
    return tree


def wait_until_gone(processes: Iterable[int]) -> None:
    """Wait until none of these processes runs.

    :raises TimeoutError: when some go on.
    """
    end = time.monotonic() + _PATIENCE_SECONDS
    while running := {each for each in processes if _state(each)[0] not in {"", "X", "Z"}}:
        if time.monotonic() > end:
            raise TimeoutError(f"processes {running} are still there")
        time.sleep(0.01)


def _tree(root: int) -> set[int]:
    parents = {int(path.name): _state(int(path.name))[1] for path in _PROC.iterdir() if path.name.isdigit()}
    found, size = {root}, 0
    while len(found) > size:
        size = len(found)
        found |= {each for each, parent in parents.items() if parent in found}
    return found


def _state(process: int) -> tuple[str, int]:
    """Return the state of a process as a letter, and its parent; no letter when it is gone."""
    try:
        text = (_PROC / str(process) / "stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return "", 0
    # The name in parentheses before them may hold anything.
    state, parent = text.rpartition(")")[2].split()[:2]
    return state, int(parent)


def _signal(processes: Iterable[int], number: signal.Signals) -> None:
    for each in processes:
        with suppress(ProcessLookupError):
            os.kill(each, number)
