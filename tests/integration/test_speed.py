# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long runs take and how much memory they need.

Times are whole commands, in units of an empty playbook just before and just after on the same machine. Its speed may
change twofold within seconds, so the medians of several ratios count.
"""

from __future__ import annotations

from collections.abc import Callable
from statistics import mean, median
from typing import Any

import pytest

from tests.integration.harness import Azure, Service
from tests.integration.inventory import FRAGMENTS, backend, inventory
from tests.integration.playbook import Playbooks

pytestmark = pytest.mark.timed

EMPTY: list[dict[str, Any]] = [{"hosts": "localhost", "gather_facts": False, "tasks": []}]
REPEATS = 5
MAXIMUM_MIB = 300


def wanted(service: Service, backends: int, models: int) -> dict[str, Any]:
    """An inventory in which two backends serve every model; `models` has to be a multiple of `backends`."""
    own = models // backends
    names = [f"model-{number}" for number in range(models)] * 2
    return inventory(
        service,
        *(backend(f"aoai-{number}", *names[number * own : (number + 2) * own]) for number in range(backends)),
    )


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
        first, second = [], []
        for _ in range(REPEATS):
            inventory = wanted(new_service(), 3, 9)
            empty = [playbooks.run(EMPTY, "localhost,").seconds]
            runs = []
            for _run in range(2):
                runs.append(playbooks.onboard(inventory).seconds)
                empty.append(playbooks.run(EMPTY, "localhost,").seconds)
            first.append(runs[0] / mean(empty[:2]))
            second.append(runs[1] / mean(empty[1:]))
        return {"first run": (median(first), 5), "second run": (median(second), 4)}

    within(attempt)


def test_time_hardly_grows_with_the_number_of_objects(
    azure: Azure,
    playbooks: Playbooks,
    new_service: Callable[[], Service],
) -> None:
    """100 backends with 300 models, which are 408 objects, where each call to ARM takes 150 ms."""
    azure.configure(latency_ms=150)

    def attempt() -> dict[str, tuple[float, float]]:
        small = [playbooks.onboard(wanted(new_service(), 3, 9)).seconds for _ in range(REPEATS)]
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
