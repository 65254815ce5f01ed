# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module tasks as the steps of one playbook, with a look at Azure after each of them.

A playbook costs more than the tasks in it, so a test gives all its steps to one. After each task ansible-playbook waits
while the test reads what ARM got and, by Microsoft's SDK, what it holds now.
"""

from __future__ import annotations

import json
import os
import socketserver
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.integration.harness import Azure, Request, Service
from tests.integration.playbook import Playbooks

COLLECTION = "citadel.ai_gateway"
ACTION_GROUP = f"group/{COLLECTION}.ai_gateway"
_CALLBACKS = (Path(__file__).parents[1] / "callback_plugins", Path(__file__).with_name("callback_plugins"))

Task = dict[str, Any]
State = dict[str, dict[str, dict[str, Any]]]


@dataclass(frozen=True)
class Step:
    """A task that ended: what it returned, what Azure got from it, what ARM held afterwards.

    :ivar state: collection -> name -> the object as the SDK gives it, without the parts that every object has.
    """

    name: str
    failed: bool
    result: dict[str, Any]
    requests: list[Request]
    state: State

    @property
    def changed(self) -> bool:
        """What the module says of itself."""
        return bool(self.result["changed"])

    @property
    def message(self) -> str:
        """The error of a task that failed."""
        if not self.failed:
            raise AssertionError(f"{self.name} did not fail: {self.result}")
        return str(self.result["msg"])

    @property
    def actions(self) -> dict[str, str]:
        """Name of each object to what was done with it."""
        return {entry["name"]: entry["action"] for entry in self.result["objects"]}

    @property
    def diff(self) -> dict[str, tuple[str, str]]:
        """Title of each difference to its texts before and after."""
        return {entry["before_header"]: (entry["before"], entry["after"]) for entry in self.result["diff"]}

    @property
    def arm(self) -> list[Request]:
        """Requests to ARM, in the order of their arrival."""
        return sorted((each for each in self.requests if each.plane == "arm"), key=lambda each: each.started)

    @property
    def writes(self) -> list[str]:
        """Method and target of each write request, such as "PUT backends/aoai-sweden"."""
        return [f"{each.method} {each.target}" for each in self.arm if each.is_write]

    @property
    def listings(self) -> list[str]:
        """Collections that were listed, once for each listing."""
        return [each.target for each in self.arm if each.method == "GET" and each.target in _COLLECTIONS]


_COLLECTIONS = ("backends", "namedValues", "policyFragments")


def reference(name: str) -> str:
    """Return ARM's reference to a named value, written so that Ansible does not take it for a variable of its own."""
    return "{{ '{{' }}" + name + "{{ '}}' }}"


def task(module: str, name: str = "", *, check: bool = False, **options: Any) -> Task:
    """Return a task that runs a module of the collection in diff mode, and after which the playbook goes on."""
    return {
        "name": name or module,
        f"{COLLECTION}.{module}": options,
        "check_mode": check,
        "diff": True,
        "ignore_errors": True,
    }


def stored(service: Service) -> State:
    """Return what ARM holds of a service, as Microsoft's SDK sees it; ids start below the service."""
    sdk = service.azure.sdk
    kinds = {"backends": sdk.backend, "namedValues": sdk.named_value, "policyFragments": sdk.policy_fragment}
    return {
        collection: {entity.name: _own_parts(entity) for entity in kind.list_by_service(*service.place)}
        for collection, kind in kinds.items()
    }


def _own_parts(entity: Any) -> dict[str, Any]:
    above = entity.id.removesuffix("/".join(("", entity.type.rpartition("/")[2], entity.name)))
    parts: dict[str, Any] = json.loads(json.dumps(entity.as_dict()).replace(above, ""))
    return {name: value for name, value in parts.items() if name not in {"id", "name", "type"}}


class Gateway:
    """An APIM service whose modules a test runs; ``service`` is where it looks at the outcome."""

    def __init__(self, service: Service, playbooks: Playbooks, folder: Path) -> None:
        self.service = service
        self._playbooks = playbooks
        self._socket = folder / "steps"
        self.output = ""

    @property
    def azure(self) -> Azure:
        """The embedded Azure that the service is in."""
        return self.service.azure

    def run(self, *tasks: Task, **options: Any) -> list[Step]:
        """Run tasks that shall succeed; the options are those of :meth:`attempt`."""
        steps = self.attempt(*tasks, **options)
        failures = [f"{step.name}: {step.message}" for step in steps if step.failed]
        if failures:
            raise AssertionError("\n".join(failures))
        return steps

    def attempt(
        self,
        *tasks: Task,
        arguments: tuple[str, ...] = (),
        environment: Mapping[str, str | None] | None = None,
        between: Mapping[str, Callable[[], Any]] | None = None,
        defaults: Mapping[str, Any] | None = None,
        variables: Mapping[str, Any] | None = None,
    ) -> list[Step]:
        """Run tasks one after the other in one playbook, whose ``output`` is kept; a task that fails ends nothing.

        :param arguments: further options of ansible-playbook.
        :param environment: variables to add to those of the embedded Azure; None takes one away.
        :param between: name of a task to what happens when it has ended and before the next one starts.
        :param defaults: options for all tasks instead of those that name the service.
        :param variables: variables of the play.
        """
        play = {
            "name": "Steps",
            "hosts": "localhost",
            "connection": "local",
            "vars": {"ansible_python_interpreter": "{{ ansible_playbook_python }}", **(variables or {})},
            "gather_facts": False,
            "module_defaults": {ACTION_GROUP: self.place() if defaults is None else dict(defaults)},
            "tasks": list(tasks),
        }
        steps: list[Step] = []

        def look(event: dict[str, Any]) -> None:
            requests = self.azure.requests()
            steps.append(Step(**event, requests=requests, state=stored(self.service)))
            (between or {}).get(event["name"], lambda: None)()
            self.azure.forget()

        settings = {
            "ANSIBLE_CALLBACK_PLUGINS": os.pathsep.join(map(str, _CALLBACKS)),
            "ANSIBLE_CALLBACKS_ENABLED": "task_results,step_reporter",
            "STEP_REPORTER": str(self._socket),
            **(environment or {}),
        }
        with _listening(self._socket, look):
            run = self._playbooks.run([play], "localhost,", *arguments, environment=settings)
        self.output = run.output
        if len(steps) != len(tasks):
            raise AssertionError(f"{len(steps)} of {len(tasks)} tasks ended:\n{run.output}")
        return steps

    def place(self) -> dict[str, str]:
        """The options that name the service."""
        return {"resource_group": self.service.resource_group, "service_name": self.service.name}


@contextmanager
def _listening(path: Path, look: Callable[[dict[str, Any]], None]) -> Iterator[None]:
    """Call ``look`` with each event that arrives at a Unix socket, while its sender waits.

    An exception of ``look`` is raised when the context ends; the sender goes on, or the playbook would never end.
    """
    problems: list[Exception] = []

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            try:
                look(json.load(self.rfile))
            except Exception as problem:  # noqa: BLE001 (raised again below, in the thread of the test)
                problems.append(problem)

    with socketserver.UnixStreamServer(str(path), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()
            path.unlink()
    if problems:
        raise problems[0]
