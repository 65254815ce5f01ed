# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes what each task returned as one line of JSON, beside the output that a person sees."""

from __future__ import annotations

import json
import os
import resource
from pathlib import Path
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = r"""
name: task_results
type: notification
short_description: Write results of tasks as lines of JSON
description:
  - Appends one JSON object per finished task to the file that the environment variable TASK_RESULTS names.
options: {}
"""


class CallbackModule(CallbackBase):
    """Writes host, task, outcome and result; at the end the totals, the data of set_stats and the peak of memory."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "task_results"
    CALLBACK_NEEDS_ENABLED = True

    def v2_runner_on_ok(self, result: Any) -> None:
        self._task("ok", result)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        self._task("ignored" if ignore_errors else "failed", result)

    def v2_runner_on_unreachable(self, result: Any) -> None:
        self._task("unreachable", result)

    def v2_runner_on_skipped(self, result: Any) -> None:
        self._task("skipped", result)

    def v2_playbook_on_stats(self, stats: Any) -> None:
        totals = {host: stats.summarize(host) for host in stats.processed}
        self._write({"totals": totals, "custom": stats.custom, "peak_kib": _peak_kib()})

    def _task(self, outcome: str, result: Any) -> None:
        host, task = result._host.get_name(), result._task.get_name()
        self._write({"host": host, "task": task, "outcome": outcome, "result": result._result})

    def _write(self, entry: dict[str, Any]) -> None:
        with Path(os.environ["TASK_RESULTS"]).open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry, default=str) + "\n")


def _peak_kib() -> int:
    """Return the peak of ansible-playbook or of the largest of its children that have ended.

    Its own is that of its address space: what the system reports of a process begins with the peak of the one that
    started it.
    """
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    own = next(line for line in lines if line.startswith("VmHWM"))
    return max(int(own.split()[1]), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
