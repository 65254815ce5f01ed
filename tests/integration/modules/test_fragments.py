# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fragments of the size that a large inventory makes, and long-running operations that they start."""

from __future__ import annotations

import pytest

from tests.integration.modules.steps import Gateway, task

pytestmark = pytest.mark.gate


def listing(models: int, last: str) -> str:
    """Return a fragment that lists models, about 63 bytes each."""
    cases = "\n".join(
        f'            case "model-{number:05}": name = "pool-of-{number:05}"; break;' for number in range(models)
    )
    return (
        '<fragment>\n    <set-variable name="route" value="@{\n        string name = null;\n'
        '        switch (context.Variables.GetValueOrDefault&lt;string>("requestedModel", "").ToLowerInvariant())\n'
        f'        {{\n{cases}\n            case "{last}": name = "last"; break;\n        }}\n'
        '        return name;\n    }" />\n</fragment>\n'
    ).replace("&lt;", "<")


def test_a_fragment_of_400_kb_is_stored_compared_and_changed(gateway: Gateway) -> None:
    first, second = listing(6500, "zulu"), listing(6500, "yankee")
    assert 400_000 < len(first) < 512 * 1024

    steps = gateway.run(
        task("apim_policy_fragment", "stored", fragments=[{"name": "large", "value": first}]),
        task("apim_policy_fragment", "same", fragments=[{"name": "large", "value": first}]),
        task("apim_policy_fragment", "changed", fragments=[{"name": "large", "value": second}]),
    )

    assert [len(step.writes) for step in steps] == [1, 0, 1]
    before, after = steps[2].diff["policy fragment large"]
    changed = set(before.splitlines()) ^ set(after.splitlines())
    assert {line.split('"')[1] for line in changed} == {"zulu", "yankee"}
    assert "yankee" in steps[2].state["policyFragments"]["large"]["value"]


def test_a_fragment_above_the_limit_is_refused_before_it_is_sent(gateway: Gateway) -> None:
    (step,) = gateway.attempt(
        task("apim_policy_fragment", fragments=[{"name": "large", "value": listing(9000, "zulu")}])
    )

    assert "fragments[0] (large): value: has " in step.message
    assert "but ARM takes 524288; list fewer models" in step.message
    assert step.writes == []


def test_a_write_is_over_when_its_operation_is(gateway: Gateway) -> None:
    gateway.azure.configure(lro_ms=700)
    fragment = {"name": "slow", "value": "<fragment><set-status code='200' /></fragment>"}

    (step,) = gateway.run(task("apim_policy_fragment", fragments=[fragment]))

    assert step.state["policyFragments"]["slow"]["provisioning_state"] == "Succeeded"
    assert [request.target.split("/")[0] for request in step.arm if "/operationResults/" in request.target]


def test_an_operation_that_fails_is_told_in_arms_words(gateway: Gateway) -> None:
    fault = {"method": "PUT", "path": "/policyFragments/", "asynchronous": True, "status": 400}
    gateway.azure.fail({**fault, "code": "ValidationError", "message": "The fragment was refused later."})
    fragment = {"name": "late", "value": "<fragment><set-status code='200' /></fragment>"}

    (step,) = gateway.attempt(task("apim_policy_fragment", fragments=[fragment]))

    assert "cannot write policyFragments/late" in step.message
    assert "ValidationError: The fragment was refused later" in step.message
    assert step.state["policyFragments"] == {}
