# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long an onboarding takes, as a whole command, in units of an empty playbook on the same machine.

Every scenario onboards services of its own on the embedded Azure, some with a delay added to each ARM call: a first run
that makes everything, then a second that finds nothing to do. Seconds say little across machines; ratios do.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
import yaml

ROOT = Path(__file__).resolve().parents[2]
RESOURCE_GROUP = "rg-bench"
ADMIN_URL = "APIM_EMULATOR_ADMIN_URL"
BACKENDS_PER_MODEL = 2
REPEATS = 3


@dataclass(frozen=True)
class Scenario:
    """One size of inventory against one speed of ARM."""

    name: str
    backends: int
    models: int
    latency_ms: int

    def service(self, repeat: int) -> str:
        """Name of the APIM service that one repetition onboards; a first run is first only once."""
        return f"apim-{self.backends}-{self.latency_ms}ms-{repeat}"


@dataclass(frozen=True)
class Measured:
    """What one command took."""

    seconds: float
    peak_mib: float


SCENARIOS = (
    Scenario("3 backends", 3, 9, 0),
    Scenario("3 backends, 150 ms", 3, 9, 150),
    Scenario("100 backends, 150 ms", 100, 300, 150),
    Scenario("1,000 backends", 1000, 1000, 0),
)


def inventory(scenario: Scenario, repeat: int) -> dict[str, Any]:
    """An inventory in which two backends serve every model, so that every model has a pool: as much work as can be."""
    models_per_backend = scenario.models * BACKENDS_PER_MODEL // scenario.backends
    first_model = range(0, scenario.models * BACKENDS_PER_MODEL, models_per_backend)
    backends = [
        {
            "backend_id": f"aoai-{number}",
            "backend_type": "azure-openai",
            "endpoint": f"https://aoai-{number}.openai.azure.com/",
            "auth_scheme": "managed_identity",
            "supported_models": [f"model-{(first + offset) % scenario.models}" for offset in range(models_per_backend)],
        }
        for number, first in enumerate(first_model)
    ]
    variables = {
        "ansible_connection": "local",
        "ansible_python_interpreter": "{{ ansible_playbook_python }}",
        "apim_resource_group": RESOURCE_GROUP,
        "apim_managed_identity": {"client_id": "22222222-2222-2222-2222-222222222222"},
        "llm_backends": backends,
    }
    return {"apim": {"hosts": {scenario.service(repeat): variables}}}


def run(*arguments: str | Path) -> Measured:
    """Run one ansible-playbook command; its output is shown only when it fails."""
    command = [str(Path(sys.executable).with_name("ansible-playbook")), *map(str, arguments)]
    with tempfile.TemporaryFile() as output:
        started = time.perf_counter()
        process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            output.seek(0)
            sys.exit(f"{' '.join(command)} failed:\n{output.read().decode()}")
    return Measured(seconds, usage.ru_maxrss / 1024)


def measure(scenario: Scenario, folder: Path) -> tuple[list[Measured], list[Measured]]:
    """First and second runs of a scenario, each as often as REPEATS says."""
    requests.put(
        f"{os.environ[ADMIN_URL]}/arm", json={"latency_ms": scenario.latency_ms}, timeout=10
    ).raise_for_status()
    first: list[Measured] = []
    second: list[Measured] = []
    for repeat in range(REPEATS):
        path = folder / f"{scenario.service(repeat)}.yml"
        path.write_text(yaml.safe_dump(inventory(scenario, repeat)), encoding="utf-8")
        for runs in (first, second):
            runs.append(run("playbooks/onboard.yml", "--inventory", path))
    return first, second


def row(name: str, runs: list[Measured], unit: float) -> str:
    """One line of the table: median time, its ratio to the unit, and the most memory that any process held."""
    seconds = statistics.median(each.seconds for each in runs)
    return f"{name:<36}{seconds:>8.2f} s{seconds / unit:>8.1f} x{max(each.peak_mib for each in runs):>9.0f} MiB"


def main() -> None:
    """Measure everything and print the table; outside the embedded Azure, start it first and run again inside it."""
    if ADMIN_URL not in os.environ:
        services = [
            f"--service={RESOURCE_GROUP}/{each.service(repeat)}" for each in SCENARIOS for repeat in range(REPEATS)
        ]
        emulator = str(Path(sys.executable).with_name("apim-emulator"))
        os.execv(emulator, [emulator, "exec", *services, "--", sys.executable, __file__])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        empty = folder / "empty.yml"
        empty.write_text("- hosts: localhost\n  gather_facts: false\n  tasks: []\n", encoding="utf-8")
        baseline = [run(empty, "--inventory", "localhost,") for _ in range(REPEATS)]
        unit = statistics.median(each.seconds for each in baseline)
        print(row("empty playbook", baseline, unit))
        for scenario in SCENARIOS:
            first, second = measure(scenario, folder)
            print(row(f"{scenario.name}, first run", first, unit), flush=True)
            print(row(f"{scenario.name}, second run", second, unit), flush=True)


if __name__ == "__main__":
    main()
