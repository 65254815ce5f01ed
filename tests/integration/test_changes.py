# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a change of the inventory changes in ARM: that, and nothing else."""

from __future__ import annotations

from typing import Any

from tests.integration.harness import Service
from tests.integration.inventory import backend, inventory
from tests.integration.playbook import Playbooks


def test_changing_one_weight_changes_one_pool(playbooks: Playbooks, service: Service) -> None:
    def wanted(weight: int) -> dict[str, Any]:
        return inventory(
            service,
            backend("aoai-a", "gpt-4o", "gpt-5", weight=100),
            backend("aoai-b", "gpt-4o"),
            backend("aoai-c", "gpt-5", weight=weight),
        )

    playbooks.onboard(wanted(100))
    before = service.etags()
    preview = playbooks.onboard(wanted(25), "--check", "--diff")
    run = playbooks.onboard(wanted(25), "--diff")
    assert preview.writes == []
    assert run.writes == [("PUT", "backends/gpt-5-backend-pool")]
    assert run.gateway()["diff"] == preview.gateway()["diff"]
    (difference,) = run.gateway()["diff"]
    changed = set(difference["after"].splitlines()) - set(difference["before"].splitlines())
    assert changed == {"  - backend: aoai-c, priority: 1, weight: 25"}
    assert service.pools()["gpt-5-backend-pool"] == [("aoai-a", 1, 100), ("aoai-c", 1, 25)]
    after = service.etags()
    assert {key.rpartition("/")[2] for key in after if before[key] != after[key]} == {"gpt-5-backend-pool"}


def test_a_second_backend_turns_a_direct_route_into_a_pool(playbooks: Playbooks, service: Service) -> None:
    first, second = backend("aoai-a", "gpt-4o"), backend("aoai-b", "GPT-4o", priority=2)
    run = playbooks.onboard(inventory(service, first))
    assert run.custom_stats["llm_onboarding"][service.name]["model_backends"] == {"gpt-4o": "aoai-a"}
    assert service.pools() == {}

    run = playbooks.onboard(inventory(service, first, second))
    outputs = run.custom_stats["llm_onboarding"][service.name]
    assert (outputs["model_pools"], outputs["model_backends"]) == ({"gpt-4o": "gpt-4o-backend-pool"}, {})
    assert service.pools() == {"gpt-4o-backend-pool": [("aoai-a", 1, 100), ("aoai-b", 2, 100)]}
    assert run.writes[:2] == [("PUT", "backends/aoai-b"), ("PUT", "backends/gpt-4o-backend-pool")]
    rest = {target for _, target in run.writes[2:]}
    assert "policyFragments/set-backend-pools" in rest
    assert all(target.startswith("policyFragments/") for target in rest)

    again = playbooks.onboard(inventory(service, first, second))
    assert again.writes == []


def test_weights_that_arm_does_not_take_keep_their_ratios(playbooks: Playbooks, service: Service) -> None:
    backends = [
        backend("aoai-a", weight=1000),
        backend("aoai-b", weight=500),
        backend("aoai-c", weight=250),
        backend("aoai-d", weight=7, priority=2),
    ]
    run = playbooks.onboard(inventory(service, *backends))
    assert service.pools()["gpt-4o-backend-pool"] == [
        ("aoai-a", 1, 4),
        ("aoai-b", 1, 2),
        ("aoai-c", 1, 1),
        ("aoai-d", 2, 7),
    ]
    assert "WARNING" not in run.output

    run = playbooks.onboard(inventory(service, backend("aoai-a", weight=1000), backend("aoai-b", weight=1)))
    assert service.pools()["gpt-4o-backend-pool"] == [("aoai-a", 1, 100), ("aoai-b", 1, 1)]
    assert "weights [1000, 1] become [100, 1]" in run.output


def test_circuit_breakers_come_from_host_and_backend(playbooks: Playbooks, service: Service) -> None:
    own = {"count": 7, "status_codes": [429, "502-504"], "accept_retry_after": False}
    wanted = inventory(
        service,
        backend("aoai-a", "gpt-4o"),
        backend("aoai-b", "gpt-5", circuit_breaker=own),
        backend("aoai-c", "o3", circuit_breaker={"enabled": False}),
        llm_circuit_breaker={"interval": "PT1M", "trip_duration": 30},
    )
    playbooks.onboard(wanted)
    found = {}
    for name, entity in service.backends().items():
        rules = entity.circuit_breaker.rules if entity.circuit_breaker else []
        found[name] = [
            (
                rule.failure_condition.count,
                rule.failure_condition.interval.total_seconds(),
                rule.trip_duration.total_seconds(),
                [(codes.min, codes.max) for codes in rule.failure_condition.status_code_ranges],
                rule.accept_retry_after,
            )
            for rule in rules
        ]
    assert found == {
        "aoai-a": [(3, 60, 30, [(429, 429), (500, 599)], True)],
        "aoai-b": [(7, 60, 30, [(429, 429), (502, 504)], False)],
        "aoai-c": [],
    }
    assert playbooks.onboard(wanted).writes == []
