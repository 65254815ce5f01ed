# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hands each task's result to the test that runs the playbook, and waits until the test has looked at Azure."""

from __future__ import annotations

DOCUMENTATION = r"""
name: step_reporter
type: notification
short_description: Hand results of tasks to a test
description:
  - Sends one JSON object per finished task to the Unix socket that the environment variable STEP_REPORTER names.
  - The next task starts when the other side has closed the connection.
options: {}
"""

import json
import os
import socket
from typing import Any

from ansible.plugins.callback import CallbackBase


class CallbackModule(CallbackBase):
    """Reports every task that ended, well or not."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "step_reporter"
    CALLBACK_NEEDS_ENABLED = True

    def v2_runner_on_ok(self, result: Any) -> None:
        self._report(result, failed=False)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:  # noqa: ARG002 (ansible's name)
        self._report(result, failed=True)

    def _report(self, result: Any, *, failed: bool) -> None:
        event = {"name": result._task.get_name(), "failed": failed, "result": result._result}
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(os.environ["STEP_REPORTER"])
            connection.sendall(json.dumps(event, default=str).encode())
            connection.shutdown(socket.SHUT_WR)
            connection.recv(1)
