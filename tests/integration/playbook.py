# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs of the real `ansible-playbook` with the collection of this checkout, against an embedded Azure."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.integration.harness import BIN, ROOT, Azure, Request
from tests.integration.processes import kill_tree, wait_until_gone

ONBOARD = ROOT / "playbooks/onboard.yml"
OFFBOARD = ROOT / "playbooks/offboard.yml"
_PATIENCE_SECONDS = 60
_CALLBACKS = Path(__file__).with_name("callback_plugins")


@dataclass(frozen=True)
class TaskResult:
    """What one task returned for one host; `outcome` is ok, failed, ignored, skipped or unreachable."""

    host: str
    task: str
    outcome: str
    result: dict[str, Any]


@dataclass(frozen=True)
class Run:
    """A finished run: what a person saw, what the tasks returned, and what Azure got meanwhile."""

    status: int
    output: str
    tasks: list[TaskResult]
    totals: dict[str, dict[str, int]]
    custom_stats: dict[str, Any]
    requests: list[Request]
    seconds: float
    peak_mib: float

    @property
    def arm(self) -> list[Request]:
        """Requests to ARM, in the order of their arrival."""
        return sorted((each for each in self.requests if each.plane == "arm"), key=lambda each: each.started)

    @property
    def writes(self) -> list[tuple[str, str]]:
        """Method and target of each write request, in the order of their arrival."""
        return [(each.method, each.target) for each in self.arm if each.is_write]

    def requests_of(self, host: str) -> list[tuple[str, str]]:
        """Method and target of each ARM request for the service of that name."""
        return [(each.method, each.target) for each in self.arm if each.service == host]

    @property
    def failures(self) -> list[TaskResult]:
        """The tasks that failed."""
        return [each for each in self.tasks if each.outcome == "failed"]

    def message(self, host: str) -> str:
        """What the one failed task of this host said."""
        found = [each.result["msg"] for each in self.failures if each.host == host]
        if len(found) != 1:
            raise LookupError(f"{len(found)} failed tasks on {host}:\n{self.output}")
        return str(found[0])

    def gateway(self, host: str | None = None) -> dict[str, Any]:
        """What the module that writes to ARM returned."""
        return self.result("Bring the gateway to the wanted state", host)

    def result(self, task: str, host: str | None = None) -> dict[str, Any]:
        """The result of the one task whose name ends with this text, on this host when several ran it."""
        found = [each for each in self.tasks if each.task.endswith(task) and host in (None, each.host)]
        if len(found) != 1:
            raise LookupError(f"{len(found)} results of {task!r} on {host}:\n{self.output}")
        return found[0].result


class Running:
    """A run of ansible-playbook that has begun, apart from the terminal of the tests."""

    def __init__(self, azure: Azure, command: list[str], environment: dict[str, str], results: Path) -> None:
        self._azure = azure
        self._results = results
        self._output = results.with_suffix(".txt")
        self._begin = time.perf_counter()
        with self._output.open("wb") as sink:
            self._process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.finished: Run

    def wait_for(self, method: str, target: str) -> None:
        """Wait until ARM has answered such a request."""
        end = time.monotonic() + _PATIENCE_SECONDS
        while not any((each.method, each.target) == (method, target) for each in self._azure.requests()):
            if time.monotonic() > end:
                raise TimeoutError(f"no {method} {target} within {_PATIENCE_SECONDS} seconds")
            time.sleep(0.05)

    def kill(self) -> None:
        """End ansible-playbook, its workers and their modules at once, as a power cut would; none of them is left."""
        wait_until_gone(kill_tree(self._process.pid) - {self._process.pid})
        self._process.wait()

    def finish(self) -> None:
        """Wait for the end and keep what happened in `finished`."""
        status = self._process.wait()
        seconds = time.perf_counter() - self._begin
        tasks, totals, custom, peak_mib = _read_results(self._results)
        output = self._output.read_text(encoding="utf-8")
        self.finished = Run(status, output, tasks, totals, custom, self._azure.requests(), seconds, peak_mib)


class Playbooks:
    """Runs playbooks in a folder of a test; each run empties the request log of the embedded Azure before it starts."""

    def __init__(self, azure: Azure, folder: Path) -> None:
        self._azure = azure
        self._folder = folder
        self._count = 0

    def run(
        self,
        playbook: Path | Sequence[Mapping[str, Any]],
        inventory: Path | Mapping[str, Any] | str,
        *arguments: str,
        environment: Mapping[str, str | None] | None = None,
    ) -> Run:
        """Run a playbook to its end.

        :param playbook: a file, or plays as data.
        :param inventory: a path, data of a YAML inventory, or a list of hosts such as "localhost,".
        :param arguments: further options of ansible-playbook.
        :param environment: variables to add to those of the embedded Azure; None takes one away.
        """
        with self.started(inventory, *arguments, playbook=playbook, environment=environment) as running:
            pass
        return running.finished

    def onboard(
        self, inventory: Path | Mapping[str, Any], *arguments: str, succeeds: bool = True, **options: Any
    ) -> Run:
        """Run the collection's playbook `onboard`; the test fails with its output unless it ends as expected."""
        run = self.run(ONBOARD, inventory, *arguments, **options)
        if (run.status == 0) != succeeds:
            raise AssertionError(f"ansible-playbook returned {run.status}:\n{run.output}")
        return run

    def run_task(self, task: Mapping[str, Any], *arguments: str) -> Run:
        """Run a playbook of one task on this machine, as host `localhost`."""
        play = {"hosts": "localhost", "gather_facts": False, "tasks": [task]}
        # A host that an inventory names gets whatever interpreter is found; this one is the test's.
        local = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
        return self.run([play], {"all": {"hosts": {"localhost": local}}}, *arguments)

    @contextmanager
    def started(
        self,
        inventory: Path | Mapping[str, Any] | str,
        *arguments: str,
        playbook: Path | Sequence[Mapping[str, Any]] = ONBOARD,
        environment: Mapping[str, str | None] | None = None,
    ) -> Iterator[Running]:
        """A run that goes on while the test does something else; the context ends when the run does."""
        self._count += 1
        results = self._folder / f"run-{self._count}.jsonl"
        source = inventory if isinstance(inventory, (str, Path)) else self._write("inventory", inventory)
        play = playbook if isinstance(playbook, Path) else self._write("playbook", playbook)
        command = [str(BIN / "ansible-playbook"), str(play), "--inventory", str(source), *arguments]
        self._azure.forget()
        running = Running(self._azure, command, self._environment(results, environment or {}), results)
        try:
            yield running
        finally:
            running.finish()

    def _environment(self, results: Path, changes: Mapping[str, str | None]) -> dict[str, str]:
        wanted: dict[str, str | None] = {
            **self._azure.environment,
            "PATH": f"{BIN}{os.pathsep}{self._azure.environment['PATH']}",
            "ANSIBLE_CALLBACK_PLUGINS": str(_CALLBACKS),
            "ANSIBLE_CALLBACKS_ENABLED": "task_results",
            "ANSIBLE_LOCAL_TEMP": str(self._folder / "tmp"),
            "ANSIBLE_NOCOLOR": "1",
            "TASK_RESULTS": str(results),
            **changes,
        }
        return {name: value for name, value in wanted.items() if value is not None}

    def _write(self, name: str, content: Any) -> Path:
        path = self._folder / f"{name}-{self._count}.yml"
        path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
        return path


def _read_results(path: Path) -> tuple[list[TaskResult], dict[str, Any], dict[str, Any], float]:
    entries = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []
    tasks = [TaskResult(**entry) for entry in entries if "task" in entry]
    end: dict[str, Any] = next((entry for entry in entries if "totals" in entry), {})
    # What set_stats collected for the whole run, not for single hosts, is under _run.
    return tasks, end.get("totals", {}), end.get("custom", {}).get("_run", {}), end.get("peak_kib", 0) / 1024
