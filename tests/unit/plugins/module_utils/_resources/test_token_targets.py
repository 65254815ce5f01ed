# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the rendered fragments tell of tokens, and in which order a run writes where one is lost."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._changes import Change
from ansible_collections.citadel.ai_gateway.plugins.module_utils._reconcile.order import with_late_changes
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.backend import Backend
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.policy_fragment import PolicyFragment
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.policy_xml import PolicyXml
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.pool import Pool
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.token_targets import token_targets
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.plan import build_plan
from ansible_collections.citadel.ai_gateway.plugins.plugin_utils._policies import render_fragments

_IDENTITY = {"client_id": "22222222-2222-2222-2222-222222222222"}


def _azure(name: str, *models: Any) -> dict[str, Any]:
    endpoint = f"https://{name}.openai.azure.com"
    given = {"backend_id": name, "backend_type": "azure-openai", "endpoint": endpoint, "supported_models": list(models)}
    return {**given, "auth_scheme": "managed_identity"}


def _external(name: str, *models: Any) -> dict[str, Any]:
    given = {"backend_id": name, "backend_type": "external", "endpoint": f"https://{name}.example/v1"}
    return {**given, "supported_models": list(models), "auth_scheme": "api_key", "credential": {"value": "the-key"}}


def _fragment(*backends: dict[str, Any], scope: str = "auto") -> str:
    plan = build_plan(list(backends), managed_identity=_IDENTITY, backend_scope=scope)
    return next(each["value"] for each in render_fragments(plan) if each["name"] == "set-backend-authorization")


@pytest.mark.parametrize("scope", ["auto", "deployment"])
def test_every_route_and_account_is_told(scope: str) -> None:
    model = {"name": "odd \u00e9 break; {}", "deployment": "d-1"}
    backends = _azure("z1", "m", "o"), _azure("z2", "m"), _external("x1", model, "n"), _external("x2", "n")
    found = token_targets(PolicyXml(_fragment(*backends, scope=scope), "rawxml"))
    assert {name: found[name] for name in ("z1", "z2", "x1", "x2", "m-backend-pool", "n-backend-pool")} == {
        "z1": True, "z2": True, "x1": False, "x2": False, "m-backend-pool": True, "n-backend-pool": False,
    }  # fmt: skip
    assert all(token == ("x1" not in name and "n-" not in name) for name, token in found.items() if name != "x2")


def test_other_policies_tell_nothing() -> None:
    assert token_targets(PolicyXml('<fragment><set-variable name="a" value="@(1)" /></fragment>', "rawxml")) == {}


def _update(resource: Any, name: str, before: dict[str, Any], after: dict[str, Any]) -> Change:
    return Change(resource, name, resource.wanted(after), resource.wanted(before))


def _led_elsewhere(name: str) -> Change:
    return _update(Backend(), name, {"url": "https://old.example"}, {"url": "https://new.example"})


def _policies(before: str, after: str) -> Change:
    values = [{"value": value, "format": "rawxml"} for value in (before, after)]
    return _update(PolicyFragment(), "set-backend-authorization", *values)


_WITH, _WITHOUT = _fragment(_azure("a", "m")), _fragment(_external("a", "m"))


def test_what_loses_its_token_is_led_elsewhere_behind_the_policies() -> None:
    changes = _led_elsewhere("a"), _policies(_WITH, _WITHOUT)
    assert with_late_changes([[each] for each in changes]) == [[], [changes[1]], [changes[0]]]
    assert [change.late for change in changes] == [True, False]


def test_backends_of_single_deployments_wait_with_their_account() -> None:
    changes = _led_elsewhere("a-m"), _policies(_WITH, _WITHOUT)
    assert with_late_changes([[each] for each in changes]) == [[], [changes[1]], [changes[0]]]


@pytest.mark.parametrize(
    ("policies", "change"),
    [
        (_policies(_WITHOUT, _WITH), _led_elsewhere("a")),
        (_policies(_WITH, _fragment(_azure("a", "m", "n"))), _led_elsewhere("a")),
        (_policies(_WITH, _fragment(_external("b", "m"))), _led_elsewhere("a")),
        (_policies(_WITH, _WITHOUT), _update(Backend(), "a", {"url": "https://a", "title": "x"}, {"title": "y"})),
        (_policies(_WITH, _WITHOUT), Change(Backend(), "new", {"url": "https://a"}, None)),
        (
            _policies(_WITH, _WITHOUT),
            _update(
                Pool(),
                "p",
                {"members": [{"backend": name, "priority": 1, "weight": 1} for name in ("a", "b")]},
                {"members": [{"backend": "A", "priority": 1, "weight": 100}]},
            ),
        ),
    ],
    ids=["gets-a-token", "keeps-it", "is-no-longer-named", "goes-nowhere-else", "is-new", "goes-to-fewer"],
)
def test_all_others_keep_the_order_of_their_kinds(policies: Change, change: Change) -> None:
    assert [each for each in with_late_changes([[change], [policies]]) if each] == [[change], [policies]]
    assert not change.late
