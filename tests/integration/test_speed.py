# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long runs take and how much memory they need.

Times are whole commands, in units of an empty playbook on the same machine at the same time; what is compared runs in
turns, so that other work on the machine slows both alike, and medians of three count.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from typing import Any

import pytest

from tests.integration.harness import Azure, Service
from tests.integration.inventory import FRAGMENTS, backend, inventory
from tests.integration.playbook import Playbooks, Run

pytestmark = pytest.mark.gate

EMPTY: list[dict[str, Any]] = [{"hosts": "localhost", "gather_facts": False, "tasks": []}]
REPEATS = 3
MAXIMUM_MIB = 300


def wanted(service: Service, backends: int, models: int) -> dict[str, Any]:
    """An inventory in which two backends serve every model; `models` has to be a multiple of `backends`."""
    own = models // backends
    names = [f"model-{number}" for number in range(models)] * 2
    return inventory(
        service,
        *(backend(f"aoai-{number}", *names[number * own : (number + 2) * own]) for number in range(backends)),
    )


def median(runs: list[Run]) -> float:
    """Median of the runs' seconds."""
    return statistics.median(each.seconds for each in runs)


def within(attempt: Callable[[], dict[str, tuple[float, float]]]) -> None:
    """Measure, and once more if that was too slow; every figure is name -> (ratio, limit)."""
    figures = attempt()
    if any(ratio > limit for ratio, limit in figures.values()):
        figures = attempt()
    for name, (ratio, limit) in figures.items():
        print(f"{name}: {ratio:.2f} (at most {limit})")
    assert {name: figure for name, figure in figures.items() if figure[0] > figure[1]} == {}


def test_small_runs_cost_little_more_than_an_empty_playbook(
    playbooks: Playbooks, new_service: Callable[[], Service]
) -> None:
    def attempt() -> dict[str, tuple[float, float]]:
        empty, first, second = [], [], []
        for _ in range(REPEATS):
            inventory = wanted(new_service(), 3, 9)
            empty.append(playbooks.run(EMPTY, "localhost,"))
            first.append(playbooks.onboard(inventory))
            second.append(playbooks.onboard(inventory))
        unit = median(empty)
        return {"first run": (median(first) / unit, 5), "second run": (median(second) / unit, 4)}

    within(attempt)


def test_time_hardly_grows_with_the_number_of_objects(
    azure: Azure,
    playbooks: Playbooks,
    new_service: Callable[[], Service],
) -> None:
    """100 backends with 300 models, which are 408 objects, where each call to ARM takes 150 ms."""
    azure.configure(latency_ms=150)

    def attempt() -> dict[str, tuple[float, float]]:
        small = [playbooks.onboard(wanted(new_service(), 3, 9)) for _ in range(REPEATS)]
        service = new_service()
        large = playbooks.onboard(wanted(service, 100, 300))
        assert len(large.writes) == 100 + 300 + len(FRAGMENTS) + 1
        return {"100 backends to 3": (large.seconds / median(small), 3)}

    within(attempt)


def test_second_run_of_a_large_inventory_reads_each_collection_once(playbooks: Playbooks, service: Service) -> None:
    """1,000 backends with 1,000 models: pages of listings are all that ARM is asked for, and memory stays small."""
    inventory = wanted(service, 1000, 1000)
    first = playbooks.onboard(inventory)
    second = playbooks.onboard(inventory)
    assert second.writes == []
    urls = [each.url for each in second.arm]
    assert len(urls) == len(set(urls)), "something was read twice"
    assert {each.target for each in second.arm} == {
        "backends",
        "namedValues",
        "policyFragments",
        next(each.target for each in second.arm if each.target.endswith(f"/{service.name}")),
    }
    peak = max(first.peak_mib, second.peak_mib)
    print(f"1,000 backends: {peak:.0f} MiB (at most {MAXIMUM_MIB})")
    assert peak < MAXIMUM_MIB


def test_all_objects_take_one_run_of_a_module(playbooks: Playbooks, service: Service) -> None:
    run = playbooks.onboard(wanted(service, 30, 90))
    assert len([each for each in run.tasks if "objects" in each.result]) == 1
    assert len([each for each in run.requests if each.plane == "login" and each.method == "POST"]) == 1
