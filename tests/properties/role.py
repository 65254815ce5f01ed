# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role's own tasks, evaluated by Ansible in one process: what ansible-playbook does, without its start-up.

The expressions come from the role's files, the filters from the collection, and the module runs by its own `main` with
a real client. What is left out is the executor: its processes, callbacks and strategy.
"""

from __future__ import annotations

import io
import json
import multiprocessing
import os
import traceback
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from typing import Any

from tests.integration.harness import ROOT
from tests.properties.cases import Case

_ROLE = ROOT / "roles/llm_onboarding"
_MODULE = "citadel.ai_gateway.apim_llm_gateway"
_FACTS, _PLAN = "ansible.builtin.set_fact", "llm_routing_plan"


@dataclass(frozen=True)
class Outcome:
    """What a run printed and returned: the module's result, or the problems for which the inventory is refused."""

    text: str
    result: dict[str, Any]

    @property
    def problems(self) -> str:
        """The text of the refusal, empty when the inventory has no problems."""
        return str(self.result.get("problems", ""))

    @property
    def failed(self) -> bool:
        """Whether the module failed."""
        return bool(self.result.get("failed"))

    @property
    def changes(self) -> list[tuple[str, str, str]]:
        """Kind, name and action of each object that was not left as it was."""
        return [(each["kind"], each["name"], each["action"]) for each in self._objects if each["action"] != "unchanged"]

    @property
    def names(self) -> set[str]:
        """The names of all objects that are there now."""
        return {each["name"] for each in self._objects if each["action"] != "deleted"}

    @property
    def _objects(self) -> list[dict[str, str]]:
        objects: list[dict[str, str]] = self.result.get("objects", [])
        return objects


class Role:
    """Runs the role in a process of its own, whose imports and environment are those of a controller."""

    def __init__(self, executor: ProcessPoolExecutor) -> None:
        self._executor = executor

    def onboard(self, case: Case, service: str, *, check_mode: bool = False) -> Outcome:
        """Onboard an inventory. Raises RuntimeError with a traceback when a task cannot be evaluated."""
        outcome = self._executor.submit(_attempt, case, service, check_mode).result()
        if isinstance(outcome, Outcome):
            return outcome
        raise RuntimeError(outcome)

    def offboard(self, case: Case, service: str) -> Outcome:
        """Remove all that the owner of an inventory has; raises RuntimeError with the module's message."""
        outcome = self._executor.submit(_offboard, case, service).result()
        if outcome.failed:
            raise RuntimeError(outcome.result["msg"])
        return outcome


@contextmanager
def running_role(environment: Mapping[str, str]) -> Iterator[Role]:
    """Give a role whose modules find Azure by these environment variables."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, spawn, initializer=_prepare, initargs=(dict(environment),)) as executor:
        yield Role(executor)


def _prepare(environment: Mapping[str, str]) -> None:
    """Be a controller: from here on Ansible finds the collection, and modules find Azure."""
    os.environ.update(environment)
    import_module("ansible.plugins.loader").init_plugin_loader([])


@lru_cache(maxsize=1)
def _loader() -> Any:
    return import_module("ansible.parsing.dataloader").DataLoader()


@lru_cache(maxsize=3)
def _file(name: str) -> Any:
    return _loader().load_from_file(str(_ROLE / name), trusted_as_template=True)


def _attempt(case: Case, service: str, check_mode: bool) -> Outcome | str:
    """Onboard; return the traceback where that fails, for Ansible's exceptions do not pass from process to process."""
    try:
        return _onboard(case, service, check_mode)
    except Exception:  # noqa: BLE001
        return traceback.format_exc()


def _onboard(case: Case, service: str, check_mode: bool) -> Outcome:
    """Evaluate the tasks that decide and write, in the role's order."""
    variables = {**_file("defaults/main.yml"), "inventory_hostname": service, **case.host(service)}
    plan, tasks = _file("tasks/plan.yml"), _file("tasks/main.yml")
    facts = next(task[_FACTS] for task in plan if _PLAN in task.get(_FACTS, {}))
    variables |= _templated(facts, variables)
    problems = variables[_PLAN].get("problems")
    if problems is not None:
        return Outcome(str(problems), {"problems": str(problems)})
    options = _templated(next(task[_MODULE] for task in tasks if _MODULE in task), variables)
    return _run_module({**options, "_ansible_check_mode": check_mode, "_ansible_diff": True})


def _offboard(case: Case, service: str) -> Outcome:
    """Run the module as an offboarding does."""
    names = ("resource_group", "service_name", "subscription_id")
    place = {name: case.host(service)[f"apim_{name}"] for name in names}
    owner = case.variables.get("llm_owner", _file("defaults/main.yml")["llm_owner"])
    return _run_module({**place, "owner": owner, "state": "absent", "prune_delay": 0})


def _templated(expression: Any, variables: dict[str, Any]) -> dict[str, Any]:
    from ansible.template import Templar

    result: dict[str, Any] = Templar(loader=_loader(), variables=variables).template(expression)
    return result


def _run_module(arguments: dict[str, Any]) -> Outcome:
    from ansible.module_utils.testing import patch_module_args

    module = import_module("ansible_collections.citadel.ai_gateway.plugins.modules.apim_llm_gateway")
    printed = io.StringIO()
    try:
        with patch_module_args(arguments), redirect_stdout(printed):
            module.main()
    except SystemExit:
        return Outcome(printed.getvalue(), json.loads(printed.getvalue()))
    raise RuntimeError("a module ends its process with its result")
