# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The wait before removals: once, after the last write, only when something goes that requests pass through."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from tests.integration.modules import sdk
from tests.integration.modules.steps import Gateway, Step, task

pytestmark = pytest.mark.gate

_DELAY = 3
_OWNED: dict[str, Any] = {"owner": "platform", "prune": True, "prune_delay": _DELAY}
_NEW = {"name": "new", "url": "https://new.example"}


def pauses(step: Step) -> list[float]:
    """Seconds between the end of each request and the start of the next, without what is shorter than two seconds."""
    ordered = step.arm
    gaps = [later.started - earlier.started - earlier.seconds for earlier, later in pairwise(ordered)]
    return [gap for gap in gaps if gap > 2]


def test_it_comes_once_between_the_last_write_and_the_first_removal(gateway: Gateway) -> None:
    service = gateway.service
    sdk.put_backend(service, "old", description="[owner: platform]")
    sdk.put_pool(service, "old-pool", "old", description="[owner: platform]")
    sdk.put_named_value(service, "old-key", value="1", tags=["owner:platform"])
    wanted: dict[str, Any] = {**_OWNED, "backends": [_NEW], "pools": [], "named_values": []}

    check, real, again = gateway.run(
        task("apim_llm_gateway", "check", check=True, **wanted),
        task("apim_llm_gateway", "real", **wanted),
        task("apim_llm_gateway", "again", **wanted),
    )

    assert real.writes == [
        "PUT backends/new",
        "DELETE backends/old-pool",
        "DELETE backends/old",
        "DELETE namedValues/old-key",
    ]
    (pause,) = pauses(real)
    assert _DELAY - 0.5 < pause < _DELAY + 10
    assert pauses(check) == pauses(again) == []


def test_what_requests_do_not_pass_through_goes_at_once(gateway: Gateway) -> None:
    api = {"name": "echo", "path": "echo", "service_url": "https://a.example"}
    _made, gone = gateway.run(
        task("apim_llm_gateway", "made", owner="platform", apis=[api]),
        task("apim_llm_gateway", "gone", **_OWNED, apis=[]),
    )
    assert gone.writes == ["DELETE apis/echo"]
    assert pauses(gone) == []


def test_a_wait_that_the_deadline_cuts_short_removes_nothing(gateway: Gateway) -> None:
    sdk.put_backend(gateway.service, "old", description="[owner: platform]")
    gateway.azure.fail({"method": "PUT", "path": "/backends/new", "latency_ms": 3000})

    (step,) = gateway.attempt(
        task("apim_llm_gateway", backends=[_NEW], owner="platform", prune=True, prune_delay=8, timeout=9)
    )

    assert "1 of 2 changes failed; 1 were made and stay, 0 were not tried; another run does the rest" in step.message
    assert "backend old: cannot wait for the gateways of" in step.message
    assert step.writes == ["PUT backends/new"]
    assert step.state["backends"].keys() == {"new", "old"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"prune": True, "owner": "a", "prune_delay": 600}, "prune_delay (llm_prune_delay) is 600: write 0 or more"),
        ({"state": "absent", "owner": "a", "prune_delay": -1}, "prune_delay (llm_prune_delay) is -1: write 0 or more"),
        ({"state": "absent"}, "owner (llm_owner) is missing"),
        ({"state": "absent", "owner": "a", "pools": []}, "state absent removes all that an owner has, and"),
        ({"adopt": True}, "adopt marks objects as the owner's: give owner"),
    ],
)
def test_options_that_do_not_go_together_are_refused(gateway: Gateway, options: dict[str, Any], message: str) -> None:
    (step,) = gateway.attempt(task("apim_llm_gateway", **options))
    assert step.message.startswith(message)
    assert step.arm == []
