# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The summary of a run."""

from __future__ import annotations

from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.summary import summarize

from tests.unit.plugins.module_utils._routing.inventories import backend, plan_of

PTU = {"name": "ptu", "sku": "ProvisionedManaged", "fallbacks": ["gpt-4o"]}
PLAN = plan_of(backend("a", PTU, "gpt-4o", "Phi-4"), backend("b", "gpt-4o", priority=2, weight=50))


def test_every_route_of_a_model_has_a_row() -> None:
    lines = summarize(PLAN, []).splitlines()
    assert lines[1:6] == [
        "MODEL   ROUTED TO                 MEMBERS (PRIORITY, WEIGHT)",
        "gpt-4o  gpt-4o-backend-pool       a-gpt-4o (1, 100), b-gpt-4o (2, 50)",
        "Phi-4   a                         -",
        "ptu     a-ptu                     -",
        "        then gpt-4o-backend-pool  a-gpt-4o (1, 100), b-gpt-4o (2, 50)",
    ]
    assert lines[7].startswith("WARNING: several routes are tried in order for ptu")


def test_objects_are_counted_by_what_was_done() -> None:
    objects = [
        {"action": "created", "kind": "policy fragment"},
        {"action": "created", "kind": "backend"},
        {"action": "created", "kind": "backend"},
        {"action": "deleted", "kind": "API policy"},
        {"action": "deleted", "kind": "API policy"},
    ]
    done = summarize(PLAN, objects).splitlines()[:2]
    assert done == ["created   1 policy fragment, 2 backends", "deleted   2 API policies"]
    assert summarize(PLAN, objects, check_mode=True).startswith("to create 1 policy fragment, 2 backends\nto delete ")


def test_what_others_use_is_told_with_who_does() -> None:
    kept = [{"kind": "named value", "name": "key", "reason": "The named value 'key' stays"}]
    lines = summarize(PLAN, [{"action": "unchanged", "kind": "backend"}], kept=kept).splitlines()
    assert lines[:3] == ["unchanged 1 backend", "The named value 'key' stays", ""]


def test_what_is_not_listed_any_more_is_named_with_what_removes_it() -> None:
    unlisted = [{"kind": "backend", "name": "c"}, {"kind": "pool", "name": "o3-backend-pool"}]
    lines = summarize(PLAN, [{"action": "unchanged", "kind": "backend"}], unlisted=unlisted).splitlines()
    assert lines[:3] == [
        "unchanged 1 backend",
        "not listed any more, and kept: backend c, pool o3-backend-pool; llm_prune: true removes them",
        "",
    ]
